"""One leg of a call as a state machine.

The state remembers when each thing happened, so the order in which events arrive does not matter.
"""

from typing import Any

from schemas import events as e
from schemas.events import Event
from streams.call_counts import contributions
from streams.call_state import Call
from streams.facts import NOTHING, Facts, difference

MAX_HOLDS = 64
OPEN_SECONDS = 7 * 86_400
"""How long an unended call is kept: the longest duration that the contract knows."""


def key(event: Event) -> str:
    """Return the table key: the call and its leg."""
    data: Any = event.data
    return event.subject if data.leg == 1 else f"{event.subject}#{data.leg}"


def step(call: Call | None, event: Event) -> tuple[Call, Facts]:
    """Take one event in. A repeated or outdated one changes nothing and returns the same object.

    The PBX's own record of the whole call is final: nothing told in pieces changes it.
    """
    old = call or Call()
    if old.durations is not None:
        return old, NOTHING
    new = _HANDLERS[type(event.data)](old, event, event.data)
    if new is old:
        return old, NOTHING
    before = contributions(old) if call is not None else ()
    return new, difference(before, contributions(new))


def is_live(call: Call) -> bool:
    """Whether the call waits in a queue or is in progress."""
    return call.offered_at is not None and call.closed_at is None and not call.in_menu


def expires_at(call: Call) -> float:
    """Return from which watermark on the call can be forgotten.

    Nothing older than the watermark is accepted, so a closed call needs to be kept only until the
    watermark has passed its last event: repetitions carry the same time and are late by then.
    """
    if call.closed_at is None and not call.in_menu:
        return call.last_at + OPEN_SECONDS
    if call.outcome == "answered" and call.wrapup_ended_at is None and call.durations is None:
        return call.last_at + 86_400  # after-call work may still be reported
    return call.last_at


def _earliest(old: float | None, at: float) -> bool:
    """Whether *at* is the better answer: of repetitions the earliest counts, in any order."""
    return old is None or at < old


def _offered(call: Call, event: Event, data: e.CallOffered) -> Call:
    if not _earliest(call.offered_at, event.at):
        return call
    return call.changed(
        event,
        queue=data.queue,
        customer=data.customer or call.customer,
        offered_at=event.at,
    )


def _dialled(call: Call, event: Event, data: e.CallDialled) -> Call:
    if not _earliest(call.offered_at, event.at):
        return call
    return call.changed(
        event,
        queue=data.queue or "",
        rep=call.rep or data.rep,
        direction="outbound",
        customer=data.customer or call.customer,
        offered_at=event.at,
    )


def _answered(call: Call, event: Event, data: e.CallAnswered) -> Call:
    if not _earliest(call.answered_at, event.at):
        return call
    return call.changed(event, rep=data.rep, answered_at=event.at)


def _held(call: Call, event: Event, _: e.CallHeld) -> Call:
    if event.at in call.holds or len(call.holds) >= MAX_HOLDS:
        return call
    return call.changed(event, holds=tuple(sorted((*call.holds, event.at))))


def _resumed(call: Call, event: Event, _: e.CallResumed) -> Call:
    if event.at in call.resumes or len(call.resumes) >= MAX_HOLDS:
        return call
    return call.changed(event, resumes=tuple(sorted((*call.resumes, event.at))))


def _transferred(call: Call, event: Event, data: e.CallTransferred) -> Call:
    if not _earliest(call.transferred_at, event.at):
        return call
    return call.changed(event, transferred_at=event.at, transfer_kind=data.kind)


def _abandoned(call: Call, event: Event, _: e.CallAbandoned) -> Call:
    if not _earliest(call.abandoned_at, event.at):
        return call
    return call.changed(event, abandoned_at=event.at)


def _ended(call: Call, event: Event, _: e.CallEnded) -> Call:
    if not _earliest(call.ended_at, event.at):
        return call
    return call.changed(event, ended_at=event.at)


def _wrapup_ended(call: Call, event: Event, _: e.CallWrapupEnded) -> Call:
    if not _earliest(call.wrapup_ended_at, event.at):
        return call
    return call.changed(event, wrapup_ended_at=event.at)


def _completed(call: Call, event: Event, data: e.CallCompleted) -> Call:
    """Take the PBX's own record, which wins over what was told in pieces."""
    answered = data.outcome == "answered"
    return call.changed(
        event,
        queue=data.queue or "",
        direction=data.direction,
        rep=data.rep or "",
        customer=data.customer or call.customer,
        offered_at=data.offered_at.timestamp(),
        answered_at=event.at - data.talk_seconds - data.hold_seconds if answered else None,
        abandoned_at=event.at if data.outcome == "abandoned" else None,
        transferred_at=event.at if data.outcome == "flowed_out" else call.transferred_at,
        ended_at=event.at if answered else None,
        in_menu=data.outcome == "menu",
        durations=(data.wait_seconds, data.talk_seconds, data.hold_seconds, data.wrapup_seconds),
    )


_HANDLERS: dict[type, Any] = {
    e.CallOffered: _offered,
    e.CallDialled: _dialled,
    e.CallAnswered: _answered,
    e.CallHeld: _held,
    e.CallResumed: _resumed,
    e.CallTransferred: _transferred,
    e.CallAbandoned: _abandoned,
    e.CallEnded: _ended,
    e.CallWrapupEnded: _wrapup_ended,
    e.CallCompleted: _completed,
}
