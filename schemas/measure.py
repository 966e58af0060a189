"""What a measure, a histogram and a window are, which units there are, and which limits."""

from bisect import bisect_left
from dataclasses import dataclass
from enum import StrEnum


class Unit(StrEnum):
    """The few units there are (docs/KPIS.md, rule 2)."""

    COUNT = "count"
    SECONDS = "seconds"
    RATIO = "ratio"
    MULTIPLE = "multiple"
    """A mean count of one thing for each of another; unlike a ratio it may be above 1."""


class Limit(StrEnum):
    """A limit that each queue sets for itself in the roster; applied when read."""

    TARGET = "target_seconds"
    SHORT_ABANDON = "short_abandon_seconds"


@dataclass(frozen=True, slots=True)
class Measure:
    """Something counted or summed. `name` is its cell, column and metric (`ringside_<name>`)."""

    name: str
    unit: Unit
    help: str
    topic: str
    """Which facts give it: calls, reps, meetings, deals, activities or customers."""


@dataclass(frozen=True, slots=True)
class Histogram:
    """A distribution over fixed buckets, each holding what is <= its bound, > the one before.

    Quantiles are read from it by linear interpolation, so they are exact only at the bounds;
    counts within a bound are exact.
    """

    name: str
    help: str
    topic: str
    bounds: tuple[float, ...]

    @property
    def cells(self) -> tuple[str, ...]:
        """The cells, one per bound and a last one for what is above them all."""
        return tuple(f"{self.name}:{index}" for index in range(len(self.bounds) + 1))

    def bucket(self, value: float) -> int:
        """Return the index of the bucket that holds *value*."""
        return bisect_left(self.bounds, value)


@dataclass(frozen=True, slots=True)
class Window:
    """A live window that ends now. `seconds` None means: today, in the time zone of the site."""

    name: str
    grain_seconds: int
    seconds: int | None
