"""The board of alerts: what fires, expected against actual, how good the baseline is, history."""

from grafanalib import core

from dashboards.alerts import ACTIVITY, EXPECTED, LOWER, UPPER, WITHIN
from dashboards.grafana import override, rows, samples
from dashboards.layout import GRID_WIDTH, Look, Row, board, evenly
from dashboards.panels import (
    BAD,
    GOOD,
    Column,
    Meaning,
    lines,
    number,
    table_of_rows,
    table_of_samples,
)
from dashboards.promql import or_zero
from dashboards.selection import variables

_FIRING = 'ALERTS{alertstate="firing", severity!="none"'
_TEAMS = 'team=~"$team", site=~"$site", window="15m"'
_GOOD_IF_ZERO = ((GOOD, None), (BAD, 1.0))

_HISTORY = """
SELECT id AS "Id", starts_at AS "Began", ends_at AS "Ended", severity AS "Severity",
    name AS "Alert", summary AS "What", value AS "Value", expected AS "Expected",
    CASE WHEN is_true THEN 'true' WHEN NOT is_true THEN 'false' ELSE '' END AS "Right?",
    note AS "Note"
FROM ringside.alert
WHERE $__timeFilter(starts_at) AND name <> 'RingsideTest'
ORDER BY starts_at DESC
LIMIT 500
"""
_MONTHS = """
SELECT to_char(date_trunc('month', starts_at AT TIME ZONE 'UTC'), 'YYYY-MM') AS "Month",
    name AS "Alert", count(*) AS "Fired", count(*) FILTER (WHERE is_true) AS "True",
    count(*) FILTER (WHERE NOT is_true) AS "False",
    count(*) FILTER (WHERE is_true IS NULL) AS "Not marked",
    percentile_cont(0.5) WITHIN GROUP (
        ORDER BY extract(epoch FROM noticed_at - starts_at) + pending_seconds
    ) AS "Time to notice"
FROM ringside.alert
WHERE name <> 'RingsideTest'
GROUP BY 1, 2
ORDER BY 1 DESC, 2
LIMIT 500
"""
_QUALITY = """
SELECT profile.name AS "Team or source", profile.site AS "Site", profile.kind AS "Kind",
    (SELECT sum(each) FROM unnest(profile.expected) AS each) AS "Expected a week",
    profile.weeks AS "Weeks", profile.days_ignored AS "Days ignored",
    (
        SELECT sqrt(sum(spread * spread)) / nullif(sum(slot), 0)
        FROM unnest(profile.expected, profile.spreads) AS of_slot (slot, spread)
    ) AS "Deviation of the week"
FROM ringside.baseline_profile AS profile
WHERE profile.version = (SELECT max(version) FROM ringside.baseline)
    AND profile.kind IN ('', 'activity_volume')
ORDER BY profile.subject DESC, profile.site, profile.name
LIMIT 500
"""


def alerts() -> core.Dashboard:
    """Return the board."""
    return board(
        "alerts",
        "Alerts that fire now, activity compared with what is expected, how far the baseline "
        "can be trusted, and the history of alerts.",
        [_numbers(), _firing(), _bands(), _sources(), _quality(), *_history()],
        variables(("site", "team"), window_name="15m"),
        Look("now-12h", "30s"),
    )


def _numbers() -> Row:
    return evenly(
        4,
        [
            number(
                Meaning("Critical", "Alerts that fire now and call someone.", steps=_GOOD_IF_ZERO),
                samples(or_zero(f'sum({_FIRING}, severity="critical"}})')),
            ),
            number(
                Meaning("Warnings", "Alerts that fire now and can wait.", steps=_GOOD_IF_ZERO),
                samples(or_zero(f'sum({_FIRING}, severity="warning"}})')),
            ),
            number(
                Meaning(
                    "Longest silence",
                    "Time since the quietest source of the last hour sent an event.",
                    "s",
                ),
                samples("max(min by (source) (ringside_source_age_seconds))"),
            ),
            number(
                Meaning(
                    "Baseline age",
                    "Time since the baseline was learnt. No data: it never was.",
                    "s",
                ),
                samples("time() - max(ringside_baseline_timestamp_seconds)"),
            ),
            number(
                Meaning(
                    "Within the bounds, 24 h",
                    "Share of the last day's quarters of an hour in which a team was between "
                    "its lower and upper bound, averaged over teams. About 99% is normal.",
                    "percentunit",
                ),
                samples(_within()),
            ),
            number(
                Meaning(
                    "Replay announced",
                    "1: a replay of old events was announced, so lag is expected.",
                ),
                samples("max(ringside_replay_announced)"),
            ),
        ],
        "Now",
    )


