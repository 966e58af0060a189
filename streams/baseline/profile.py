"""From the days of the last weeks to what is expected in each quarter of the week.

Robust throughout, because what is to be found later stands in the history, too: medians over the
weeks, spreads from median absolute deviations (MAD), days and weeks that are far off ignored.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import sqrt
from statistics import median
from typing import NamedTuple

import msgspec

from streams.baseline.calendar import SLOTS_OF_A_DAY, Day

WEEKS = 8
"""How many weeks are looked at. More are steadier, fewer follow a change of the week's shape."""
OWN_WEEKS = 3
"""From so many weeks on a team has a baseline of its own; a median of two is no median."""
LEVEL_WEEKS = 3
"""The level of today is the median of the last so many weeks: one odd week does not move it."""

_DAY_TOLERANCE = 0.5
_WEEK_TOLERANCE = 0.3
_CHANCE = 4.0
"""In standard deviations of a Poisson count: what is nearer than that may be chance."""
_SIGMA_OF_MAD = 1.4826
"""The standard deviation of a normal distribution whose MAD is 1."""
_NEIGHBOURS = 2


class Slot(msgspec.Struct, frozen=True, array_like=True):
    """What is expected in a quarter of an hour, and the standard deviation around it."""

    expected: float
    spread: float


class Profile(msgspec.Struct, frozen=True, array_like=True):
    """What is expected in each quarter of the week in which the site works."""

    slots: dict[int, Slot]
    weeks: int
    """How many weeks it was learnt from, those ignored left out."""
    days_ignored: int = 0
    """Days that were too far off to learn from: outages, feasts that no calendar has."""
    delay_seconds: float = 0.0
    """How long after its time something is known, on average: a call counts once it is answered."""


class _Weeks(NamedTuple):
    """Days that are worth learning from, and the level of each week: 1 is usual."""

    days: list[Day]
    levels: dict[int, float]


def learn(days: Sequence[Day]) -> Profile | None:
    """Learn a profile from days, the oldest first; None if nothing ever happened on them."""
    usual = _medians((day, 1.0) for day in days)
    if not any(usual.values()):
        return None
    kept = _kept(days, usual)
    shape = _medians((day, kept.levels[day.week]) for day in kept.days)
    recent = [kept.levels[week] for week in sorted(kept.levels)[-LEVEL_WEEKS:]]
    level = median(recent)
    expected = _smoothed({slot: value * level for slot, value in shape.items()})
    spreads = _spreads(kept, expected, level)
    slots = {slot: Slot(value, spreads[slot]) for slot, value in sorted(expected.items())}
    return Profile(slots, len(kept.levels), len(days) - len(kept.days))


def scaled(profile: Profile, factor: float) -> Profile:
    """Return what is expected of a part of those whom *profile* is about.

    The deviation of a part's count is relatively greater: its chance part grows with the root.
    """
    slots = {slot: _scaled(was, factor) for slot, was in profile.slots.items()}
    return msgspec.structs.replace(profile, slots=slots, weeks=0)


def _scaled(slot: Slot, factor: float) -> Slot:
    expected = slot.expected * factor
    beyond_chance = max(0.0, slot.spread**2 - slot.expected)
    return Slot(expected, sqrt(expected + beyond_chance * factor**2))


def share(part: Sequence[Day], whole: Profile) -> float | None:
    """Return which share of *whole* the days of a part amount to; None if nothing tells."""
    of_whole = sum(
        whole.slots[slot].expected for day in part for slot in day.counts if slot in whole.slots
    )
    if of_whole <= 0:
        return None
    return sum(sum(day.counts.values()) for day in part) / of_whole


def _medians(days: Iterable[tuple[Day, float]]) -> dict[int, float]:
    """Return the median of each slot over days, each divided by the level given with it."""
    values: dict[int, list[float]] = defaultdict(list)
    for day, level in days:
        for slot, count in day.counts.items():
            values[slot].append(count / level)
    return {slot: median(counts) for slot, counts in values.items()}


def _kept(days: Sequence[Day], usual: Mapping[int, float]) -> _Weeks:
    """Return the days without those, and without those weeks, that are far from their like."""
    ratios = [(day, *_ratio(day, usual)) for day in days]
    by_week: dict[int, list[float]] = defaultdict(list)
    totals: dict[int, float] = defaultdict(float)
    for day, ratio, total in ratios:
        if ratio is not None:
            by_week[day.week].append(ratio)
            totals[day.week] += total
    levels = {week: median(found) for week, found in sorted(by_week.items())}
    levels = {week: level for week, level in levels.items() if level > 0}
    steady = _steady(levels, totals) or levels
    good = [
        day
        for day, ratio, total in ratios
        if day.week in steady
        and (ratio is None or _is_near(ratio / steady[day.week], _DAY_TOLERANCE, total))
    ]
    return _Weeks(good, steady)


def _ratio(day: Day, usual: Mapping[int, float]) -> tuple[float | None, float]:
    """Return a day's count as a multiple of the usual one, and the usual one."""
    total = sum(usual[slot] for slot in day.counts)
    return (sum(day.counts.values()) / total if total else None), total


def _steady(levels: Mapping[int, float], totals: Mapping[int, float]) -> dict[int, float]:
    """Leave out weeks that differ from those around them; a growth of weeks does not."""
    weeks = list(levels)
    found = {}
    for place, week in enumerate(weeks):
        around = weeks[max(0, place - _NEIGHBOURS) : place + _NEIGHBOURS + 1]
        like = median(levels[each] for each in around)
        if _is_near(levels[week] / like, _WEEK_TOLERANCE, totals[week]):
            found[week] = levels[week]
    return found


def _is_near(ratio: float, tolerance: float, total: float) -> bool:
    within = 1 + max(tolerance, _CHANCE / sqrt(total) if total else tolerance)
    return 1 / within <= ratio <= within


def _smoothed(expected: Mapping[int, float]) -> dict[int, float]:
    """Average each slot with its neighbours where they differ by no more than chance would.

    Where the floor opens, or goes to lunch, the step stays.
    """
    found = {}
    for slot, value in expected.items():
        weights = total = 2.0
        total *= value
        for other in (slot - 1, slot + 1):
            near = (
                expected.get(other) if other // SLOTS_OF_A_DAY == slot // SLOTS_OF_A_DAY else None
            )
            if near is not None and abs(near - value) <= sqrt(near + value):
                total, weights = total + near, weights + 1
        found[slot] = total / weights
    return found


def _spreads(kept: _Weeks, expected: Mapping[int, float], level: float) -> dict[int, float]:
    """Return the standard deviation of each slot: from MADs, and never less than chance."""
    off: dict[int, list[float]] = defaultdict(list)
    for day in kept.days:
        for slot, count in day.counts.items():
            off[slot].append(abs(count / kept.levels[day.week] * level - expected[slot]))
    found = {}
    for slot, value in expected.items():
        of_day = slot // SLOTS_OF_A_DAY
        near = (
            other
            for other in range(slot - _NEIGHBOURS, slot + _NEIGHBOURS + 1)
            if other // SLOTS_OF_A_DAY == of_day
        )
        mad = median([each for other in near for each in off.get(other, ())])
        found[slot] = max(_SIGMA_OF_MAD * mad, sqrt(value))
    return found
