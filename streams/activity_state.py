"""What is kept of a logged activity, a lead or a source."""

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

import msgspec

from schemas import events as e
from schemas.events import Event
from streams.corrections import Correction, Moved

LOGGED = "activity.logged"


_Of = tuple[str, str, str, str | None, str | None, float | None]


class Said(NamedTuple):
    """One statement; "" where something was not said."""

    type: str
    at: float
    rep: str
    kind: str
    source: str
    customer: str = ""
    deal: str = ""


class Activity(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What of an activity or a lead has been counted: its event types, and the last time.

    Of an activity also what it was, which PostgreSQL keeps. Instants in seconds since 1970.
    """

    counted: tuple[str, ...] = ()
    """Event types, also of what was taken back."""
    last_at: float = 0.0
    source: str = ""
    rep: str = ""
    kind: str = ""
    customer: str | None = None
    deal: str | None = None
    logged_at: float | None = None
    """None: it is a lead, or a source, or was taken back."""
    lead: tuple[Said, ...] = ()
    """What was said of a lead: at most one statement of each type."""
    corrected: "ActivityCorrected | None" = None

    @property
    def said(self) -> tuple[Said, ...]:
        """The statements that count, at most one of each type."""
        if self.logged_at is None:
            return self.lead
        of = (self.rep, self.kind, self.source, self.customer or "", self.deal or "")
        return (Said(LOGGED, self.logged_at, *of), *self.lead)

    @property
    def is_lead(self) -> bool:
        """Whether it is a lead."""
        return any(type_.startswith("lead.") for type_ in self.counted)

    @property
    def is_activity(self) -> bool:
        """Whether it is an activity, taken back or not."""
        return any(type_.startswith("activity.") for type_ in self.counted)

    @staticmethod
    def of(statements: Collection[Said], last_at: float, counted: Iterable[str]) -> "Activity":
        """Return what follows from some statements, at most one of each type."""
        heard_of = tuple(sorted(set(counted)))
        lead: list[Said] = []
        of: _Of = ("", "", "", None, None, None)
        for one in statements:
            if one.type == LOGGED:
                of = (one.source, one.rep, one.kind, one.customer or None, one.deal or None, one.at)
            else:
                lead.append(one)
        return Activity(heard_of, last_at, *of, tuple(sorted(lead)))


class ActivityCorrected(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What it would be without corrections, the corrections, and what they moved."""

    base: Activity
    corrections: tuple[Correction, ...]
    moved: tuple[Moved, ...] = ()


def said_of(event: Event) -> Said:
    """Return what an event says of an activity or a lead."""
    data: Any = event.data
    if not isinstance(data, e.ActivityLogged):
        return Said(event.type, event.at, data.rep or "", "", event.source)
    of = (data.kind, event.source, data.customer or "", data.deal or "")
    return Said(event.type, event.at, data.rep, *of)
