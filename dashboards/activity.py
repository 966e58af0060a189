"""The board of the team manager: who did how much, how well it went, day by day."""

from collections.abc import Iterable, Iterator

from grafanalib import core

from dashboards import promql, sql
from dashboards.grafana import rows, samples
from dashboards.layout import Look, Row, board, evenly
from dashboards.monthly_targets import monthly_targets
from dashboards.panels import (
    Column,
    Meaning,
    bars,
    columns,
    meaning,
    number,
    points,
    table_of_rows,
    table_of_samples,
)
from dashboards.selection import CHOSEN_WINDOW, TEAMS, TEAMS_SQL, variables
from schemas.kpis import BY_NAME, Kpi
from schemas.measure import Measure
from schemas.measures import ACTIVITIES_LOGGED, ACTIVITY_VOLUME

VOLUME = BY_NAME[promql.ACTIVITY_VOLUME]

_NUMBERS = (
    *("activity_volume", "calls_dialled", "connect_rate", "meetings_booked", "meetings_held"),
    *("leads_created", "deals_won", "win_rate"),
)
_OF_TEAMS = (
    *("activity_volume", "calls_answered", "calls_dialled", "connect_rate", "meetings_booked"),
    *("meetings_held", "meeting_no_show_rate", "leads_created", "leads_qualified"),
    *("opportunities_created", "deals_won", "win_rate"),
    *("lead_conversion", "qualified_lead_conversion", "average_handle_time_seconds"),
    "occupancy",
)
_OF_REPS = (*_OF_TEAMS, "utilisation")
_PER_DAY = ("activity_volume", "meetings_held", "deals_won")
_RATIOS_PER_DAY = ("connect_rate", "occupancy", "win_rate")


def activity() -> core.Dashboard:
    """Return the board."""
    return board(
        "activity",
        "What the teams do: calls, meetings, leads and deals, per team and rep, and day by day.",
        [_numbers(), _shares(), _teams(), monthly_targets(), _reps(), *_history()],
        variables(("site", "team", "window"), window_name="today"),
        Look("now-7d", "1m"),
    )


def _numbers() -> Row:
    where = TEAMS.and_(CHOSEN_WINDOW)
    return evenly(4, (_number(kpi, where) for kpi in _kpis(_NUMBERS)), "Window: $window")


def _number(kpi: Kpi, where: promql.Where) -> core.Stat:
    expression = promql.expression(kpi, (), where)
    if not promql.has_rule(kpi):
        expression = promql.or_zero(expression)
    return number(meaning(kpi), samples(expression))


def _shares() -> Row:
    where = TEAMS.and_(CHOSEN_WINDOW)
    by_team = samples(_by_team(VOLUME), "{{team}}")
    by_kind = Meaning(
        "Activity by kind",
        "Every activity, by kind; the roster chooses which kinds count.",
    )
    occupancy = BY_NAME["occupancy"]
    return evenly(
        8,
        [
            bars(meaning(VOLUME).called("Activity volume by team"), [by_team]),
            bars(by_kind, [_kind(measure, where) for measure in ACTIVITY_VOLUME]),
            bars(
                meaning(occupancy).called("Occupancy by team"),
                [samples(_by_team(occupancy), "{{team}}")],
            ),
        ],
    )


def _kind(measure: Measure, where: promql.Where) -> core.Target:
    if measure is ACTIVITIES_LOGGED:
        return samples(f"sum by (kind) ({promql.metric(measure)}{where})", "{{kind}}")
    return samples(f"sum({promql.metric(measure)}{where})", BY_NAME[measure.name].title)


def _by_team(kpi: Kpi) -> str:
    where = TEAMS.and_('team!=""', CHOSEN_WINDOW)
    return promql.expression(kpi, ("team",), where)


def _teams() -> Row:
    shown = [
        Column(samples(_by_team(kpi), is_table=True), meaning(kpi)) for kpi in _kpis(_OF_TEAMS)
    ]
    about = Meaning("Teams", "Each team in the chosen window.")
    table = table_of_samples(about, {"team": "Team"}, shown, sort_by=VOLUME.title)
    return Row(7, ((24, table),))


def _reps() -> Row:
    about = Meaning(
        "Reps",
        "Each rep on the day on which the chosen time ends, in the time zone of the team's "
        "site. Empty: there was nothing to compute it from.",
    )
    kpis = list(_kpis(_OF_REPS))
    table = table_of_rows(
        about, rows(_reps_sql(kpis)), [meaning(kpi) for kpi in kpis], sort_by=VOLUME.title
    )
    return Row(11, ((24, table),), "Reps, on the last day of the chosen time")


def _reps_sql(kpis: Iterable[Kpi]) -> str:
    shown = ",\n".join(f'    {sql.value(kpi)} AS "{kpi.title}"' for kpi in kpis)
    # The bounds on start_at say nothing new: they let PostgreSQL use its index.
    return f"""SELECT
    rep AS "Rep",
    team AS "Team",
{shown}
FROM ringside.pane_located
WHERE start_at > $__timeTo()::timestamptz - interval '2 days'
    AND start_at <= $__timeTo()::timestamptz
    AND team_day = ($__timeTo()::timestamptz AT TIME ZONE team_zone)::date
    AND rep <> ''
    AND {TEAMS_SQL}
GROUP BY rep, team
ORDER BY "{VOLUME.title}" DESC, rep"""  # noqa: S608 - made of the catalogue alone


def _history() -> Iterator[Row]:
    yield evenly(
        8,
        (columns(_per_day(kpi), [_days(kpi)]) for kpi in _kpis(_PER_DAY)),
        "Per day, in the time zone of the team's site",
    )
    yield evenly(8, (points(_per_day(kpi), [_days(kpi)]) for kpi in _kpis(_RATIOS_PER_DAY)))


def _per_day(kpi: Kpi) -> Meaning:
    about = meaning(kpi)
    return about.called(f"{about.title} per day")


def _days(kpi: Kpi) -> core.SqlTarget:
    """Return one value for each team and each day that began in the chosen time."""
    return rows(
        f"""SELECT
    team_day::timestamp AT TIME ZONE team_zone AS "time",
    team AS metric,
    {sql.value(kpi)} AS value
FROM ringside.pane_located
WHERE $__timeFilter(start_at)
    AND team_day::timestamp AT TIME ZONE team_zone >= $__timeFrom()::timestamptz
    AND team <> ''
    AND {TEAMS_SQL}
GROUP BY team_day, team_zone, team
ORDER BY 1, 2""",  # noqa: S608 - made of the catalogue alone
        is_table=False,
    )


def _kpis(names: Iterable[str]) -> Iterator[Kpi]:
    return (BY_NAME[name] for name in names)
