"""What a calendar says of meetings."""

from typing import Literal

from schemas.fields import Fact, Instant, Name


class MeetingBooked(Fact, frozen=True):
    """A meeting was arranged."""

    rep: Name
    starts_at: Instant
    customer: Name | None = None
    deal: Name | None = None
    """The deal that it is about, if the calendar knows."""


class MeetingRescheduled(Fact, frozen=True):
    """The meeting has a new start; it stays one meeting."""

    starts_at: Instant


class MeetingHeld(Fact, frozen=True):
    """The meeting took place."""


class MeetingNoShow(Fact, frozen=True):
    """The customer did not come."""


class MeetingCancelled(Fact, frozen=True):
    """The meeting will not take place."""


MeetingStatement = Literal[
    "meeting.booked",
    "meeting.rescheduled",
    "meeting.held",
    "meeting.no_show",
    "meeting.cancelled",
]


class MeetingRetracted(Fact, frozen=True):
    """There was no such meeting, or one statement about it was wrong.

    With a `statement` and a `causationid` that one is taken back; without `causationid` all of that
    kind. A statement that was wrong and is told anew needs none of this: it names in `causationid`
    what it corrects.
    """

    statement: MeetingStatement | None = None


MeetingFact = (
    MeetingBooked
    | MeetingRescheduled
    | MeetingHeld
    | MeetingNoShow
    | MeetingCancelled
    | MeetingRetracted
)
