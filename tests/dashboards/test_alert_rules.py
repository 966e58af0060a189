"""Each alert rule, evaluated by promtool: it fires, it does not fire, it resolves."""

from collections.abc import Mapping
from pathlib import Path

from dashboards.alerts import alert_rules, names
from dashboards.generate import ROOT
from schemas.alerting import DropOf, LimitsOf, Rules
from tests.dashboards.promtool import Case, Firing, check, needs_promtool, promtool

pytestmark = needs_promtool
RULES = Rules(
    baseline_seconds=1800,
    keep_seconds=0,  # so that each case shows when its cause is over
    drop_of={'shy "one"': DropOf(share=0.5)},
    queue_of={"vip.gold": LimitsOf(service_level=0.9)},
)
RED = {"team": "red", "site": "hq"}
SALES = {"queue": "sales", "site": "hq"}
PBX = {"source": "pbx", "site": "hq"}


def labels(**given: str) -> str:
    return ", ".join(f'{name}="{value}"' for name, value in given.items())


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


DROP_CASES = [
    Case(
        "half of the activity of two workers is missing: told after two minutes, over after ten",
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
        "a dip of two minutes is not told, however deep: the longer window hardly moves",
        {
            **expected(20),
            **activity("5m", "20x4 12 8 12 20x13"),
            **activity("15m", "60x4 52x8 60x8"),
        },
        {minute: [] for minute in range(21)},
    ),
    Case(
        "a team that does nothing at all has no series, and is told of all the same",
        expected(10),
        {1: [], 2: [dropped()]},
    ),
    Case(
        "at night, on a holiday and at an unknown site nothing is expected, so nothing is told",
        {**activity("5m", "0x20"), **activity("15m", "0x20"), **activity("1h", "0x20")},
        {19: []},
    ),
    Case(
        "when the site closes it is over at the end of the ten minutes",
        {key: values.replace("x30", "x9 stale") for key, values in {**expected(30)}.items()},
        {9: [dropped()], 12: [dropped()], 20: []},
    ),
    Case(
        "a quiet team is told of by the hour, since nothing in a quarter may be chance",
        {
            **expected(20, w5m=(1, 0), w15m=(3, 0), w1h=(12, 1.6)),
            **activity("1h", "9x9 1x11"),
        },
        {9: [], 12: [dropped()]},
    ),
    Case(
        "a team with a limit of its own is told of by that one only",
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
        "what is under way between two workers that both tell what is expected is not doubled",
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
        "a source that tells nothing for three minutes is told of, until it is back",
        source("0x4 60+60x5 0x10"),
        # 180 s old in minute 7, and for a minute in minute 8.
        {7: [], 8: [SILENT], 10: [SILENT], 11: []},
    ),
    Case("a source that is heard is not told of", source("30x20"), {19: []}),
    Case(
        "a source of which too little is expected to judge is not told of",
        source("9999x20", lower=0, number=8),
        {19: []},
    ),
    Case(
        "a source that no worker has heard of within the hour is told of",
        {key: value for key, value in source("").items() if "age" not in key},
        {0: [], 1: [SILENT]},
    ),
    Case(
        "one cause, one page: where the source is silent no team is told of, nor just after",
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

LAGGING: Firing = ("PipelineLagging", {"topic": "ringside.calls"})
LAG = 'ringside_lag_seconds{topic="ringside.calls", partition="0"}'
PIPELINE_CASES = [
    Case(
        "counting that is behind is told of, until it has caught up",
        {LAG: "0x4 60+60x9 0x10", 'ringside_replay_announced{instance="one"}': "0x30"},
        # Over 120 s from minute 7 on; for a minute in minute 8.
        {7: [], 8: [LAGGING], 13: [LAGGING], 15: []},
    ),
    Case(
        "an announced replay is no lag, and after it lag is lag again",
        {LAG: "9999x20", 'ringside_replay_announced{instance="one"}': "1x9 0x10"},
        {9: [], 12: [LAGGING]},
    ),
    Case(
        "a worker that does not answer is told of, until it does",
        {'up{job="ringside", instance="one"}': "1x4 0x4 1x9"},
        {4: [], 5: [], 6: [("WorkerDown", {"instance": "one"})], 11: []},
    ),
    Case(
        "another target that does not answer is none of ours",
        {'up{job="prometheus", instance="p"}': "0x9"},
        {9: []},
    ),
    Case(
        "a baseline that nobody learns anew is told of, until somebody does",
        {
            # Learnt in minute 0, and in minute 41 again; here half an hour is too old.
            "ringside_baseline_timestamp_seconds": "0x40 2460x10",
        },
        {30: [], 32: [("BaselineStale", {})], 45: []},
    ),
]


def queue(name: str, window: str, *, answered: str, within: str, abandoned: str) -> dict[str, str]:
    of = labels(queue=name, site="hq", window=window, direction="inbound")
    return {
        f"ringside_calls_answered{{{of}}}": answered,
        f"ringside_answered_wait_within_target{{{of}}}": within,
        f"ringside_calls_abandoned{{{of}}}": abandoned,
    }


def calls(name: str, quarter: tuple[str, str, str], hour: tuple[str, str, str]) -> dict[str, str]:
    """Answered, of them within the target, abandoned; in a quarter of an hour and in an hour."""
    keys = ("answered", "within", "abandoned")
    return {
        **queue(name, "15m", **dict(zip(keys, quarter, strict=True))),
        **queue(name, "1h", **dict(zip(keys, hour, strict=True))),
    }


LOW: Firing = ("ServiceLevelLow", SALES)
HIGH: Firing = ("AbandonmentHigh", SALES)
MISSED: Firing = ("MissedCallsWaiting", SALES)
WAIT: Firing = ("LongestWaitHigh", SALES)
QUEUE_CASES = [
    Case(
        "a service level under the promise in both windows is told of after five minutes",
        # 70 of 100 within the target, then 90.
        calls("sales", ("100x30", "70x9 90x20", "0x30"), ("400x30", "300x30", "0x30")),
        {4: [], 5: [LOW], 9: [LOW], 10: []},
    ),
    Case(
        "a bad quarter in a good hour is not told of, nor a good quarter in a bad hour",
        {
            **calls("sales", ("100x9", "70x9", "0x9"), ("400x9", "390x9", "0x9")),
            **calls("other", ("100x9", "95x9", "0x9"), ("400x9", "200x9", "0x9")),
        },
        {9: []},
    ),
    Case(
        "of nineteen calls nothing is said, however badly they went",
        calls("sales", ("15x9", "0x9", "4x9"), ("60x9", "0x9", "40x9")),
        {9: []},
    ),
    Case(
        "a queue that promises more is told of by its own limit",
        # 85 %: enough for all others.
        {
            **calls("vip.gold", ("100x9", "85x9", "0x9"), ("400x9", "340x9", "0x9")),
            **calls("vipXgold", ("100x9", "85x9", "0x9"), ("400x9", "340x9", "0x9")),
        },
        {9: [("ServiceLevelLow", {"queue": "vip.gold", "site": "hq"})]},
    ),
    Case(
        "calls given up are told of above a tenth",
        # 12 of 100, then 8 of 100; all that were answered were in time: 88 %, then 92 %.
        calls("sales", ("88x9 92x9", "88x9 92x9", "12x9 8x9"), ("350x20", "350x20", "50x20")),
        {4: [], 5: [HIGH], 9: [HIGH], 11: []},
    ),
    Case(
        "a customer who waits for more than five minutes is told of at once, until answered",
        {'ringside_longest_wait_seconds{queue="sales", site="hq"}': "240+30x4 60x5"},
        # 300 s in minute 2 are no more than the limit.
        {2: [], 3: [WAIT], 4: [WAIT], 5: []},
    ),
    Case(
        "a missed call that nobody calls back is told of after half an hour of work, until it is",
        {
            # Four hours are 14,400 s. The site opens in minute 10.
            'ringside_oldest_missed_call_seconds{queue="sales", site="hq"}': "20000x49 60x9",
            'ringside_site_working{site="hq", instance="one"}': "0x9 1x49",
        },
        {9: [], 39: [], 40: [MISSED], 49: [MISSED], 50: []},
    ),
    Case(
        "a young backlog is not told of, and one of another site only while that one works",
        {
            'ringside_oldest_missed_call_seconds{queue="sales", site="hq"}': "14400x50",
            'ringside_oldest_missed_call_seconds{queue="sales", site="far"}': "20000x50",
            'ringside_site_working{site="hq", instance="one"}': "1x50",
            'ringside_site_working{site="far", instance="one"}': "0x50",
        },
        {49: []},
    ),
]

INPUT_CASES = [
    Case(
        "one message in ten refused is told of, until it is better",
        {
            'ringside_events_consumed_total{topic="ringside.calls", partition="0"}': "0+100x60",
            'ringside_dead_letters_total{topic="ringside.calls", partition="0", reason="x"}': (
                "0+10x19 190x41"
            ),
        },
        {4: [], 8: [("BadInput", {"topic": "ringside.calls"})], 40: []},
    ),
    Case(
        "a few refused among few messages are not told of",
        {
            'ringside_events_consumed_total{topic="ringside.calls", partition="0"}': "0+1x60",
            'ringside_dead_letters_total{topic="ringside.calls", partition="0", reason="x"}': (
                "0+1x60"
            ),
        },
        {30: []},
    ),
    Case(
        "a source over its limit is told of by name, until it is under it",
        {'ringside_source_over_limit{source="pbx", instance="one"}': "0x3 1x10 0x5"},
        {8: [], 9: [("BadSource", {"source": "pbx"})], 15: []},
    ),
]


def target(of: str, reached: str, ratio: str, working: str = "1x120") -> dict[str, str]:
    """A team of which a hundred deals won are demanded."""
    found = {"ringside_monthly_target": "100x120", "ringside_monthly_target_reached": reached}
    found["ringside_monthly_target_time_ratio"] = ratio
    who = labels(team="red", site="hq", measure=of, instance="one")
    series = {f"{name}{{{who}}}": values for name, values in found.items()}
    return {**series, 'ringside_site_working{site="hq", instance="one"}': working}


BEHIND: Firing = ("BehindTarget", {"team": "red", "site": "hq"})
TARGET_CASES = [
    Case(
        "a team that will not reach its month is told of after an hour, until it will",
        # Half of the month has gone: 50 expected. 39 are 78 %, 40 are the limit, 80 %.
        target("deals_won", "39x89 40x30", "0.5x120"),
        {59: [], 60: [BEHIND], 89: [BEHIND], 90: []},
        {
            60: (
                "BehindTarget",
                {
                    "team": "red",
                    "site": "hq",
                    "measure": "deals_won",
                    "severity": "warning",
                },
                {
                    "summary": "red at hq: 39 deals_won this month, 50 expected by now and 100 in "
                    "all: 78% of the target projected, limit 80%, "
                    "since 1970-01-01 00:00:00 +0000 UTC",
                    "value": "0.78",
                    "expected": "0.8",
                    "pending_seconds": "3600",
                    "runbook_url": f"{RULES.runbooks_url}/BehindTarget.md",
                    "dashboard_url": f"{RULES.grafana_url}/d/ringside-alerts"
                    "?var-team=red&var-site=hq",
                },
            )
        },
    ),
    Case(
        "in the first days of the month nothing is told, however little there is",
        target("deals_won", "0x120", "0.24x120"),
        {120: []},
    ),
    Case(
        "nor while the site is closed",
        target("deals_won", "0x120", "0.9x120", working="1x40 0x79"),
        {40: [], 120: []},
    ),
    Case(
        "nor without a target, whatever is reached",
        {'ringside_site_working{site="hq", instance="one"}': "1x120"},
        {120: []},
    ),
]
CASES = [
    *(*DROP_CASES, *SILENCE_CASES, *PIPELINE_CASES),
    *(*QUEUE_CASES, *INPUT_CASES, *TARGET_CASES),
]


def test_every_rule_fires_does_not_fire_and_resolves(tmp_path: Path) -> None:
    check(tmp_path, CASES, RULES)


def test_a_scrape_that_fails_does_not_end_an_alert_and_begin_it_anew(tmp_path: Path) -> None:
    fires = {minute: [LAGGING] for minute in range(2, 20)}
    # Prometheus marks what it cannot scrape as stale: from minute 6 to 7. Over in 13; told in 15.
    series = {LAG: "200x5 stale stale 200x4 0x10"}
    fires |= {minute: [] for minute in range(15, 20)}
    check(tmp_path, [Case("two scrapes fail", series, fires)], Rules())


def test_each_alert_is_seen_firing_and_seen_over_in_one_case() -> None:
    def firing(case: Case, name: str) -> list[bool]:
        ordered: Mapping[int, object] = dict(sorted(case.fires.items()))
        return [any(one == name for one, _ in case.fires[minute]) for minute in ordered]

    for name in names():
        lives = [firing(case, name) for case in CASES]
        assert any(any(life) and not life[-1] for life in lives), f"{name} never resolves"


def test_the_committed_rules_are_valid() -> None:
    promtool("check", "rules", ROOT / "dashboards/generated/rules/alerts.yml")


def test_rules_for_a_test_are_evaluated_as_often_as_it_says(tmp_path: Path) -> None:
    text = alert_rules(Rules(evaluation_seconds=0.5))
    assert text.count("interval: 500ms") == 2
    file = tmp_path / "alerts.yml"
    file.write_text(text, "utf-8")
    promtool("check", "rules", file)
