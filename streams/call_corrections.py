"""A leg of a call whose statements were corrected, or taken back.

The state is what counts now; beside it stands what was told without corrections. A correction takes
the place of all statements of its type on its leg, whatever their times. A retraction names a type,
or takes back the whole leg.
"""

from typing import Any, cast

from schemas import events as e
from schemas.events import Event
from streams.call_counts import contributions
from streams.call_state import Call, Corrected
from streams.call_statements import HANDLERS
from streams.contradictions import ANSWER, ARRIVAL, TRANSFER
from streams.corrections import Correction, correction_of, in_force, said, with_correction
from streams.facts import NOTHING, Facts, difference

RETRACTED = "call.retracted"
RECORD = "call.completed"

_CLEARED: dict[str, dict[str, Any]] = {
    RECORD: {},
    "call.offered": {"offered_at": None},
    "call.dialled": {"offered_at": None},
    "call.connected": {"connected_at": None},
    "call.answered": {"answered_at": None},
    "call.held": {"holds": ()},
    "call.resumed": {"resumes": ()},
    "call.transferred": {"transferred_at": None, "transfer_kind": None},
    "call.abandoned": {"abandoned_at": None},
    "call.ended": {"ended_at": None},
    "call.wrapup_ended": {"wrapup_ended_at": None},
}
"""What each type of statement says, as if it had not been said; in the order of their taking in."""

_MARK = {
    "call.offered": ARRIVAL,
    "call.dialled": ARRIVAL,
    "call.answered": ANSWER,
    "call.transferred": TRANSFER,
}
"""Type -> which mark two statements of it leave that differ; it goes with them."""


def step(call: Call, event: Event) -> tuple[Call, Facts]:
    """Take in a correction, or an event of a leg that has some."""
    known = call.corrected or Corrected(call, ())
    base, corrections = known.base, known.corrections
    if event.causation_id is None and event.type != RETRACTED:
        base = told(base, event)
        if base is known.base:
            return call, NOTHING
    else:
        corrections = with_correction(corrections, _kept(event))
        if corrections is known.corrections:
            return call, NOTHING
    new = _effective(call, Corrected(base, corrections, known.moved))
    return new, difference(contributions(call), contributions(new))


def told(call: Call, event: Event) -> Call:
    """Take in a plain statement; a repeated or outdated one returns the same object.

    The PBX's own record of the whole call is final: nothing told in pieces changes it.
    """
    if call.durations is not None and type(event.data) is not e.CallCompleted:
        return call
    new: Call = HANDLERS[type(event.data)](call, event, event.data)
    return new


def _kept(event: Event) -> Correction:
    if event.type != RETRACTED:
        return correction_of(event, event.type, takes_back=False)
    data = cast("e.CallRetracted", event.data)
    return correction_of(event, data.statement or RETRACTED, takes_back=True)


def _effective(call: Call, corrected: Corrected) -> Call:
    """Return what counts: what was told, with what is corrected in its place."""
    base = corrected.base
    valid = in_force(corrected.corrections)
    if any(one.kind == RETRACTED for one in valid):
        new = Call(source=base.source, leg=base.leg, last_at=base.last_at)
    else:
        new = _overlaid(base, valid)
    new.last_at = max(base.last_at, *(one.at for one in corrected.corrections))
    new.corrected = corrected
    new.earlier_wait_seconds = call.earlier_wait_seconds
    if new.last_at == call.last_at:
        new.closed_by_us_at = call.closed_by_us_at
    return new


def _overlaid(base: Call, valid: list[Correction]) -> Call:
    new: Call = base.__copy__()  # type: ignore[attr-defined]  # msgspec's stubs lack it
    if any(one.kind == RECORD for one in valid):
        new = Call(source=base.source, leg=base.leg, last_at=base.last_at)
    for kind, cleared in _CLEARED.items():
        ours = [one for one in valid if one.kind == kind]
        if ours and new.durations is None:
            new = _restated(new, cleared, ours)
    return new


def _restated(call: Call, cleared: dict[str, Any], corrections: list[Correction]) -> Call:
    """Return the call without what was said of one kind, and with what is said now."""
    for name, value in cleared.items():
        setattr(call, name, value)
    if "answered_at" in cleared and (call.dialled_by or call.direction == "inbound"):
        call.rep = call.dialled_by
    call.contradicted &= ~_MARK.get(corrections[0].kind, 0)
    for one in corrections:
        if one.data is not None:
            call = told(call, said(one))
    return call
