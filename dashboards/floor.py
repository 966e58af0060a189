"""The board of the supervisor, for a screen on the wall: 1920 x 1080, read from across the room.

Few big numbers, and colour only where somebody has to act. What it leaves out is on `queue`.
"""

from collections.abc import Sequence

from grafanalib import core

from dashboards import promql
from dashboards.grafana import samples
from dashboards.layout import Look, Row, board, evenly
from dashboards.panels import (
    BAD,
    CALM,
    Column,
    Meaning,
    bars,
    lines,
    meaning,
    number,
    table_of_samples,
)
from dashboards.selection import CHOSEN_WINDOW, QUEUES, TEAMS_NOW, variables
from schemas import kpis
from schemas.kpis import BY_NAME, Kpi, Now

SERVICE_LEVEL = BY_NAME["service_level_answered_of_offered"]
ABANDONMENT = BY_NAME["abandonment"]
ASA = BY_NAME["average_speed_of_answer_seconds"]

WALL_ROWS = 26
"""Rows of 38 pixels that a screen of 1080 shows, under the line of variables."""

SOON, ACT = "orange", BAD
"""Colours: look at it, act. Where there is nothing to do, it is CALM."""

_WAIT_STEPS = ((CALM, None), (SOON, 60.0), (ACT, 180.0))
"""Of the longest wait: a minute is worth a look, three are too long for any queue's target."""
_FREE_STEPS = ((SOON, None), (CALM, 1.0))

_OF_QUEUES = (
    *(SERVICE_LEVEL.name, "service_level_answered_of_offered_best"),
    *("service_level_answered_of_offered_worst", ABANDONMENT.name, ASA.name),
)


def floor() -> core.Dashboard:
    """Return the board."""
    return board(
        "floor",
        "The floor now, for a screen on the wall: who is waiting, who is free, and the "
        "service level.",
        [_numbers(), _queues_and_reps(), _trend()],
        variables(("site", "queue", "team", "window"), window_name="15m"),
        Look("now-3h", "5s"),
    )


def _numbers() -> Row:
    where = QUEUES.and_(CHOSEN_WINDOW)
    waiting, longest, in_progress = calls_now()
    free = Meaning("Available reps", "Reps that wait for a call now.", "short", _FREE_STEPS)
    is_free = TEAMS_NOW.and_('state="available"')
    available = promql.or_zero(f"sum(ringside_{kpis.REPS_IN_STATE.name}{is_free})")
    shown = [
        waiting,
        longest,
        number(calm(SERVICE_LEVEL), _kpi(SERVICE_LEVEL, where), is_big=True),
        number(calm(ABANDONMENT), _kpi(ABANDONMENT, where), is_big=True),
        in_progress,
        number(free, samples(available), is_big=True),
    ]
    return evenly(8, shown)


def _queues_and_reps() -> Row:
    by = promql.BY_QUEUE
    where = QUEUES.and_(CHOSEN_WINDOW)
    shown = [
        Column(_by_queue(kpis.CALLS_WAITING, "sum"), gauge(kpis.CALLS_WAITING, "Waiting")),
        Column(
            _by_queue(kpis.LONGEST_WAIT, "max"),
            gauge(kpis.LONGEST_WAIT, "Longest wait", "s", _WAIT_STEPS),
        ),
        Column(
            samples(promql.expression(BY_NAME["calls_offered"], by, where), is_table=True),
            meaning(BY_NAME["calls_offered"]),
        ),
        *(
            Column(samples(recorded(kpi), is_table=True), calm(kpi))
            for kpi in map(BY_NAME.__getitem__, _OF_QUEUES)
        ),
    ]
    about = Meaning(
        "Queues, last $window",
        "Each queue now and in the chosen window. While calls wait, the service level can still "
        "become what is under 'at best' and 'at worst'.",
    )
    states = f"sum by (state) (ringside_{kpis.REPS_IN_STATE.name}{TEAMS_NOW})"
    return Row(
        9,
        (
            (
                17,
                table_of_samples(
                    about, {"queue": "Queue", "site": "Site"}, shown, sort_by="Waiting"
                ),
            ),
            (7, bars(gauge(kpis.REPS_IN_STATE, "Reps by state"), [samples(states, "{{state}}")])),
        ),
    )


def _trend() -> Row:
    waiting = f"sum by (queue) (ringside_{kpis.CALLS_WAITING.name}{QUEUES})"
    paused = f"sum by (reason) (ringside_{kpis.REPS_PAUSED.name}{TEAMS_NOW})"
    longest = f"max by (state) (ringside_{kpis.LONGEST_IN_STATE.name}{TEAMS_NOW})"
    return Row(
        9,
        (
            (8, lines(meaning(SERVICE_LEVEL).called("Service level, last $window"),
                      [samples(recorded(SERVICE_LEVEL), "{{queue}}", is_range=True)])),
            (8, lines(gauge(kpis.CALLS_WAITING, "Calls waiting, and how it went"),
                      [samples(waiting, "{{queue}}", is_range=True)])),
            (4, bars(gauge(kpis.REPS_PAUSED, "Paused, by reason"),
                     [samples(paused, "{{reason}}")])),
            (4, bars(gauge(kpis.LONGEST_IN_STATE, "Longest in state", "s"),
                     [samples(longest, "{{state}}")])),
        ),
    )  # fmt: skip


def calls_now() -> tuple[core.Stat, core.Stat, core.Stat]:
    """Return the chosen queues' numbers of this moment: waiting, the longest wait, in progress."""
    longest = gauge(kpis.LONGEST_WAIT, "Longest wait", "s", _WAIT_STEPS)
    in_progress = gauge(kpis.CALLS_IN_PROGRESS, "In progress")
    return (
        number(gauge(kpis.CALLS_WAITING, "Calls waiting"), _now("sum", kpis.CALLS_WAITING)),
        number(longest, _now("max", kpis.LONGEST_WAIT), is_big=True),
        number(in_progress, _now("sum", kpis.CALLS_IN_PROGRESS)),
    )


def calm(kpi: Kpi) -> Meaning:
    """Return what the catalogue says of a KPI, coloured only where it misses its target."""
    about = meaning(kpi)
    if len(about.steps) == 1:
        return about
    steps = tuple((BAD if colour == BAD else CALM, start) for colour, start in about.steps)
    return Meaning(about.title, about.help, about.unit, steps, about.maximum)


def gauge(
    now: Now,
    title: str,
    unit: str = "short",
    steps: tuple[tuple[str, float | None], ...] | None = None,
) -> Meaning:
    """Return what a live gauge says."""
    return Meaning(title, now.help, unit, steps) if steps else Meaning(title, now.help, unit)


def recorded(kpi: Kpi, by: Sequence[str] = promql.BY_QUEUE) -> str:
    """Return the recorded KPI of each chosen queue in the chosen window."""
    where = QUEUES.and_(CHOSEN_WINDOW)
    return f"sum by ({', '.join(by)}) ({promql.recorded(kpi, by)}{where})"


def _kpi(kpi: Kpi, where: promql.Where) -> core.Target:
    return samples(promql.expression(kpi, (), where))


def _now(operator: str, now: Now) -> core.Target:
    return samples(promql.or_zero(f"{operator}(ringside_{now.name}{QUEUES})"))


def _by_queue(now: Now, operator: str) -> core.Target:
    by = ", ".join(promql.BY_QUEUE)
    return samples(f"{operator} by ({by}) (ringside_{now.name}{QUEUES})", is_table=True)
