"""What each statement about a call changes in what is known of its leg."""

from typing import Any

from schemas import events as e
from schemas.events import Event
from streams.call_state import Call
from streams.contradictions import (
    ANSWER,
    ARRIVAL,
    TRANSFER,
    Arrival,
    other_answer,
    other_arrival,
    other_record,
    other_transfer,
)

MAX_HOLDS = 64

_UNKNOWN = Call()

# Of repetitions the earliest counts, so that the order of arrival does not matter. Of two that
# differ and have one time, the one that comes first by its text (streams/contradictions.py).


def _offered(call: Call, event: Event, data: e.CallOffered) -> Call:
    if call.offered_at is not None and event.at >= call.offered_at:
        if event.at > call.offered_at:
            return call
        return other_arrival(
            call, Arrival("inbound", data.queue, event.source, data.customer), None
        )
    new = call.after(event)
    new.source, new.queue, new.offered_at = event.source, data.queue, event.at
    new.direction, new.customer = "inbound", data.customer
    if call.contradicted:
        new.contradicted &= ~ARRIVAL
    return new


def _dialled(call: Call, event: Event, data: e.CallDialled) -> Call:
    if call.offered_at is not None and event.at >= call.offered_at:
        if event.at > call.offered_at:
            return call
        told = Arrival("outbound", data.queue or "", event.source, data.customer)
        return other_arrival(call, told, data.rep)
    new = call.after(event)
    new.source, new.queue, new.offered_at = event.source, data.queue or "", event.at
    new.direction, new.customer, new.dialled_by = "outbound", data.customer, data.rep
    if call.answered_at is None:
        new.rep = data.rep
    if call.contradicted:
        new.contradicted &= ~ARRIVAL
    return new


def _connected(call: Call, event: Event, _: e.CallConnected) -> Call:
    if call.connected_at is not None and event.at >= call.connected_at:
        return call
    new = call.after(event)
    new.connected_at = event.at
    return new


def _answered(call: Call, event: Event, data: e.CallAnswered) -> Call:
    if call.answered_at is not None and event.at >= call.answered_at:
        return call if event.at > call.answered_at else other_answer(call, data.rep)
    new = call.after(event)
    new.rep, new.answered_at = data.rep, event.at
    if call.contradicted:
        new.contradicted &= ~ANSWER
    return new


def _held(call: Call, event: Event, _: e.CallHeld) -> Call:
    if event.at in call.holds or len(call.holds) >= MAX_HOLDS:
        return call
    new = call.after(event)
    new.holds = tuple(sorted((*call.holds, event.at)))
    return new


def _resumed(call: Call, event: Event, _: e.CallResumed) -> Call:
    if event.at in call.resumes or len(call.resumes) >= MAX_HOLDS:
        return call
    new = call.after(event)
    new.resumes = tuple(sorted((*call.resumes, event.at)))
    return new


def _transferred(call: Call, event: Event, data: e.CallTransferred) -> Call:
    if call.transferred_at is not None and event.at >= call.transferred_at:
        return call if event.at > call.transferred_at else other_transfer(call, data.kind)
    new = call.after(event)
    new.transferred_at, new.transfer_kind = event.at, data.kind
    if call.contradicted:
        new.contradicted &= ~TRANSFER
    return new


def _abandoned(call: Call, event: Event, _: e.CallAbandoned) -> Call:
    if call.abandoned_at is not None and event.at >= call.abandoned_at:
        return call
    new = call.after(event)
    new.abandoned_at = event.at
    return new


def _ended(call: Call, event: Event, _: e.CallEnded) -> Call:
    if call.ended_at is not None and event.at >= call.ended_at:
        return call
    new = call.after(event)
    new.ended_at = event.at
    return new


def _wrapup_ended(call: Call, event: Event, _: e.CallWrapupEnded) -> Call:
    if call.wrapup_ended_at is not None and event.at >= call.wrapup_ended_at:
        return call
    new = call.after(event)
    new.wrapup_ended_at = event.at
    return new


def _completed(call: Call, event: Event, data: e.CallCompleted) -> Call:
    """Take the PBX's own record: nothing told in pieces, before it or after, counts beside it.

    Of two records that differ, the one that ended first counts.
    """
    if call.durations is not None:
        return other_record(call, _of_record(_UNKNOWN, event, data))
    return _of_record(call, event, data)


def _of_record(call: Call, event: Event, data: e.CallCompleted) -> Call:
    at, answered = event.at, data.outcome == "answered"
    new = call.after(event)
    new.source, new.queue, new.direction = event.source, data.queue or "", data.direction
    new.rep, new.customer, new.leg = data.rep or "", data.customer, data.leg
    new.offered_at, new.connected_at = data.offered_at.timestamp(), None
    new.answered_at = at - data.talk_seconds - data.hold_seconds if answered else None
    new.abandoned_at = at if data.outcome == "abandoned" else None
    new.transferred_at = at if data.outcome == "flowed_out" else None
    new.transfer_kind = None
    new.ended_at = at if answered else None
    new.wrapup_ended_at, new.holds, new.resumes = None, (), ()
    new.in_menu, new.contradicted = data.outcome == "menu", 0
    new.durations = (
        data.wait_seconds,
        data.talk_seconds,
        data.hold_seconds,
        data.wrapup_seconds,
    )
    return new


HANDLERS: dict[type, Any] = {
    e.CallOffered: _offered,
    e.CallDialled: _dialled,
    e.CallConnected: _connected,
    e.CallAnswered: _answered,
    e.CallHeld: _held,
    e.CallResumed: _resumed,
    e.CallTransferred: _transferred,
    e.CallAbandoned: _abandoned,
    e.CallEnded: _ended,
    e.CallWrapupEnded: _wrapup_ended,
    e.CallCompleted: _completed,
}
