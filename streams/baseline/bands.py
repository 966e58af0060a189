"""What is expected of a live window at this moment, with bounds."""

from math import exp, sqrt
from typing import NamedTuple

from schemas.measures import MINUTE_SECONDS, QUARTER_SECONDS
from streams.baseline.calendar import slot_of
from streams.baseline.profile import Profile
from streams.roster import RosterIndex

BOUND_SIGMAS = 3.0
"""How far the bounds lie from what is expected, in standard deviations."""


class Band(NamedTuple):
    """Counts of a window: as expected, and the bounds within which they nearly always are."""

    expected: float
    lower: float
    upper: float


def band(
    profile: Profile, site: str, roster: RosterIndex, *, window_seconds: int, now: float
) -> Band | None:
    """Return what a window that ends now should hold; None while the site is closed.

    A live window holds the minutes that start in (now - window_seconds, now], so the last one is
    still filling; exactly that time is meant here. Of it only what lies in working hours counts.
    """
    if not roster.is_working(site, now):
        return None
    expected = beyond_chance = 0.0
    zone = roster.zone(site, now)
    first = (now - window_seconds) // MINUTE_SECONDS * MINUTE_SECONDS + MINUTE_SECONDS
    start = first
    while start < now:
        end = min(now, (start // QUARTER_SECONDS + 1) * QUARTER_SECONDS)
        slot = profile.slots.get(slot_of(start, zone))
        if slot is not None and roster.is_working(site, start):
            part = _known_seconds(now - end, now - start, profile.delay_seconds) / QUARTER_SECONDS
            expected += slot.expected * part
            # What is more than chance concerns the whole day, and adds up without a root.
            beyond_chance += sqrt(max(0.0, slot.spread**2 - slot.expected)) * part
        start = end
    around = BOUND_SIGMAS * sqrt(expected + beyond_chance**2)
    return Band(expected, max(0.0, expected - around), expected + around)


def _known_seconds(newest_age: float, oldest_age: float, delay_seconds: float) -> float:
    """Return how much of a stretch of time is known by now, as the same share of its seconds.

    What is told with a mean delay d is known at age a with probability 1 - exp(-a / d).
    """
    seconds = oldest_age - newest_age
    if delay_seconds <= 0:
        return seconds
    missing = exp(-newest_age / delay_seconds) - exp(-oldest_age / delay_seconds)
    return seconds - delay_seconds * missing
