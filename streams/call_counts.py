"""What one leg of a call counts: a function of its state alone, in the pane of its arrival.

It counts in three slots: that it came, how it was met, and how it was handled. An event changes few
of them; `changes` computes only those whose inputs differ.
"""

from bisect import bisect_left
from collections.abc import Sequence

from schemas import measures as m
from streams.call_state import Call
from streams.facts import KNOWN_DIMS, Cells, Fact, difference

_OFFERED = ((m.CALLS_OFFERED.name, 1),)
_IN_MENU = ((m.CALLS_ENDED_IN_MENU.name, 1),)
_DIALLED = ((m.CALLS_DIALLED.name, 1),)
_CONNECTED = ((m.CALLS_CONNECTED.name, 1),)
_FLOWED_OUT = ((m.CALLS_FLOWED_OUT.name, 1),)
_ANSWERED = (m.CALLS_ANSWERED.name, 1)
_ABANDONED = (m.CALLS_ABANDONED.name, 1)
_HANDLED = (m.CALLS_HANDLED.name, 1)
_BLIND = (m.CALLS_TRANSFERRED_BLIND.name, 1)
_ATTENDED = (m.CALLS_TRANSFERRED_ATTENDED.name, 1)
_WAIT, _TALK, _HOLD, _WRAPUP, _HOLDS, _OUTBOUND_TALK = (
    measure.name
    for measure in (
        m.CALL_WAIT,
        m.CALL_TALK,
        m.CALL_HOLD,
        m.CALL_WRAPUP,
        m.CALL_HOLDS,
        m.OUTBOUND_TALK,
    )
)


def _ones(histogram: m.Histogram) -> tuple[tuple[str, int], ...]:
    """Return, per bucket, the pair that counts one in it."""
    return tuple((cell, 1) for cell in histogram.cells)


_ANSWERED_WAIT_ONES = _ones(m.ANSWERED_WAIT)
_ABANDONED_WAIT_ONES = _ones(m.ABANDONED_WAIT)
_TALK_ONES = _ones(m.TALK)
_HANDLE_ONES = _ones(m.HANDLE)
_BOUNDS = tuple(map(float, m.SECONDS_BOUNDS))
"""Those of every histogram; floats, because to compare one with an int costs more."""


def contributions(call: Call) -> tuple[Fact, ...]:
    """Return what this leg counts, slot by slot; nothing before its arrival is known."""
    if call.offered_at is None:
        return ()
    arrival = _arrival(call)
    met = _met(call)
    if met is None:
        return (arrival,)
    handled = _handled(call)
    return (arrival, met) if handled is None else (arrival, met, handled)


def changes(old: Call, new: Call) -> Sequence[Fact]:
    """Return the facts that turn what *old* counted into what *new* counts."""
    if old.offered_at is None:
        # Most often it is the first that is heard of it.
        return (_arrival(new),) if new.is_untouched else contributions(new)
    if new.offered_at is not old.offered_at or new.durations is not None:
        return difference(contributions(old), contributions(new))
    if new.direction == "outbound" and new.rep is not old.rep:
        # The rep who talked is another than the one who, or for whom a dialler, dialled.
        return difference(contributions(old), contributions(new))
    if new.wrapup_ended_at is not old.wrapup_ended_at:
        return _wrapped_up(old, new)
    met: Sequence[Fact] = ()
    handled: Sequence[Fact] = ()
    # Once answered, nothing but another answer changes how a call was met.
    if new.answered_at is None or new.answered_at is not old.answered_at:
        met = _replaced(None if old.is_untouched else _met(old), _met(new))
    # Only the end of the conversation, or what follows it, changes how a call was handled.
    if new.answered_at is not None and (new.ended_at is not None or new.transferred_at is not None):
        handled = _replaced(_handled(old), _handled(new))
    return (*met, *handled) if met and handled else met or handled


def _wrapped_up(old: Call, new: Call) -> Sequence[Fact]:
    """Return what the end of after-call work changes: its seconds, and a bucket perhaps."""
    if new.answered_at is None or new.closed_at is None or new.direction == "outbound":
        return ()
    conversation = new.talk_seconds + (new.hold_seconds if new.holds else 0.0)
    before, after = old.wrapup_seconds, new.wrapup_seconds
    cells: Cells = ((_WRAPUP, after - before),) if after != before else ()
    was = bisect_left(_BOUNDS, conversation + before)
    now = bisect_left(_BOUNDS, conversation + after)
    if was != now:
        cells = (*cells, (_HANDLE_ONES[was][0], -1), _HANDLE_ONES[now])
    dims = KNOWN_DIMS[new.queue, new.rep, new.direction, "", new.source]
    return (Fact(new.offered_at or 0.0, dims, cells),) if cells else ()


def _replaced(old: Fact | None, new: Fact | None) -> Sequence[Fact]:
    told = () if new is None else (new,)
    return told if old is None else difference((old,), told)


def _arrival(call: Call) -> Fact:
    at = call.offered_at or 0.0
    if call.direction == "outbound":
        return Fact(at, KNOWN_DIMS[call.queue, call.rep, "outbound", "", call.source], _DIALLED)
    cells = _IN_MENU if call.in_menu else _OFFERED
    return Fact(at, KNOWN_DIMS[call.queue, "", "inbound", "", call.source], cells)


def _met(call: Call) -> Fact | None:
    """Answered, abandoned, flowed out; an outbound call: connected. None while it waits."""
    at, outcome = call.offered_at or 0.0, call.outcome
    if outcome is None or outcome == "menu":
        return None
    if outcome == "answered":
        served = KNOWN_DIMS[call.queue, call.rep, call.direction, "", call.source]
        if call.direction == "outbound":
            return Fact(at, served, _CONNECTED)
        wait = call.wait_seconds
        wait_one = _ANSWERED_WAIT_ONES[bisect_left(_BOUNDS, wait)]
        return Fact(at, served, (_ANSWERED, (_WAIT, wait), wait_one))
    if call.direction == "outbound":
        return None
    queued = KNOWN_DIMS[call.queue, "", "inbound", "", call.source]
    if outcome == "abandoned":
        wait_one = _ABANDONED_WAIT_ONES[bisect_left(_BOUNDS, call.wait_seconds)]
        return Fact(at, queued, (_ABANDONED, wait_one))
    return Fact(at, queued, _FLOWED_OUT)


def _handled(call: Call) -> Fact | None:
    """The conversation and what followed; None before it is over."""
    if call.answered_at is None or (call.ended_at is None and call.transferred_at is None):
        return None
    dims = KNOWN_DIMS[call.queue, call.rep, call.direction, "", call.source]
    talk = call.talk_seconds
    if call.direction == "outbound":
        return Fact(call.offered_at or 0.0, dims, ((_OUTBOUND_TALK, talk),))
    hold, wrapup = call.hold_seconds if call.holds or call.durations else 0.0, call.wrapup_seconds
    cells: list[tuple[str, float]] = [
        _HANDLED,
        (_TALK, talk),
        _TALK_ONES[bisect_left(_BOUNDS, talk)],
        _HANDLE_ONES[bisect_left(_BOUNDS, talk + hold + wrapup)],
    ]
    if wrapup:
        cells.append((_WRAPUP, wrapup))
    if hold:
        cells.append((_HOLD, hold))
    if call.holds:
        cells.append((_HOLDS, len(call.holds)))
    if call.transferred_at is not None:
        cells.append(_ATTENDED if call.transfer_kind == "attended" else _BLIND)
    return Fact(call.offered_at or 0.0, dims, tuple(cells))