def _within() -> str:
    return f'avg(avg_over_time({WITHIN}{{team=~"$team", site=~"$site"}}[1d]))'


def _firing() -> Row:
    labels = {
        "alertname": "Alert",
        "severity": "Severity",
        "team": "Team",
        "site": "Site",
        "queue": "Queue",
        "source": "Source",
        "topic": "Topic",
        "measure": "Target",
        "instance": "Worker",
        "integration": "Way",
    }
    fires = f"max by ({', '.join(labels)}) ({_FIRING}}})"
    since = Column(
        samples(fires, is_table=True), Meaning("Fires", "1: it fires, and somebody was told.")
    )
    table = table_of_samples(
        Meaning("Firing", "Alerts that fire now. Each has a runbook in docs/runbooks."),
        labels,
        [since],
        sort_by="Severity",
    )
    return Row(7, ((GRID_WIDTH, table),))


def _bands() -> Row:
    of = f"by (team, window) ({{name}}{{{{{_TEAMS}}}}})"
    panel = lines(
        Meaning(
            "Activity in 15 minutes, and its band",
            "Each team's activity in the last quarter of an hour, the expected activity, and "
            "the bounds within which it nearly always stays. No band: the site is closed.",
        ),
        [
            samples(f"sum {of.format(name=ACTIVITY)}", "{{team}}", is_range=True),
            samples(f"sum {of.format(name=EXPECTED)}", "{{team}} expected", is_range=True),
            samples(f"sum {of.format(name=LOWER)}", "{{team}} lower", is_range=True),
            samples(f"sum {of.format(name=UPPER)}", "{{team}} upper", is_range=True),
        ],
    )
    panel.overrides = [
        _styled("B", custom__lineStyle={"fill": "dash", "dash": [8, 6]}, custom__lineWidth=1),
        *(_styled(letter, custom__lineWidth=0, custom__fillOpacity=6) for letter in "CD"),
    ]
    return Row(9, ((GRID_WIDTH, panel),), "Expected and actual")


def _styled(letter: str, **properties: object) -> dict[str, object]:
    """Return how the lines of one query differ."""
    return {
        **override("", **properties),
        "matcher": {"id": "byFrameRefID", "options": letter},
    }


def _sources() -> Row:
    of = 'site=~"$site", window="15m"'
    return evenly(
        8,
        [
            lines(
                Meaning(
                    "Sources, 15 minutes",
                    "Events that each source sent in the last quarter of an hour.",
                ),
                [
                    samples(
                        f"sum by (source) (ringside_source_facts{{{of}}})",
                        "{{source}}",
                        is_range=True,
                    )
                ],
            ),
            lines(
                Meaning(
                    "Sources, expected",
                    "Events expected of each source in the same time.",
                ),
                [
                    samples(
                        "sum by (source) (max by (source, site) "
                        f'(ringside_source_expected{{{of}, bound="expected"}}))',
                        "{{source}}",
                        is_range=True,
                    )
                ],
            ),
            lines(
                Meaning("Silence", "Time since each source last sent an event.", "s"),
                [
                    samples(
                        "min by (source) (ringside_source_age_seconds)", "{{source}}", is_range=True
                    )
                ],
            ),
        ],
        "Sources",
    )


def _quality() -> Row:
    table = table_of_rows(
        Meaning(
            "Baseline",
            "What is expected of each team and source in a week. Weeks it was learnt from (0: "
            "it is new, and has its part of its site's), days that were too odd to learn from, and "
            "how much a week of it deviates by itself.",
        ),
        rows(_QUALITY),
        [
            Meaning("Expected a week", ""),
            Meaning("Weeks", ""),
            Meaning("Days ignored", ""),
            Meaning("Deviation of the week", "", "percentunit"),
        ],
        sort_by="Expected a week",
    )
    return Row(8, ((GRID_WIDTH, table),), "How far the baseline can be trusted")


def _history() -> list[Row]:
    history = table_of_rows(
        Meaning(
            "History",
            "Alerts of the chosen time, with the number that was seen and what was expected. "
            '`ringside alerts mark ID true|false --note "..."` says whether one was right.',
        ),
        rows(_HISTORY),
        [Meaning("Value", ""), Meaning("Expected", "")],
        sort_by="Began",
    )
    months = table_of_rows(
        Meaning(
            "By month",
            "How often each alert fired, how often people marked it right or false, and the "
            "median time from its cause to the alert.",
        ),
        rows(_MONTHS),
        [
            *(Meaning(name, "") for name in ("Fired", "True", "False", "Not marked")),
            Meaning("Time to notice", "", "s"),
        ],
        sort_by="Month",
    )
    return [Row(9, ((GRID_WIDTH, history),), "History"), Row(8, ((GRID_WIDTH, months),))]
