"""The roster: who is in which team, which team at which site, what each queue promises.

Every entry is dated: `from` is the first instant at which it holds (inclusive; left out: always),
and it holds until the next entry of the same id.
"""

from datetime import date
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from schemas.events import Name
from schemas.measure import Unit
from schemas.measures import ACTIVITY_VOLUME, MEASURES, SECONDS_BOUNDS

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9]"
_END = r"$(?!\n)"
"""`$` alone also matches before a line break at the end."""
Hours = Annotated[str, Meta(pattern=f"^{_CLOCK}-({_CLOCK}|24:00){_END}")]
"""Working hours of a day, `08:30-17:00`, start inclusive, end exclusive, in the site's zone."""

_2 = "[0-9][0-9]"
_DAY = f"(19|20){_2}-{_2}-{_2}"
_TIME = f"{_2}:{_2}(:{_2})?(Z|[+-]{_2}:{_2})?"
Since = Annotated[str, Meta(pattern=f"^{_DAY}([T ]{_TIME})?{_END}")]
"""A date (midnight at the site) or an instant, ISO 8601; without an offset it is the site's time.

Text, because msgspec decodes no union of date and datetime.
"""

WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DEFAULT_HOURS: dict[Weekday, Hours] = dict.fromkeys(WEEKDAYS[:6], "08:30-17:00")
LIMITS = frozenset(SECONDS_BOUNDS)
Target = Annotated[int, Meta(gt=0, le=1_000_000_000)]
"""What a team should reach in a month."""
MonthlyTargets = dict[str, Target]
"""By the name of a measured count."""
TARGETS = frozenset(
    each.name
    for each in MEASURES
    if each.unit is Unit.COUNT
    and (each in ACTIVITY_VOLUME or each.topic in {"meetings", "deals", "activities"})
)
"""The counts that may have a target: those of the catalogue that reps make, and so teams."""

GHOST_AFTER_SECONDS: float = 14_400.0
"""Four hours: longer than any call that a queue should know."""


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What all entries have: an id and the first day or instant on which they hold."""

    id: Name
    since: Since | None = msgspec.field(name="from", default=None)


class Site(Entry, frozen=True, kw_only=True):
    """A place with one time zone and one working calendar."""

    zone: Name
    working_hours: dict[Weekday, Hours] = msgspec.field(default_factory=DEFAULT_HOURS.copy)
    holidays: tuple[date, ...] = ()
    monthly_targets: MonthlyTargets | UnsetType = UNSET
    """What each team here should reach that says nothing about it itself."""


class Team(Entry, frozen=True, kw_only=True):
    """Reps who work together at one site."""

    site: Name
    monthly_targets: MonthlyTargets | UnsetType = UNSET
    """What it should reach in a calendar month of its site, in place of its site's; `{}`: nothing.

    Left out it is unset: the entry of a team without targets is as it was before there were any.
    """


class Rep(Entry, frozen=True, kw_only=True):
    """One rep. `team` None: has left, belongs to no team from then on."""

    team: Name | None


class Queue(Entry, frozen=True, kw_only=True):
    """A queue and its limits, which must be among the histogram's bounds to be counted exactly."""

    site: Name
    target_seconds: float = 20.0
    short_abandon_seconds: float = 5.0
    ghost_after_seconds: Annotated[float, Meta(ge=60, le=7 * 86_400)] = GHOST_AFTER_SECONDS
    """A call of which nothing was heard for so long is closed by us."""


class Roster(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole roster, as in the file that `ringside roster apply` reads."""

    sites: tuple[Site, ...] = ()
    teams: tuple[Team, ...] = ()
    reps: tuple[Rep, ...] = ()
    queues: tuple[Queue, ...] = ()
    activity_volume: tuple[str, ...] = tuple(measure.name for measure in ACTIVITY_VOLUME)
    """Which measures make up the KPI `activity_volume`."""


def default_limits() -> dict[str, float]:
    """Return the limits of a queue that the roster does not know."""
    return {"target_seconds": 20, "short_abandon_seconds": 5}
