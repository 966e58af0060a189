"""What teams should reach in a month."""

from tests.dashboards.alert_cases.settings import RULES, labels
from tests.dashboards.promtool import Case, Firing


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
        "a team that will miss its target raises an alert after an hour, until it no longer will",
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
                    "dashboard_url": f"{RULES.grafana_url}/d/ringside-activity"
                    "?var-team=red&var-site=hq",
                },
            )
        },
    ),
    Case(
        "in the first days of the month there is no alert, however little has been reached",
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
