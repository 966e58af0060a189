"""What a call says to its customer's partition: a note per leg, when what it would say changes."""

from collections.abc import Iterator, Mapping, Sequence

from schemas.fields import MAX_LEG
from schemas.notes import CallNote
from streams.call_keys import call_id_and_leg, call_key
from streams.call_state import Call
from streams.notes import Told


def notes(key: str, old: Call | None, new: Call, calls: Mapping[str, Call]) -> Sequence[Told]:
    """Return what the change of one leg makes necessary to tell, and to whom.

    `calls` are all legs as they are now. A leg that names no customer has that of the first leg,
    which may become known after it.
    """
    customer, was = new.customer, old.customer if old is not None else None
    if new.leg == 1:
        told = _told(key, old, new, was, customer)
        if was == customer:
            return told
        call_id = call_id_and_leg(key)[0]
        return [*told, *_passed_on(call_id, was, customer, calls)]
    if customer is None or was is None:
        first = calls.get(call_key(call_id_and_leg(key)[0], 1))
        inherited = first.customer if first is not None else None
        customer, was = customer or inherited, was or inherited
    return _told(key, old, new, was if old is not None else None, customer)


def _passed_on(
    call_id: str, before: str | None, customer: str | None, calls: Mapping[str, Call]
) -> Iterator[Told]:
    """Tell of the further legs, which have the first one's customer."""
    for leg in range(2, MAX_LEG + 1):
        key = call_key(call_id, leg)
        call = calls.get(key)
        if call is None:
            return
        if call.customer is None:
            yield from _told(key, call, call, before, customer)


def _told(
    key: str, old: Call | None, new: Call, before: str | None, customer: str | None
) -> Sequence[Told]:
    told: list[Told] = []
    if before is not None and before != customer:
        told.append(Told(before, key, new.last_at, None))
    if customer is None:
        return told
    says = says_of(new)
    if says != (says_of(old) if old is not None and before == customer else None):
        told.append(Told(customer, key, new.last_at, says))
    return told


def says_of(call: Call) -> CallNote | None:
    """Return what there is to say of a leg; nothing before its arrival is known."""
    if call.offered_at is None:
        return None
    outcome = call.outcome
    over_at = call.closed_at if outcome in {"abandoned", "flowed_out"} else None
    if outcome is None and call.is_closed_by_us:
        over_at = call.last_at
    if call.direction == "outbound" and outcome != "answered":
        outcome = over_at = None
    return CallNote(
        call.source, call.direction, call.offered_at, call.queue, call.rep, outcome, over_at
    )
