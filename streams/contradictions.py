"""Two statements about one call, of one kind and one time, that differ.

Nothing could say which is right. So that the order in which they arrive decides nothing either, the
one that comes first by its text counts, and the call is marked: whoever finds many has a PBX, or
two sources, to look at. Two tokens of one customer, from before and after the key of tokens was
exchanged, are no contradiction: the older key's counts.
"""

from typing import Any, NamedTuple

from schemas import events as e
from schemas.customers import may_be_one
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
    new = call if _agree(told, known) else _marked(call, ARRIVAL)
    if _rank(told) < _rank(known):
        new = _copy(new)
        new.direction, new.queue, new.source, new.customer = told
        new.dialled_by = rep or ""
    elif rep is not None and told == known and rep < call.dialled_by:
        new = _copy(new)
        new.dialled_by = rep
    if new is not call and call.answered_at is None:
        new.rep = new.dialled_by
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
    if not (
        may_be_one(call.customer, other.customer) and _record(call)[:-1] == _record(other)[:-1]
    ):
        new.contradicted |= RECORD
    new.last_at = max(winner.last_at, loser.last_at)
    new.earlier_wait_seconds = call.earlier_wait_seconds
    return new if new != call else call


def _agree(told: Arrival, known: Arrival) -> bool:
    """Return whether two say the same; another source may say it as well."""
    if (told.direction, told.queue) != (known.direction, known.queue):
        return False
    return may_be_one(told.customer, known.customer)


def _rank(told: Arrival) -> tuple[str, str, str, str]:
    return told.direction, told.queue, told.source, told.customer or ""


def _record(call: Call) -> tuple[Any, ...]:
    return (
        *(call.closed_at or 0.0, call.source, call.queue, call.direction, call.rep),
        *(call.offered_at or 0.0, call.outcome or "", call.durations or (), call.customer or ""),
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
