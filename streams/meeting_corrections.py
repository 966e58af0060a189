"""What of a meeting was corrected, or taken back.

A correction of a booking takes the place of all bookings of the meeting, for it has one. Moves and
outcomes follow each other, so there a correction takes the place of the statement that it names.
"""

from collections.abc import Callable
from typing import cast
from zlib import crc32

import msgspec

from schemas import events as e
from schemas.events import Event
from streams.corrections import Correction, correction_of, in_force, said
from streams.corrections import with_correction as with_one
from streams.meeting_state import Ended, MeetingCorrected, Told

RETRACTED = "meeting.retracted"
BOOKED = "meeting.booked"
RESCHEDULED = "meeting.rescheduled"


def with_correction(corrected: MeetingCorrected | None, event: Event) -> MeetingCorrected | None:
    """Return what was corrected, with one more; the same object if that is known."""
    known = MeetingCorrected(()) if corrected is None else corrected
    corrections = with_one(known.corrections, _kept(event))
    if corrections is known.corrections:
        return corrected
    return msgspec.structs.replace(known, corrections=corrections)


def _kept(event: Event) -> Correction:
    if event.type != RETRACTED:
        return correction_of(event, event.type, takes_back=False)
    data = cast("e.MeetingRetracted", event.data)
    return correction_of(event, data.statement or RETRACTED, takes_back=True)


def effective(told: Told, corrected: MeetingCorrected, take: Callable[[Told, Event], Told]) -> Told:
    """Return what counts: what was told, with what is corrected in its place."""
    valid = in_force(corrected.corrections)
    if any(one.kind == RETRACTED for one in valid):
        return Told()
    void = {crc32(one.cause.encode()) for one in corrected.corrections if one.cause}
    all_of = {one.kind for one in valid if not one.cause}
    counted = Told(
        None if any(one.kind == BOOKED for one in valid) else told.booking,
        () if RESCHEDULED in all_of else tuple(one for one in told.moves if one.mark not in void),
        tuple(one for one in told.ends if one.mark not in void and _kind(one) not in all_of),
    )
    for one in valid:
        if one.data is not None:
            counted = take(counted, said(one))
    return counted


def _kind(end: Ended) -> str:
    return f"meeting.{end.outcome}"
