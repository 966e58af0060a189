"""The board of the supervisor: the floor now, the chosen window, today."""

from collections.abc import Iterator, Sequence

from grafanalib import core

from dashboards import promql
from dashboards.grafana import samples
from dashboards.layout import Look, Row, board, evenly
from dashboards.panels import (
    Column,
    Meaning,
    bars,
    lines,
    meaning,
    number,
    table_of_samples,
)
from dashboards.selection import CHOSEN_WINDOW, QUEUES, TEAMS, TEAMS_NOW, variables
from schemas import kpis
from schemas.kpis import BY_NAME, Kpi, Now

SERVICE_LEVEL = BY_NAME["service_level_answered_of_offered"]
ABANDONMENT = BY_NAME["abandonment"]
ASA = BY_NAME["average_speed_of_answer_seconds"]
WAIT_P90 = BY_NAME["answered_wait_p90_seconds"]
ACTIVITY_VOLUME = BY_NAME[promql.ACTIVITY_VOLUME]
TODAY = promql.window("today")

_TITLES = {
    kpis.CALLS_WAITING: ("Calls waiting", "short"),
    kpis.CALLS_IN_PROGRESS: ("In progress", "short"),
    kpis.LONGEST_WAIT: ("Longest wait", "s"),
    kpis.REPS_IN_STATE: ("Reps by state", "short"),
}


def floor() -> core.Dashboard:
    """Return the board."""
    return board(
        "floor",
        "The floor now: who waits, who is free, how well calls are answered.",
        [_now(), *_chosen_window(), _today(), _trend()],
        variables(("site", "queue", "team", "window"), window_name="15m"),
        Look("now-3h", "5s"),
    )


def _now() -> Row:
    waiting = _gauge(kpis.CALLS_WAITING)
    longest = _gauge(kpis.LONGEST_WAIT)
    talking = _gauge(kpis.CALLS_IN_PROGRESS)
    reps = _gauge(kpis.REPS_IN_STATE)
    by_state = f"sum by (state) (ringside_{kpis.REPS_IN_STATE.name}{TEAMS_NOW})"
    return Row(
        5,
        (
            (5, number(waiting, samples(_floor_sum("sum", kpis.CALLS_WAITING)), is_big=True)),
            (5, number(longest, samples(_floor_sum("max", kpis.LONGEST_WAIT)), is_big=True)),
            (5, number(talking, samples(_floor_sum("sum", kpis.CALLS_IN_PROGRESS)), is_big=True)),
            (9, bars(reps, [samples(by_state, "{{state}}")])),
        ),
        "Now",
    )


def _chosen_window() -> Iterator[Row]:
    where = QUEUES.and_(CHOSEN_WINDOW)
    volume = promql.expression(
        ACTIVITY_VOLUME, ("team",), TEAMS.and_('team!=""', promql.window("1h"))
    )
    yield Row(
        7,
        (
            (4, _kpi(SERVICE_LEVEL, where, is_big=True)),
            (4, _kpi(ABANDONMENT, where, is_big=True)),
            (8, bars(_by_queue(SERVICE_LEVEL), [_recorded(SERVICE_LEVEL)])),
            (8, bars(_by_queue(ABANDONMENT), [_recorded(ABANDONMENT)])),
        ),
        "Last $window",
    )
    yield Row(
        8,
        (
            (16, _queues()),
            (
                8,
                bars(
                    meaning(ACTIVITY_VOLUME).called("Activity in the last hour"),
                    [samples(volume, "{{team}}")],
                ),
            ),
        ),
    )


def _today() -> Row:
    shown = (kpis.BY_NAME[name] for name in ("calls_offered", "calls_answered", "calls_abandoned"))
    where = QUEUES.and_(TODAY)
    return evenly(
        4,
        [
            *(_kpi(kpi, where) for kpi in shown),
            _kpi(SERVICE_LEVEL, where),
            _kpi(ABANDONMENT, where),
            _kpi(ASA, where),
        ],
        "Today",
    )


def _trend() -> Row:
    waiting = _waiting(("queue",))
    volume = promql.expression(
        ACTIVITY_VOLUME, ("team",), TEAMS.and_('team!=""', promql.window("1h"))
    )
    return evenly(
        8,
        [
            lines(_gauge(kpis.CALLS_WAITING), [samples(waiting, "{{queue}}", is_range=True)]),
            lines(
                _by_queue(SERVICE_LEVEL).called("Service level, last $window"),
                [samples(_recorded(SERVICE_LEVEL).expr, "{{queue}}", is_range=True)],
            ),
            lines(
                meaning(ACTIVITY_VOLUME).called("Activity in the hour before"),
                [samples(volume, "{{team}}", is_range=True)],
                is_stacked=True,
            ),
        ],
        "How it went",
    )


def _queues() -> core.Table:
    where = QUEUES.and_(CHOSEN_WINDOW)
    by = promql.BY_QUEUE
    shown = [
        Column(samples(_waiting(by), is_table=True), _gauge(kpis.CALLS_WAITING)),
        *(
            Column(samples(promql.expression(kpi, by, where), is_table=True), meaning(kpi))
            for kpi in map(BY_NAME.__getitem__, ("calls_offered", "calls_answered"))
        ),
        *(
            Column(samples(_recorded(kpi).expr, is_table=True), meaning(kpi))
            for kpi in (SERVICE_LEVEL, ABANDONMENT, ASA, WAIT_P90)
        ),
    ]
    about = Meaning("Queues, last $window", "Each queue in the chosen window, and who waits now.")
    return table_of_samples(
        about, {"queue": "Queue", "site": "Site"}, shown, sort_by="Calls waiting"
    )


def _kpi(kpi: Kpi, where: promql.Where, *, is_big: bool = False) -> core.Stat:
    """Return the KPI over everything chosen, as one number."""
    expression = promql.expression(kpi, (), where)
    if not promql.has_rule(kpi):
        expression = promql.or_zero(expression)
    return number(meaning(kpi), samples(expression), is_big=is_big)


def _by_queue(kpi: Kpi) -> Meaning:
    about = meaning(kpi)
    return about.called(f"{about.title} by queue")


def _recorded(kpi: Kpi) -> core.Target:
    by = promql.BY_QUEUE
    rule = promql.recorded(kpi, by)
    where = QUEUES.and_(CHOSEN_WINDOW)
    return samples(f"sum by ({', '.join(by)}) ({rule}{where})", "{{queue}}")


def _gauge(now: Now) -> Meaning:
    title, unit = _TITLES[now]
    return Meaning(title, now.help, unit)


def _floor_sum(operator: str, now: Now) -> str:
    return promql.or_zero(f"{operator}(ringside_{now.name}{QUEUES})")


def _waiting(by: Sequence[str]) -> str:
    return f"sum by ({', '.join(by)}) (ringside_{kpis.CALLS_WAITING.name}{QUEUES})"
