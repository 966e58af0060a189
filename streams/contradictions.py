"""Two statements about one call, of one kind and one time, that differ.

Nothing could say which is right. So that the order in which they arrive decides nothing either, the
one that comes first by its text counts, and the call is marked: whoever finds many has a PBX, or
two sources, to look at.
"""

from typing import Any, NamedTuple

from schemas import events as e
from streams.call_state import Call

ARRIVAL, ANSWER, TRANSFER, RECORD = 1, 2, 4, 8
"""The kinds, as bits of `Call.contradicted`. A bit is about the statement that counts."""


class Arrival(NamedTuple):
    """What a statement says of how a call came."""

    direction: e.Direction
    queue: str
    source: str
    customer: str | None


def other_arrival(call: Call, told: Arrival, rep: str | None) -> Call:
    """Weigh another statement of the arrival; `rep` is who dialled."""
    known = Arrival(call.direction, call.queue, call.source, call.customer)
    new = _marked(call, ARRIVAL) if _said(told) != _said(known) else call
    if _rank(told) < _rank(known):
        new = _copy(new)
        new.direction, new.queue, new.source, new.customer = told
        if call.answered_at is None:
            new.rep = rep or ""
    elif rep is not None and told == known and call.answered_at is None and rep < call.rep:
        new = _copy(new)
        new.rep = rep
    return new


def other_answer(call: Call, rep: str) -> Call:
    """Weigh another answer of the same time."""
    if rep == call.rep:
        return call
    new = _copy(_marked(call, ANSWER))
    new.rep = min(rep, call.rep)
    return new


def other_transfer(call: Call, kind: e.TransferKind) -> Call:
    """Weigh another transfer of the same time."""
    if kind == call.transfer_kind or call.transfer_kind is None:
        return call
    new = _copy(_marked(call, TRANSFER))
    new.transfer_kind = min(kind, call.transfer_kind)
    return new


def other_record(call: Call, other: Call) -> Call:
    """Weigh another record of the whole call: the one that ended first counts."""
    if _record(call) == _record(other):
        return call
    winner, loser = (call, other) if _record(call) <= _record(other) else (other, call)
    new = _copy(winner)
    new.contradicted |= RECORD
    new.last_at = max(winner.last_at, loser.last_at)
    new.earlier_wait_seconds = call.earlier_wait_seconds
    return new if new != call else call


def _said(told: Arrival) -> tuple[str, str, str | None]:
    return told.direction, told.queue, told.customer


def _rank(told: Arrival) -> tuple[str, str, str, str]:
    return told.direction, told.queue, told.source, told.customer or ""


def _record(call: Call) -> tuple[Any, ...]:
    return (
        *(call.closed_at or 0.0, call.source, call.queue, call.direction, call.rep),
        *(call.customer or "", call.offered_at or 0.0, call.outcome or "", call.durations or ()),
    )


def _marked(call: Call, bit: int) -> Call:
    if call.contradicted & bit:
        return call
    new = _copy(call)
    new.contradicted |= bit
    return new


def _copy(call: Call) -> Call:
    new: Call = call.__copy__()  # type: ignore[attr-defined]  # msgspec's stubs lack it
    return new
