"""Panels: where teams stand with what they should reach in this month."""

from dashboards.grafana import samples
from dashboards.layout import GRID_WIDTH, Row
from dashboards.panels import BAD, GOOD, Column, Meaning, table_of_samples
from dashboards.promql import PREFIX
from dashboards.selection import TEAMS_NOW
from schemas.alerting import Target

TITLE = "Monthly targets"
_BY = "max by (team, site, measure)"
# max: during a handover two workers may tell it.
_TARGET, _REACHED, _GONE = (
    f"{_BY} ({PREFIX}monthly_target{name}{TEAMS_NOW})" for name in ("", "_reached", "_time_ratio")
)
_BEHIND = Target().attainment
"""Where the alert's usual limit is."""


def monthly_targets() -> Row:
    """Return a table with a row for each target that the roster has."""
    shown = [
        Column(samples(query, is_table=True), Meaning(title, "", *rest))
        for title, query, *rest in (
            ("Target", _TARGET),
            ("Reached", _REACHED),
            ("Expected by now", f"{_TARGET} * {_GONE}"),
            ("Reached of target", f"{_REACHED} / {_TARGET}", "percentunit"),
            (
                "Projected of target",
                f"{_REACHED} / ({_TARGET} * ({_GONE} > 0))",
                "percentunit",
                ((BAD, None), (GOOD, _BEHIND)),
            ),
            ("Working time gone", _GONE, "percentunit"),
        )
    ]
    about = Meaning(
        TITLE,
        "Each team's target for this calendar month of its site, from the roster "
        "(`monthly_targets`), and what it has reached. Projected: the result if the team goes"
        " on at its pace so far. A month in which counting began late has no projection.",
    )
    labels = {"team": "Team", "site": "Site", "measure": "What"}
    table = table_of_samples(about, labels, shown, sort_by="Team")
    return Row(7, ((GRID_WIDTH, table),), "This month")
