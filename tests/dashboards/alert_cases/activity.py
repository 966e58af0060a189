"""A team's activity drops, or its source goes silent."""

from dashboards.alerts import WITHIN
from tests.dashboards.alert_cases.settings import labels
from tests.dashboards.promtool import Case, Firing

PBX = {"source": "pbx", "site": "hq"}


def expected(minutes: int, team: str = "red", **bands: tuple[float, float]) -> dict[str, str]:
    """What is expected of a team: by window, the number and its lower bound."""
    bands = bands or {"w5m": (20, 8), "w15m": (60, 40), "w1h": (240, 190)}
    series = {}
    for window, (number, lower) in bands.items():
        for bound, value in (("expected", number), ("lower", lower), ("upper", 2 * number)):
            of = labels(
                team=team, site="hq", kind="activity_volume", window=window[1:], bound=bound
            )
            series[f"ringside_activity_expected{{{of}}}"] = f"{value}x{minutes}"
    return series


def activity(window: str, values: str, team: str = "red", instance: str = "one") -> dict[str, str]:
    of = labels(team=team, site="hq", team_site="hq", window=window, instance=instance)
    return {f"ringside_activity_volume{{{of}}}": values}


def dropped(team: str = "red") -> Firing:
    return "ActivityDropped", {"team": team, "site": "hq"}


WITHIN_A_DAY = f"avg(avg_over_time({WITHIN}[1d]))"
DROP_CASES = [
    Case(
        "half of two workers' activity missing raises an alert after two minutes, ended after ten",
        {
            **expected(40),
            **activity("5m", "10x4 3x9 10x30"),
            **activity("5m", "10x4 3x9 10x30", instance="two"),
            **activity("15m", "30x4 15x9 30x30"),
            **activity("15m", "30x4 15x9 30x30", instance="two"),
            **activity("1h", "240x40"),
        },
        # Low from minute 5 to 14; 2 minutes of lasting; in minute 15 over, for ten minutes in 25.
        {4: [], 6: [], 7: [dropped()], 14: [dropped()], 24: [dropped()], 25: []},
    ),
    Case(
        "a dip of two minutes raises no alert, however deep: the longer window hardly moves",
        {
            **expected(20),
            **activity("5m", "20x4 12 8 12 20x13"),
            **activity("15m", "60x4 52x8 60x8"),
        },
        {minute: [] for minute in range(21)},
    ),
    Case(
        "how much of a day lay within the bounds: the band of 15 minutes is 40 to 120",
        {**expected(20), **activity("15m", "39 40 60 120 121 130 60 60 60 60 60")},
        {},
        # Of the minutes 0 to 9 three were not: 39, 121 and 130.
        shows={9: (WITHIN_A_DAY, 0.7)},
    ),
    Case(
        "a team that does nothing at all has no series, and raises an alert all the same",
        expected(10),
        {1: [], 2: [dropped()]},
    ),
    Case(
        "at night, on a holiday and at an unknown site nothing is expected, so no alert comes",
        {**activity("5m", "0x20"), **activity("15m", "0x20"), **activity("1h", "0x20")},
        {19: []},
    ),
    Case(
        "when the site closes it is over at the end of the ten minutes",
        {key: values.replace("x30", "x9 stale") for key, values in {**expected(30)}.items()},
        {9: [dropped()], 12: [dropped()], 20: []},
    ),
    Case(
        "a quiet team is judged by the hour, since nothing in a quarter may be chance",
        {
            **expected(20, w5m=(1, 0), w15m=(3, 0), w1h=(12, 1.6)),
            **activity("1h", "9x9 1x11"),
        },
        {9: [], 12: [dropped()]},
    ),
    Case(
        "a team with its own limit is judged by that limit only",
        {
            **expected(10, team='shy \\"one\\"'),
            **activity("5m", "7x10", team='shy \\"one\\"'),
            **activity("15m", "31x10", team='shy \\"one\\"'),
            **activity("1h", "240x10", team='shy \\"one\\"'),
        },
        # 31 is more than half of 60, and less than 0.75 of it.
        {9: []},
    ),
    Case(
        "expectations that two workers expose during a handover are not doubled",
        {
            **expected(10),
            **{key.replace("{", '{instance="two", '): value for key, value in expected(10).items()},
            **activity("5m", "20x10"),
            **activity("15m", "60x10"),
            **activity("1h", "240x10"),
        },
        {9: []},
    ),
]


def source(values: str, lower: float = 5, number: float = 30) -> dict[str, str]:
    """What is expected of a source in five minutes, and its age in seconds."""
    of = labels(source="pbx", site="hq", window="5m")
    return {
        f'ringside_source_expected{{{of}, bound="expected"}}': f"{number}x60",
        f'ringside_source_expected{{{of}, bound="lower"}}': f"{lower}x60",
        'ringside_source_age_seconds{source="pbx", instance="one"}': values,
    }


SILENT: Firing = ("SourceSilent", PBX)
SILENCE_CASES = [
    Case(
        "a source that sends nothing for three minutes raises an alert until it is back",
        source("0x4 60+60x5 0x10"),
        # 180 s old in minute 7, and for a minute in minute 8.
        {7: [], 8: [SILENT], 10: [SILENT], 11: []},
    ),
    Case("a source that is heard is not told of", source("30x20"), {19: []}),
    Case(
        "a source of which too little is expected to judge raises no alert",
        source("9999x20", lower=0, number=8),
        {19: []},
    ),
    Case(
        "a source that no worker has heard of within the hour raises an alert",
        {key: value for key, value in source("").items() if "age" not in key},
        {0: [], 1: [SILENT]},
    ),
    Case(
        "one cause, one page: while the source is silent no team raises an alert, nor just after",
        {
            **source("0x4 60+60x20 0x30"),
            **expected(60),
            **activity("5m", "20x5 0x20 20x30"),
            **activity("15m", "60x5 30x20 30x9 60x30"),
            **activity("1h", "240x60"),
        },
        {9: [SILENT], 15: [SILENT], 24: [SILENT], 27: [], 33: [], 50: []},
    ),
]
