"""One leg of a call as a state machine.

The state keeps the time of each thing that happened, so the order of arrival does not matter.
"""

from typing import Any

from schemas import events as e
from schemas.events import Event
from streams import call_corrections
from streams.call_counts import changes
from streams.call_keys import call_key
from streams.call_state import Call
from streams.call_statements import HANDLERS
from streams.facts import NOTHING, Facts

OPEN_SECONDS = 7 * 86_400.0
"""How long a call without an end is kept: the longest duration that the contract allows."""
WRAPUP_SECONDS = 86_400.0
"""How long an answered call waits for the end of its after-call work."""
NEXT_LEG_SECONDS = 86_400.0
"""How long a transferred call is kept for the next leg, which may be reported at its end."""

_UNKNOWN = Call()


def key(event: Event) -> str:
    """Return the key in the fold's entities: the call and its leg."""
    leg: int = event.data.leg  # type: ignore[union-attr]  # all facts about calls have one
    call_id = event.subject
    return call_id if leg == 1 and "#" not in call_id else call_key(call_id, leg)


def step(call: Call | None, event: Event, _horizon_at: float = 0.0) -> tuple[Call, Facts]:
    """Take in one event. A repeated or outdated one changes nothing and returns the same object.

    The PBX's own record of the whole call is final: events about its parts do not change it.
    """
    data: Any = event.data
    if event.causation_id is not None or (call is not None and call.corrected is not None):
        return call_corrections.step(_leg(call, data), event)
    if call is None:
        old = _leg(None, data)
    else:
        old = call
        if old.durations is not None and type(data) is not e.CallCompleted:
            if type(data) is e.CallRetracted:
                return call_corrections.step(old, event)
            return old, NOTHING
    handle = HANDLERS.get(type(data))
    if handle is None:
        return call_corrections.step(old, event)
    new = handle(old, event, data)
    if new is old:
        return old, NOTHING
    return new, changes(old, new)


def _leg(call: Call | None, data: Any) -> Call:  # noqa: ANN401 - one of the facts about calls
    """Return the known leg, or a new one."""
    if call is not None:
        return call
    return _UNKNOWN if data.leg == 1 else Call(leg=data.leg)


def is_live(call: Call) -> bool:
    """Return whether the call waits in a queue or is in progress."""
    # Spelled out instead of `closed_at is None`, because this runs for every event.
    return (
        call.offered_at is not None
        and call.ended_at is None
        and call.transferred_at is None
        and (call.answered_at is not None or call.abandoned_at is None)
        and call.closed_by_us_at is None
        and not call.in_menu
    )


def expires_at(call: Call) -> float:
    """Return the watermark, in seconds since 1970, from which on the call can be forgotten.

    Nothing older than the watermark is accepted, so a closed call is kept only until the watermark
    has passed its last event: a repetition carries the same time and is late by then. A transferred
    call is kept longer, because the next leg needs to know how long the customer waited on it.
    """
    if call.transferred_at is not None:
        return call.last_at + NEXT_LEG_SECONDS
    if call.in_menu or call.durations is not None:
        return call.last_at
    if call.closed_at is None:
        return call.last_at + OPEN_SECONDS
    if call.answered_at is not None and call.wrapup_ended_at is None:
        return call.last_at + WRAPUP_SECONDS
    return call.last_at
