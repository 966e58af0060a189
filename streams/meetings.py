"""A meeting as a state machine: booked, moved, and one outcome. A reschedule is no new meeting.

What is kept are the statements themselves, as many as it takes, each kind in an order of its own:
whatever order they came in, and however often, the same ones make the same meeting.
"""

from typing import Any, TypeVar
from zlib import crc32

import msgspec

from schemas import events as e
from schemas import measures as m
from schemas.events import Event
from streams import meeting_corrections
from streams.facts import NOTHING, Fact, Facts, difference, dims_of
from streams.meeting_state import (
    Booking,
    Ended,
    Meeting,
    MeetingCorrected,
    Move,
    Outcome,
    Told,
    told_of,
)

__all__ = ["Meeting", "MeetingCorrected"]

MAX_MOVES = 32
MAX_ENDS = 32
KEPT_SECONDS = 30 * 86_400
"""How long a meeting is kept after its start, or after the last word on it.

Also one that has its outcome: a no-show is often moved to another day, and then held.
"""

_OUTCOME: dict[type, Outcome] = {
    e.MeetingHeld: "held",
    e.MeetingNoShow: "no_show",
    e.MeetingCancelled: "cancelled",
}
_CELL: dict[Outcome, str] = {
    "held": m.MEETINGS_HELD.name,
    "no_show": m.MEETINGS_NO_SHOW.name,
    "cancelled": m.MEETINGS_CANCELLED.name,
}


_S = TypeVar("_S", bound=msgspec.Struct)


def step(meeting: Meeting | None, event: Event, _horizon_at: float = 0.0) -> tuple[Meeting, Facts]:
    """Take one event in. A repeated one changes nothing and returns the same object."""
    old = meeting or Meeting()
    told, corrected = told_of(old), old.corrected
    if event.causation_id is None and type(event.data) is not e.MeetingRetracted:
        new_told = take(told, event)
        if new_told is told and meeting is not None:
            return old, NOTHING
    else:
        corrected = meeting_corrections.with_correction(corrected, event)
        if corrected is old.corrected:
            return old, NOTHING
        new_told = told
    new_told = msgspec.structs.replace(new_told, last_at=max(told.last_at, event.at))
    new = _meeting(new_told, corrected)
    return new, difference(contributions(old), contributions(new))


def expires_at(meeting: Meeting) -> float:
    """Return from which watermark on the meeting can be forgotten."""
    return max(meeting.starts_at or 0.0, meeting.last_at) + KEPT_SECONDS


def contributions(meeting: Meeting) -> tuple[Fact, ...]:
    """Return what the meeting counts; nothing before its booking, and so its rep, is known."""
    if meeting.booked_at is None:
        return ()
    dims = dims_of("", meeting.rep, "", "", meeting.source)
    facts = [Fact(meeting.booked_at, dims, ((m.MEETINGS_BOOKED.name, 1),))]
    if meeting.outcome is not None and meeting.outcome_at is not None:
        facts.append(Fact(meeting.outcome_at, dims, ((_CELL[meeting.outcome], 1),)))
    moved = ((m.MEETINGS_RESCHEDULED.name, 1),)
    return (*facts, *(Fact(at, dims, moved) for at in meeting.moves))


def take(told: Told, event: Event) -> Told:
    """Take in a statement; what is known already returns the same object."""
    data: Any = event.data
    mark = crc32(event.id.encode())
    replace = msgspec.structs.replace
    if isinstance(data, e.MeetingBooked):
        of = (data.customer or "", data.deal or "", data.starts_at.timestamp())
        booking = Booking(event.at, data.rep, event.source, *of)
        if told.booking is not None and told.booking <= booking:
            return told
        return replace(told, booking=booking)
    if isinstance(data, e.MeetingRescheduled):
        move = Move(event.at, data.starts_at.timestamp(), mark)
        moves = _with(told.moves, move, MAX_MOVES)
        return told if moves is told.moves else replace(told, moves=moves)
    # Zoom may say "ended" twice and a no-show may turn out held.
    ends = _with(told.ends, Ended(event.at, _OUTCOME[type(data)], mark), MAX_ENDS)
    return told if ends is told.ends else replace(told, ends=ends)


def _meeting(told: Told, corrected: MeetingCorrected | None) -> Meeting:
    """Return what follows from what was said: the latest outcome counts, and every move."""
    counted = told if corrected is None else meeting_corrections.effective(told, corrected, take)
    new = Meeting(last_at=told.last_at, told=told, corrected=corrected)
    replace = msgspec.structs.replace
    booking = counted.booking
    if booking is not None:
        new = replace(
            new,
            source=booking.source,
            rep=booking.rep,
            customer=booking.customer or None,
            booked_at=booking.at,
            starts_at=booking.starts_at,
            deal=booking.deal or None,
        )
    if counted.moves:
        # Of several moves told for one time, the least start.
        ats = tuple(sorted({move.at for move in counted.moves}))
        starts_at = min(move.starts_at for move in counted.moves if move.at == ats[-1])
        new = replace(new, moves=ats, starts_at=starts_at)
    if counted.ends:
        # Of two with one time the first by its text, so that the order of arrival does not matter.
        end = min(counted.ends, key=lambda one: (-one.at, one.outcome))
        new = replace(new, outcome=end.outcome, outcome_at=end.at)
    return new


def _with(said: tuple[_S, ...], new: _S, at_most: int) -> tuple[_S, ...]:
    """Return *said* with *new* in its place; the same object if nothing changes.

    Past `at_most` the first ones and the very last stay: what is kept depends on what was said, not
    on the order in which it came.
    """
    if new in said:
        return said
    longer = sorted((*said, new), key=msgspec.structs.astuple)
    kept = (*longer[: at_most - 1], longer[-1]) if len(longer) > at_most else tuple(longer)
    return said if kept == said else kept
