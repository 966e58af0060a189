"""When a site works, and how fast calls arrive there."""

import math
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from schemas.roster import WEEKDAYS
from streams.simulation.parts import SitePlan

_SLOT_SECONDS = 900
_LOOK_AHEAD_DAYS = 14


class SiteCalendar:
    """The working hours of one site as instants. `always_open`: it never closes."""

    def __init__(self, site: SitePlan, *, always_open: bool) -> None:
        opens, closes = site.hours.split("-")
        self._opens = _minutes(opens)
        self._closes = _minutes(closes)
        self._weekdays = {WEEKDAYS.index(day) for day in site.weekdays}
        self._zone = ZoneInfo(site.zone)
        self._days: dict[date, tuple[float, float] | None] = {}
        self.always_open = always_open

    def day(self, at: float) -> date:
        """Return the date at the site."""
        return datetime.fromtimestamp(at, self._zone).date()

    def hour(self, at: float) -> int:
        """Return the hour, 0 to 23, at the site."""
        return datetime.fromtimestamp(at, self._zone).hour

    def midnight(self, day: date) -> float:
        """Return the first instant of a day."""
        return datetime.combine(day, time(), self._zone).timestamp()

    def hours(self, day: date) -> tuple[float, float] | None:
        """Return when a day's work begins and ends; None on a day off."""
        if day not in self._days:
            works = day.weekday() in self._weekdays
            bounds = (self._instant(day, self._opens), self._instant(day, self._closes))
            self._days[day] = bounds if works else None
        return self._days[day]

    def is_open(self, at: float) -> bool:
        """Return whether *at* is in [opening, closing)."""
        if self.always_open:
            return True
        hours = self.hours(self.day(at))
        return hours is not None and hours[0] <= at < hours[1]

    def opening(self, at: float) -> float:
        """Return *at* if the site works then, else the next time it opens."""
        if self.is_open(at):
            return at
        day = self.day(at)
        for _ in range(_LOOK_AHEAD_DAYS):
            hours = self.hours(day)
            if hours is not None and hours[0] >= at:
                return hours[0]
            day += timedelta(days=1)
        return at

    def _instant(self, day: date, minutes: int) -> float:
        # 24:00 is the next day's midnight.
        days, minutes = divmod(minutes, 24 * 60)
        clock = time(*divmod(minutes, 60))
        return datetime.combine(day + timedelta(days=days), clock, self._zone).timestamp()


class Arrivals:
    """A Poisson process whose rate is constant within each quarter of an hour."""

    def __init__(
        self, calendar: SiteCalendar, per_hour: float, profile: tuple[float, ...], rng: Random
    ) -> None:
        self._calendar = calendar
        self._per_second = per_hour / 3600
        self._profile = profile
        self._rng = rng
        self._slot_start = -math.inf
        self._slot_rate = 0.0

    def next_after(self, at: float) -> float:
        """Return the next arrival; infinity if there never is one."""
        if self._per_second == 0 or not any(self._profile):
            return math.inf
        if self._calendar.always_open:
            return at + self._rng.expovariate(self._per_second)
        # Exact for a stepwise rate: spend a unit-exponential amount of expected arrivals.
        left = self._rng.expovariate(1.0)
        give_up_at = at + _LOOK_AHEAD_DAYS * 86_400
        while at < give_up_at:
            slot_end = (at // _SLOT_SECONDS + 1) * _SLOT_SECONDS
            rate = self._varying(at)
            if rate * (slot_end - at) >= left:
                return at + left / rate
            left -= rate * (slot_end - at)
            at = slot_end
        return math.inf

    def _varying(self, at: float) -> float:
        slot_start = at // _SLOT_SECONDS * _SLOT_SECONDS
        if slot_start != self._slot_start:
            is_open = self._calendar.is_open(slot_start)
            weight = self._profile[self._calendar.hour(slot_start)] if is_open else 0.0
            self._slot_start, self._slot_rate = slot_start, self._per_second * weight
        return self._slot_rate


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)
