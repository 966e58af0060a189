"""What is kept of a meeting: what was said of it, and what of that counts."""

from typing import Literal

import msgspec

from streams.corrections import Correction, Moved

Outcome = Literal["held", "no_show", "cancelled"]


class Booking(msgspec.Struct, frozen=True, array_like=True, order=True, gc=False):
    """It was arranged at `at`. Of several the least counts: the earliest, then by its text."""

    at: float
    rep: str
    source: str
    customer: str = ""
    deal: str = ""
    starts_at: float = 0.0


class Move(msgspec.Struct, frozen=True, array_like=True, order=True, gc=False):
    """It was moved at `at`."""

    at: float
    starts_at: float
    mark: int = 0
    """Which event said so: a checksum of its id, for those that correct it."""


class Ended(msgspec.Struct, frozen=True, array_like=True, order=True, gc=False):
    """It had this outcome at `at`."""

    at: float
    outcome: Outcome
    mark: int = 0


class Told(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What was said of a meeting without corrections."""

    booking: Booking | None = None
    moves: tuple[Move, ...] = ()
    ends: tuple[Ended, ...] = ()
    last_at: float = 0.0
    """The latest time of anything that was said, a correction or not."""


class MeetingCorrected(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The corrections of a meeting, and what they moved."""

    corrections: tuple[Correction, ...]
    moved: tuple[Moved, ...] = ()


class Meeting(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is known of a meeting. Instants in seconds since 1970."""

    source: str = ""
    rep: str = ""
    customer: str | None = None
    booked_at: float | None = None
    starts_at: float | None = None
    moves: tuple[float, ...] = ()
    outcome: Outcome | None = None
    outcome_at: float | None = None
    last_at: float = 0.0
    deal: str | None = None
    told: Told | None = None
    """What all of this follows from; None in a changelog of an older release."""
    corrected: MeetingCorrected | None = None


def told_of(meeting: Meeting) -> Told:
    """Return what was said of a meeting; of an older release's state, what can be known of it."""
    if meeting.told is not None:
        return meeting.told
    starts_at = meeting.starts_at or 0.0
    booking = None
    if meeting.booked_at is not None:
        of = (meeting.customer or "", meeting.deal or "")
        booking = Booking(meeting.booked_at, meeting.rep, meeting.source, *of, starts_at)
    moves = tuple(Move(at, starts_at) for at in meeting.moves)
    ends: tuple[Ended, ...] = ()
    if meeting.outcome is not None and meeting.outcome_at is not None:
        ends = (Ended(meeting.outcome_at, meeting.outcome),)
    return Told(booking, moves, ends, meeting.last_at)
