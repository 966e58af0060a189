"""What one leg of a call counts: a function of its state alone, in the pane of its arrival."""

from schemas import measures as m
from streams.call_state import Call
from streams.facts import Dims, Fact

_ANSWERED_WAIT = m.ANSWERED_WAIT.cells
_ABANDONED_WAIT = m.ABANDONED_WAIT.cells
_TALK = m.TALK.cells
_HANDLE = m.HANDLE.cells
_bucket = m.ANSWERED_WAIT.bucket


def contributions(call: Call) -> tuple[Fact, ...]:
    """Return what this leg counts, slot by slot; nothing before its arrival is known."""
    at = call.offered_at
    if at is None:
        return ()
    queued = Dims(call.queue, "", call.direction, "", call.source)
    if call.in_menu:
        return (Fact(at, queued, ((m.CALLS_ENDED_IN_MENU.name, 1),)),)
    if call.direction == "outbound":
        return _outbound(call, at)
    facts = [Fact(at, queued, ((m.CALLS_OFFERED.name, 1),))]
    outcome = call.outcome
    if outcome == "answered":
        served = Dims(call.queue, call.rep, call.direction, "", call.source)
        facts.append(Fact(at, served, _answer_cells(call)))
        if call.closed_at is not None:
            facts.append(Fact(at, served, _handled_cells(call)))
    elif outcome == "abandoned":
        wait = _ABANDONED_WAIT[_bucket(call.wait_seconds)]
        facts.append(Fact(at, queued, ((m.CALLS_ABANDONED.name, 1), (wait, 1))))
    elif outcome == "flowed_out":
        facts.append(Fact(at, queued, ((m.CALLS_FLOWED_OUT.name, 1),)))
    return tuple(facts)


def _answer_cells(call: Call) -> tuple[tuple[str, float], ...]:
    wait = call.wait_seconds
    return (
        (m.CALLS_ANSWERED.name, 1),
        (m.CALL_WAIT.name, wait),
        (_ANSWERED_WAIT[_bucket(wait)], 1),
    )


def _handled_cells(call: Call) -> tuple[tuple[str, float], ...]:
    talk, hold, wrapup = call.talk_seconds, call.hold_seconds, call.wrapup_seconds
    cells = [
        (m.CALLS_HANDLED.name, 1),
        (m.CALL_TALK.name, talk),
        (_TALK[_bucket(talk)], 1),
        (_HANDLE[_bucket(talk + hold + wrapup)], 1),
    ]
    if wrapup:
        cells.append((m.CALL_WRAPUP.name, wrapup))
    if hold:
        cells.append((m.CALL_HOLD.name, hold))
    if call.holds:
        cells.append((m.CALL_HOLDS.name, len(call.holds)))
    if call.transferred_at is not None:
        blind = call.transfer_kind != "attended"
        transfers = m.CALLS_TRANSFERRED_BLIND if blind else m.CALLS_TRANSFERRED_ATTENDED
        cells.append((transfers.name, 1))
    return tuple(cells)


def _outbound(call: Call, at: float) -> tuple[Fact, ...]:
    dims = Dims(call.queue, call.rep, call.direction, "", call.source)
    facts = [Fact(at, dims, ((m.CALLS_DIALLED.name, 1),))]
    if call.answered_at is not None:
        facts.append(Fact(at, dims, ((m.CALLS_CONNECTED.name, 1),)))
        if call.closed_at is not None:
            facts.append(Fact(at, dims, ((m.OUTBOUND_TALK.name, call.talk_seconds),)))
    return tuple(facts)
