"""How the live cohorts will end: the Aalen-Johansen estimate from the counts by day and age.

A worker sees the deals of its partitions. These are a random part of all deals, so each worker
estimates the same share. It exposes that share times the number of its deals, and the variance
times the square of that number: both add up over workers, which estimates themselves do not.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from schemas import funnel as f
from schemas.funnel import Count
from streams.funnel import Cells
from streams.incidence import Cohort, ages, incidence
from streams.pipelines import PipelineIndex
from streams.roster import day_start

Step = tuple[str, str]
"""A pipeline and a stage; the stage is "" for the whole pipeline, from creation on."""

Aged = Mapping[Step, Cells]
"""Of one day: how many deals came, and how many got further, or were lost, at which age."""

_STEP = (f.ENTERED, f.ADVANCED, f.LOST)
_WHOLE = (f.CREATED, f.CREATED_WON, f.CREATED_LOST)
_NOON_SECONDS = 43_200


class Estimate(NamedTuple):
    """What to expect of the deals that came on the days that are kept."""

    deals: int
    reached: float
    """How many of them will get further (of the whole pipeline: be won), open ones included."""
    variance: float
    """The variance of `reached`."""


def aged(places: Iterable[tuple[Step, Cells]]) -> Aged:
    """Add up the cells of one day that the estimate needs, over owners, sources and so on."""
    found: dict[Step, Cells] = {}
    for step, cells in places:
        came = (f.ENTERED if step[1] else f.CREATED).name
        for cell, amount in cells.items():
            if cell == came or "@" in cell:
                total = found.setdefault(step, {})
                total[cell] = total.get(cell, 0) + amount
    return found


def estimates(
    days: Iterable[tuple[int, Aged]], pipelines: PipelineIndex, now: float
) -> dict[Step, Estimate]:
    """Return the estimate of each step that has deals, at least one of which has ended.

    Args:
        days: each day by its start, seconds since 1970, in the zone of the pipeline.
        pipelines: for their zones.
        now: seconds since 1970.
    """
    cohorts: dict[Step, list[Cohort]] = {}
    for start, of_day in days:
        for step, cells in of_day.items():
            cohorts.setdefault(step, []).append(_cohort(step, _number(start), cells))
    found: dict[Step, Estimate] = {}
    for step, of_step in cohorts.items():
        today = _number(day_start(pipelines.version(step[0], now).zone, now))
        curve = incidence(ages(of_step, today))
        if curve:
            deals, share = sum(cohort.entered for cohort in of_step), curve[-1].reached
            found[step] = Estimate(deals, deals * share.value, deals**2 * share.variance)
    return found


def _cohort(step: Step, day: int, cells: Cells) -> Cohort:
    came, reached, lost = _STEP if step[1] else _WHOLE
    return Cohort(day, int(cells.get(came.name, 0)), _by_age(cells, reached), _by_age(cells, lost))


def _by_age(cells: Cells, count: Count) -> dict[int, int]:
    prefix = f.age_cell(count, 0)[:-1]
    return {
        int(cell.removeprefix(prefix)): int(amount)
        for cell, amount in cells.items()
        if cell.startswith(prefix)
    }


def _number(start: float) -> int:
    """Return a number for a day by its start, whatever the zone and its clock changes."""
    return int(start + _NOON_SECONDS) // f.DAY_SECONDS
