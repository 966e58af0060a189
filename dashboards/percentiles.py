"""How long waits, talks and whole calls take at most for half, 90 % and 95 % of them."""

from grafanalib import core

from dashboards import promql, sql
from dashboards.grafana import rows, samples
from dashboards.layout import Row
from dashboards.panels import Column, Meaning, meaning, table_of_rows, table_of_samples
from dashboards.selection import CHOSEN_WINDOW, REPS_SQL, TEAMS, TEAMS_SQL
from schemas.kpis import BY_NAME


def _percentiles(*histograms: str) -> tuple[str, ...]:
    return tuple(f"{name}_p{percent}_seconds" for name in histograms for percent in (50, 90, 95))


INBOUND = _percentiles("answered_wait", "talk", "handle")
OUTBOUND = _percentiles("dialled_talk", "dialled_handle")
_KPIS = tuple(BY_NAME[name] for name in (*INBOUND, *OUTBOUND))


def percentiles_of_teams_and_reps() -> Row:
    """Return a table of teams, live, and one of reps in the chosen time."""
    return Row(8, ((10, _teams()), (14, _reps())), "Percentiles")


def _teams() -> core.Table:
    where = TEAMS.and_('team!=""', CHOSEN_WINDOW)
    shown = [
        Column(samples(promql.expression(kpi, ("team",), where), is_table=True), meaning(kpi))
        for kpi in _KPIS
    ]
    about = Meaning("Teams, $window", "Each team in the chosen window.")
    return table_of_samples(about, {"team": "Team"}, shown, sort_by="Team")


def _reps() -> core.Table:
    shown = ",\n".join(f'    {sql.value(kpi)} AS "{kpi.title}"' for kpi in _KPIS)
    query = f"""SELECT
    rep AS "Rep",
{shown}
FROM ringside.pane_located
WHERE $__timeFilter(start_at)
    AND rep <> ''
    AND {REPS_SQL}
    AND {TEAMS_SQL}
GROUP BY rep
HAVING sum(calls_answered) + sum(outbound_handled) > 0
ORDER BY rep"""  # noqa: S608 - made of the catalogue alone
    about = Meaning("Reps", "Each rep in the chosen time, up to now. Empty: no such call.")
    return table_of_rows(about, rows(query), [meaning(kpi) for kpi in _KPIS], sort_by="Rep")
