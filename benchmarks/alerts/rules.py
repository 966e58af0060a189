"""The rules that are compared, each as: at which minutes of a day does it fire?"""

from collections.abc import Callable, Sequence
from datetime import date
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from benchmarks.alerts.bank import SITE, SLOT_MINUTES, Bank
from schemas.alerting import Drop
from schemas.measures import WINDOWS
from streams.baseline.bands import Band, band
from streams.baseline.calendar import Day, days
from streams.baseline.drop import Seen, firing
from streams.baseline.profile import WEEKS, learn

OPEN, CLOSE = 7 * 60, 21 * 60
"""Minutes of the day between which the bank works."""
WARM_UP_DAYS = 20
"""Days that are only learnt from: the least that the plain median needs."""
SECONDS = {window.name: window.seconds for window in WINDOWS if window.seconds is not None}
KEEP_MINUTES = 10
_DAYS_OF_MEDIAN = 20
_LOOK_SECONDS = 59
"""A minute is looked at when it is nearly over."""

Rule = Callable[[np.ndarray], np.ndarray]
"""From the calls of each minute of a day to whether it fires at the end of each."""


class Ahead(NamedTuple):
    """A day and the rules as they stood before it: they know nothing of that day or later."""

    day: date
    counts: np.ndarray
    rules: dict[str, Rule]


def walk(bank: Bank, drop: Drop) -> list[Ahead]:
    """Return the days after the warm-up, each with the rules made from the days before it."""
    known = known_days(bank)
    found = []
    for before, today in pairwise(range(WARM_UP_DAYS - 1, len(known))):
        history, day = known[: before + 1], known[today].day
        start = bank.day_start(day)
        counts = bank.minutes[start : start + CLOSE]
        rules = {
            "activity_drop": _ours(bank, history, day, drop),
            "half_of_mean": _fixed(bank, history),
            "half_of_same_slot_median": _same_slot(bank, history),
        }
        found.append(Ahead(day, counts, rules))
    return found


def known_days(bank: Bank) -> list[Day]:
    """Return all working days, the oldest first."""
    end_at = bank.start_at + len(bank.minutes) * 60
    return days(bank.quarters(), SITE, bank.roster, start_at=bank.start_at, end_at=end_at)


def bands_of(bank: Bank, history: Sequence[Day], day: date) -> list[dict[str, Band]]:
    """Return what is expected of each window at each minute of *day*, learnt from *history*."""
    profile = learn([past for past in history if (day - past.day).days <= 7 * WEEKS])
    if profile is None:
        message = f"nothing happened before {day}"
        raise ValueError(message)
    midnight = bank.start_at + bank.day_start(day) * 60
    found = []
    for minute in range(CLOSE):
        now = midnight + minute * 60 + _LOOK_SECONDS
        bands = {
            name: band(profile, SITE, bank.roster, window_seconds=seconds, now=now)
            for name, seconds in SECONDS.items()
        }
        found.append({name: each for name, each in bands.items() if each is not None})
    return found


def windows_of(counts: np.ndarray) -> list[dict[str, float]]:
    """Return what each live window holds at the end of each minute."""
    total = np.concatenate([[0], np.cumsum(counts)])
    places = np.arange(1, len(counts) + 1)
    held = {
        name: total[places] - total[np.maximum(0, places - seconds // 60)]
        for name, seconds in SECONDS.items()
    }
    return [{name: float(sums[n]) for name, sums in held.items()} for n in range(len(counts))]


def _ours(bank: Bank, history: Sequence[Day], day: date, drop: Drop) -> Rule:
    # Made when first asked for: a test looks at a few of the days.
    bands = cache(lambda: bands_of(bank, history, day))

    def fires(counts: np.ndarray) -> np.ndarray:
        seen = (
            Seen(minute * 60.0, held, bands()[minute])
            for minute, held in enumerate(windows_of(counts))
        )
        return np.array([is_firing for _, is_firing in firing(seen, drop)])

    return fires


def _fixed(bank: Bank, history: Sequence[Day]) -> Rule:
    """Fires where a slot of five minutes holds under half of the mean of all slots so far."""
    past = np.concatenate([_slots(bank, day) for day in history])
    return _per_slot(np.full((CLOSE - OPEN) // SLOT_MINUTES, past.mean() / 2))


def _same_slot(bank: Bank, history: Sequence[Day]) -> Rule:
    """Fires where it holds under half of the median of the same slot of the last 20 days."""
    past = np.stack([_slots(bank, day) for day in history[-_DAYS_OF_MEDIAN:]])
    return _per_slot(np.median(past, axis=0) / 2)


def _slots(bank: Bank, day: Day) -> np.ndarray:
    start = bank.day_start(day.day)
    return bank.minutes[start + OPEN : start + CLOSE].reshape(-1, SLOT_MINUTES).sum(axis=1)


def _per_slot(limits: np.ndarray) -> Rule:
    """Look at each slot once, when it is over; what fires goes on until the next look."""

    def fires(counts: np.ndarray) -> np.ndarray:
        sums = counts[OPEN:].reshape(-1, SLOT_MINUTES).sum(axis=1)
        found = np.zeros(len(counts) + SLOT_MINUTES, dtype=bool)
        for slot in np.flatnonzero(sums < limits):
            end = OPEN + (slot + 1) * SLOT_MINUTES - 1
            found[end : end + SLOT_MINUTES] = True
        return found[: len(counts)]

    return fires


def alarms(fires: np.ndarray) -> int:
    """Return how often somebody is told; what comes back within minutes is the same alarm."""
    places = np.flatnonzero(fires)
    return int(len(places) > 0) + int((np.diff(places) > KEEP_MINUTES).sum())
