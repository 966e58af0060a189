"""The live funnel: the last 7, 30 and 90 days by pipeline, stage and currency, and what is open.

It is merged from the days of all partitions when it is read. Owners, sources and segments are added
up here; PostgreSQL keeps them apart.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from schemas import funnel as f
from streams.funnel import Cells, Place
from streams.funnel_days import Day, FunnelDays
from streams.funnel_estimates import Aged, aged
from streams.panes import add_up
from streams.pipelines import PipelineIndex
from streams.roster import day_start

NOON_SECONDS = 43_200


class Spot(NamedTuple):
    """The labels of a live count; `stage` is "" if it is about the whole pipeline."""

    pipeline: str
    stage: str
    currency: str


Spots = dict[Spot, Cells]


class _Kept(NamedTuple):
    day: Day
    version: int
    spots: Spots
    aged: Aged


class FunnelReader:
    """Reads the funnels of many folds, and keeps the merged cells of days that did not change.

    One reader belongs to one thread; another thread may fill the funnels meanwhile.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[int, int], _Kept] = {}

    def read(self, funnels: Sequence[FunnelDays], now: float) -> dict[int, Spots]:
        """Return the counts of each window of schemas.funnel.WINDOWS_DAYS, by its days."""
        kept, self._kept = self._kept, {}
        windows: dict[int, Spots] = {days: {} for days in f.WINDOWS_DAYS}
        for number, funnel in enumerate(funnels):
            starts = _Starts(funnel.pipelines, now)
            for start, day in list(funnel.days.items()):
                spots = self._spots(kept, (number, start), day)
                for spot, cells in spots.items():
                    for days, first in starts.of(spot.pipeline).items():
                        if start >= first:
                            add_up(windows[days].setdefault(spot, {}), cells)
        return windows

    def aged_days(self) -> list[tuple[int, Aged]]:
        """Return what the last `read` saw, by the start of the day, in the form estimates need."""
        return [(start, kept.aged) for (_, start), kept in self._kept.items()]

    def _spots(self, kept: dict[tuple[int, int], _Kept], key: tuple[int, int], day: Day) -> Spots:
        # The version is read first, so that what comes in meanwhile is merged again next time.
        version = day.version
        found = kept.get(key)
        if found is None or found.day is not day or found.version != version:
            places = list(day.places.items())
            steps = (((place.pipeline, place.stage), dict(cells)) for place, cells in places)
            found = _Kept(day, version, _merged(day.places), aged(steps))
        self._kept[key] = found
        return found.spots


class _Starts:
    """The start of each window, by pipeline: the start of a day in the pipeline's zone."""

    def __init__(self, pipelines: PipelineIndex, now: float) -> None:
        self._pipelines, self._now = pipelines, now
        self._known: dict[str, dict[int, float]] = {}

    def of(self, pipeline: str) -> dict[int, float]:
        if pipeline not in self._known:
            zone = self._pipelines.version(pipeline, self._now).zone
            self._known[pipeline] = {
                days: window_start(zone, self._now, days) for days in f.WINDOWS_DAYS
            }
        return self._known[pipeline]


def window_start(zone: str, now: float, days: int) -> float:
    """Return when the last *days* days began in *zone*, today included, in seconds since 1970."""
    today = day_start(zone, now)
    # From noon to noon, so that a day of 23 or 25 hours counts as one day.
    return day_start(zone, today + NOON_SECONDS - (days - 1) * f.DAY_SECONDS)


def _merged(places: Mapping[Place, Cells]) -> Spots:
    """Add up the cells of each spot, without the cells by age."""
    spots: Spots = {}
    for place, cells in list(places.items()):
        spot = Spot(place.pipeline, place.stage, place.currency)
        add_up(
            spots.setdefault(spot, {}),
            {cell: amount for cell, amount in list(cells.items()) if "@" not in cell},
        )
    return spots


class Open(NamedTuple):
    """Deals that are in a stage now: how many, their worth, and how long they have been there."""

    deals: int
    amount_minor: int
    ages: tuple[int, ...]
    """The number of deals by age: one bucket per bound of schemas.funnel.DAYS_BOUNDS, and above."""
    stalled: int
    stalled_minor: int
    age_days_sum: float


def open_now(
    funnels: Iterable[FunnelDays], now: float, limits: Mapping[tuple[str, str], float]
) -> dict[Spot, Open]:
    """Return what is open now. Ages are in days since the day on which the stage was entered.

    `limits` gives, by pipeline and stage, the number of days after which a deal is stalled.
    """
    found: dict[Spot, Open] = {}
    for funnel in funnels:
        for (day_at, place), cells in list(funnel.open.items()):
            spot = Spot(place.pipeline, place.stage, place.currency)
            age_days = max(0.0, (now - day_at) / f.DAY_SECONDS)
            limit = limits.get((place.pipeline, place.stage))
            one = _of_one_day(cells, age_days, is_stalled=limit is not None and age_days > limit)
            found[spot] = _plus(found[spot], one) if spot in found else one
    return found


def _of_one_day(cells: Cells, age_days: float, *, is_stalled: bool) -> Open:
    deals, minor = int(cells.get(f.OPEN.name, 0)), int(cells.get(f.OPEN_MINOR.name, 0))
    ages = [0] * (len(f.DAYS_BOUNDS) + 1)
    ages[bisect_left(f.DAYS_BOUNDS, age_days)] = deals
    stalled = (deals, minor) if is_stalled else (0, 0)
    return Open(deals, minor, tuple(ages), *stalled, deals * age_days)


def _plus(one: Open, other: Open) -> Open:
    return Open(
        one.deals + other.deals,
        one.amount_minor + other.amount_minor,
        tuple(a + b for a, b in zip(one.ages, other.ages, strict=True)),
        one.stalled + other.stalled,
        one.stalled_minor + other.stalled_minor,
        one.age_days_sum + other.age_days_sum,
    )


def limits_days(
    pipelines: PipelineIndex, spots: Mapping[Spot, Cells], now: float
) -> dict[tuple[str, str], float]:
    """Return after how many days a deal is stalled in each stage.

    The limit is the one in the pipelines file, else the time that nine of ten ended stays did not
    exceed, from the buckets of *spots*. Where neither is known there is no limit.
    """
    buckets: dict[tuple[str, str], list[float]] = {}
    for spot, cells in spots.items():
        counts = buckets.setdefault((spot.pipeline, spot.stage), [0.0] * (len(f.DAYS_BOUNDS) + 1))
        for index in range(len(counts)):
            counts[index] += cells.get(f"{f.STAY}:{index}", 0)
    found: dict[tuple[str, str], float] = {}
    for (pipeline, stage), counts in buckets.items():
        step = pipelines.version(pipeline, now).steps.get(stage)
        limit = step.stalled_after_days if step is not None else None
        limit = quantile_days(counts, 0.9) if limit is None else limit
        if limit is not None:
            found[pipeline, stage] = limit
    return found


def quantile_days(counts: Sequence[float], q: float) -> float | None:
    """Return the q-quantile of a histogram over DAYS_BOUNDS, in days; None if it is empty.

    Interpolated between the bounds.
    """
    wanted, below, low = q * sum(counts), 0.0, 0.0
    if not wanted:
        return None
    for bound, count in zip(f.DAYS_BOUNDS, counts, strict=False):
        if count and below + count >= wanted:
            return low + (bound - low) * (wanted - below) / count
        below, low = below + count, bound
    return f.DAYS_BOUNDS[-1]
