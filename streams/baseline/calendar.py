"""Quarters of an hour of the week at a site: its clock, its working hours, its holidays."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import NamedTuple

from schemas.measures import QUARTER_SECONDS
from streams.roster import RosterIndex, zone_info

SLOTS_OF_A_DAY = 86_400 // QUARTER_SECONDS
SLOTS_OF_A_WEEK = 7 * SLOTS_OF_A_DAY


class Day(NamedTuple):
    """What happened on one working day at a site, by quarter of the week (0: Monday 00:00).

    A quarter in which the site works and nothing happens is 0; one in which it is closed is absent.
    """

    day: date
    counts: Mapping[int, float]

    @property
    def week(self) -> int:
        """The number of its week; weeks begin on Monday."""
        return (self.day.toordinal() - 1) // 7


def slot_of(at: float, zone: str) -> int:
    """Return the quarter of the week at *at*, as the clock at the site shows it.

    When clocks go back an hour comes twice and has the same quarters, when they go forward one is
    left out: what is expected belongs to the hour that people see on the wall.
    """
    local = datetime.fromtimestamp(at, zone_info(zone))
    quarter = (local.hour * 3600 + local.minute * 60 + local.second) // QUARTER_SECONDS
    return local.weekday() * SLOTS_OF_A_DAY + quarter


def quarters(start_at: float, end_at: float) -> Iterator[int]:
    """Yield the starts of the quarters of an hour that begin in [start_at, end_at)."""
    first = -int(-start_at // QUARTER_SECONDS) * QUARTER_SECONDS
    return iter(range(first, -int(-end_at // 1), QUARTER_SECONDS))


def days(
    counts: Mapping[int, float], site: str, roster: RosterIndex, *, start_at: float, end_at: float
) -> list[Day]:
    """Return the working days of a site in [start_at, end_at), the oldest first.

    Args:
        counts: what happened by the start of the quarter of an hour, seconds since 1970; a quarter
            that is missing had nothing.
        site: whose clock, working hours and holidays apply.
        roster: where they stand.
        start_at: when counting began; before it nothing is known.
        end_at: the end of what is complete.
    """
    found: dict[date, dict[int, float]] = {}
    times: dict[date, dict[int, int]] = {}
    for start in quarters(start_at, end_at):
        if not roster.is_working(site, start):
            continue
        zone = roster.zone(site, start)
        day = datetime.fromtimestamp(start, zone_info(zone)).date()
        slot = slot_of(start, zone)
        slots, seen = found.setdefault(day, {}), times.setdefault(day, {})
        # An hour that comes twice counts as the mean of both.
        before = seen.get(slot, 0)
        slots[slot] = (slots.get(slot, 0.0) * before + counts.get(start, 0)) / (before + 1)
        seen[slot] = before + 1
    return [Day(day, slots) for day, slots in sorted(found.items())]
