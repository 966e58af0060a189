"""What is expected of a live window at this moment, with bounds."""

from collections.abc import Sequence
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


class Part(NamedTuple):
    """A part of a window that lies in one quarter of the week, and how old it is now."""

    slot: int
    newest_age: float
    oldest_age: float


def open_parts(
    site: str, roster: RosterIndex, *, window_seconds: int, now: float
) -> list[Part] | None:
    """Return the parts of a window that ends now in which the site works; None while it is closed.

    A live window holds the minutes that start in (now - window_seconds, now], so the last one is
    still filling; exactly that time is meant here.
    """
    if not roster.is_working(site, now):
        return None
    zone = roster.zone(site, now)
    start = (now - window_seconds) // MINUTE_SECONDS * MINUTE_SECONDS + MINUTE_SECONDS
    found = []
    while start < now:
        end = min(now, (start // QUARTER_SECONDS + 1) * QUARTER_SECONDS)
        if roster.is_working(site, start):
            found.append(Part(slot_of(start, zone), now - end, now - start))
        start = end
    return found


def band_of(profile: Profile, parts: Sequence[Part]) -> Band:
    """Return what those parts should hold together."""
    expected = beyond_chance = 0.0
    for part in parts:
        slot = profile.slots.get(part.slot)
        if slot is not None:
            known = _known_seconds(part, profile.delay_seconds) / QUARTER_SECONDS
            expected += slot.expected * known
            # What is more than chance concerns the whole day, and adds up without a root.
            beyond_chance += sqrt(max(0.0, slot.spread**2 - slot.expected)) * known
    around = BOUND_SIGMAS * sqrt(expected + beyond_chance**2)
    return Band(expected, max(0.0, expected - around), expected + around)


def band(
    profile: Profile, site: str, roster: RosterIndex, *, window_seconds: int, now: float
) -> Band | None:
    """Return what a window that ends now should hold; None while the site is closed."""
    parts = open_parts(site, roster, window_seconds=window_seconds, now=now)
    return band_of(profile, parts) if parts is not None else None


def _known_seconds(part: Part, delay_seconds: float) -> float:
    """Return how much of a part is known by now, as the same share of its seconds.

    What is told with a mean delay d is known at age a with probability 1 - exp(-a / d).
    """
    seconds = part.oldest_age - part.newest_age
    if delay_seconds <= 0:
        return seconds
    missing = exp(-part.newest_age / delay_seconds) - exp(-part.oldest_age / delay_seconds)
    return seconds - delay_seconds * missing
