"""What one leg of a call counts: a function of its state alone, in the pane of its arrival.

It counts in four slots: that it came, how it was met, how it was handled, and (in the pane of its
end) that it is over. An event changes few of them; `changes` computes only those whose inputs
differ.
"""

from bisect import bisect_left
from collections.abc import Sequence

from schemas import measures as m
from schemas.measure import Histogram
from schemas.measures import QUARTER_SECONDS
from streams import outbound
from streams.call_ends import ended
from streams.call_state import Call
from streams.facts import KNOWN_DIMS, Cells, Fact, difference, replaced

_OFFERED = ((m.CALLS_OFFERED.name, 1),)
_IN_MENU = ((m.CALLS_ENDED_IN_MENU.name, 1),)
_DIALLED = ((m.CALLS_DIALLED.name, 1),)
_AGAIN = ((m.CALLS_OFFERED_AGAIN.name, 1),)
_CONTRADICTED = ((m.CALLS_CONTRADICTED.name, 1),)
_CORRECTED = ((m.CALLS_CORRECTED.name, 1),)
_RETRACTED = ((m.CALLS_RETRACTED.name, 1),)
_MOVED_AWAY = ((m.CALLS_MOVED_AWAY.name, 1),)
_CLOSED_WAITING = ((m.CALLS_CLOSED_WAITING.name, 1),)
_CLOSED_TALKING = (m.CALLS_CLOSED_TALKING.name, 1)
_EARLIER_WAIT = m.CALL_EARLIER_WAIT.name
_BY_RECORD = ((m.CALLS_TOLD_BY_RECORD.name, 1),)
_WITHOUT_OFFER = ((m.CALLS_ANSWERED_WITHOUT_OFFER.name, 1),)
_FLOWED_OUT = ((m.CALLS_FLOWED_OUT.name, 1),)
_ANSWERED = (m.CALLS_ANSWERED.name, 1)
_ABANDONED = (m.CALLS_ABANDONED.name, 1)
_HANDLED = (m.CALLS_HANDLED.name, 1)
_WITHOUT_ANSWER = (m.CALLS_ENDED_WITHOUT_ANSWER.name, 1)
_OUT_OF_SEQUENCE = (m.CALLS_OUT_OF_SEQUENCE.name, 1)
_BLIND = (m.CALLS_TRANSFERRED_BLIND.name, 1)
_ATTENDED = (m.CALLS_TRANSFERRED_ATTENDED.name, 1)
_WAIT, _TALK, _HOLD, _WRAPUP, _HOLDS = (
    measure.name for measure in (m.CALL_WAIT, m.CALL_TALK, m.CALL_HOLD, m.CALL_WRAPUP, m.CALL_HOLDS)
)


def _ones(histogram: Histogram) -> tuple[tuple[str, int], ...]:
    """Return, per bucket, the pair that counts one in it."""
    return tuple((cell, 1) for cell in histogram.cells)


_ANSWERED_WAIT_ONES = _ones(m.ANSWERED_WAIT)
_ABANDONED_WAIT_ONES = _ones(m.ABANDONED_WAIT)
_TALK_ONES = _ones(m.TALK)
_HANDLE_ONES = _ones(m.HANDLE)
_BOUNDS = tuple(map(float, m.SECONDS_BOUNDS))
"""Those of every histogram; floats, because to compare one with an int costs more."""


def contributions(call: Call) -> tuple[Fact, ...]:
    """Return what this leg counts, slot by slot; before its arrival is known, only a bad sign."""
    if call.corrected is not None:
        return (*_own(call), *_moved_away(call, call.corrected.base))
    return _own(call)


def _own(call: Call) -> tuple[Fact, ...]:
    if call.offered_at is None:
        return _without_offer(call)
    if call.direction == "outbound":
        slots = (_arrival(call), outbound.met(call), outbound.handled(call))
        return tuple(fact for fact in slots if fact is not None)
    arrival = _arrival(call)
    met = _met(call)
    if met is None:
        return (arrival,)
    over = (_handled(call), ended(call))
    return (arrival, met, *(fact for fact in over if fact is not None))


def changes(old: Call, new: Call) -> Sequence[Fact]:
    """Return the facts that turn what *old* counted into what *new* counts."""
    if old.offered_at is None:
        return _arrived(old, new)
    if (
        new.offered_at is not old.offered_at
        # Of two that tell of the same arrival, another may have the word than had it so far.
        or new.source is not old.source
        or new.queue is not old.queue
        or new.direction is not old.direction
        or new.durations is not None
        or new.contradicted != old.contradicted
        or old.closed_by_us_at is not None
        # The rep who talked may be another than the one for whom a dialler dialled.
        or (new.direction == "outbound" and new.rep != old.rep)
    ):
        return difference(contributions(old), contributions(new))
    if new.direction == "outbound":
        return outbound.changes(old, new)
    if new.wrapup_ended_at is not old.wrapup_ended_at:
        return _wrapped_up(old, new)
    # Once answered, nothing but another answer changes how a call was met: an earlier one, or one
    # of the same time by another rep.
    if new.answered_at is not None and new.answered_at is old.answered_at and new.rep is old.rep:
        return _ended(old, new)
    met = replaced(None if old.is_untouched else _met(old), _met(new))
    over = _ended(old, new)
    return (*met, *over) if over else met


def _arrived(old: Call, new: Call) -> Sequence[Fact]:
    """Return what news change of a call that had not been told to have come."""
    if old.answered_at is not None or new.offered_at is None:
        return difference(contributions(old), contributions(new))
    # Most often it is the first that is heard of it.
    return (_arrival(new),) if new.is_untouched else contributions(new)


def _ended(old: Call, new: Call) -> Sequence[Fact]:
    """Return what the end of the conversation, or what follows it, changes."""
    if new.ended_at is None and new.transferred_at is None:
        if new.abandoned_at is None:
            return ()
        return replaced(ended(old), ended(new))
    over = replaced(ended(old), ended(new))
    if new.answered_at is None:
        return over
    return (*replaced(_handled(old), _handled(new)), *over)


def _moved_away(call: Call, told: Call) -> tuple[Fact, ...]:
    """Return what is left in the quarter and queue where the call would count uncorrected."""
    if told.offered_at is None:
        return ()
    was = _arrival(told)
    if call.offered_at is None:
        return (Fact(was.at, was.dims, _RETRACTED),)
    now = _arrival(call)
    if (was.at // QUARTER_SECONDS, was.dims) == (now.at // QUARTER_SECONDS, now.dims):
        return ()
    return (Fact(was.at, was.dims, _MOVED_AWAY),)


def _without_offer(call: Call) -> tuple[Fact, ...]:
    """Return the answer to a call that nobody said had come; all else waits until somebody does.

    Its source is the one that tells of the arrival, so here it has none.
    """
    if call.answered_at is None:
        return ()
    return (Fact(call.answered_at, KNOWN_DIMS["", call.rep, "", "", ""], _WITHOUT_OFFER),)


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
        # In the order of `difference`, as everywhere: records of panes then have the same bytes.
        cells = (_HANDLE_ONES[now], *cells, (_HANDLE_ONES[was][0], -1))
    dims = KNOWN_DIMS[new.queue, new.rep, new.direction, "", new.source]
    return (Fact(new.offered_at or 0.0, dims, cells),) if cells else ()


def _arrival(call: Call) -> Fact:
    at = call.offered_at or 0.0
    if call.direction == "outbound":
        dims = outbound.dims(call)
        cells: Cells = _DIALLED
    else:
        dims = KNOWN_DIMS[call.queue, "", "inbound", "", call.source]
        cells = _IN_MENU if call.in_menu else _OFFERED
    if call.durations is not None:
        cells = (*cells, *_BY_RECORD)
    if call.leg > 1 and call.direction == "inbound" and not call.in_menu:
        cells = (*cells, *_AGAIN)
    if call.contradicted:
        cells = (*cells, *_CONTRADICTED)
    if call.corrected is not None:
        cells = (*cells, *_CORRECTED)
    return Fact(at, dims, cells)


def _met(call: Call) -> Fact | None:
    """Answered, abandoned, flowed out. None while it waits."""
    at, outcome = call.offered_at or 0.0, call.outcome
    if outcome is None or outcome == "menu":
        return _closed_waiting(call)
    wait = call.wait_seconds
    cells: Cells
    if outcome == "answered":
        dims = KNOWN_DIMS[call.queue, call.rep, call.direction, "", call.source]
        cells = (_ANSWERED, (_WAIT, wait), _ANSWERED_WAIT_ONES[bisect_left(_BOUNDS, wait)])
        if call.earlier_wait_seconds:
            cells = (*cells, (_EARLIER_WAIT, call.earlier_wait_seconds))
        if call.closed_by_us_at is not None and call.is_closed_by_us:
            cells = (*cells, _CLOSED_TALKING)
    else:
        dims = KNOWN_DIMS[call.queue, "", "inbound", "", call.source]
        if outcome == "flowed_out":
            cells = _FLOWED_OUT
        else:
            cells = (_ABANDONED, _ABANDONED_WAIT_ONES[bisect_left(_BOUNDS, wait)])
            if call.abandoned_at is None:
                cells = (*cells, _WITHOUT_ANSWER)
    if not wait and call.durations is None and _is_before_its_arrival(call):
        cells = (*cells, _OUT_OF_SEQUENCE)
    return Fact(at, dims, cells)


def _closed_waiting(call: Call) -> Fact | None:
    """Return a call that waits no longer because we closed it."""
    if not call.is_closed_by_us or call.in_menu:
        return None
    dims = KNOWN_DIMS[call.queue, "", "inbound", "", call.source]
    return Fact(call.offered_at or 0.0, dims, _CLOSED_WAITING)


def _is_before_its_arrival(call: Call) -> bool:
    until = call.answered_at if call.answered_at is not None else call.closed_at
    return until is not None and until < (call.offered_at or 0.0)


def _handled(call: Call) -> Fact | None:
    """The conversation and what followed; None before it is over."""
    answered_at = call.answered_at
    if answered_at is None or (call.ended_at is None and call.transferred_at is None):
        return None
    dims = KNOWN_DIMS[call.queue, call.rep, call.direction, "", call.source]
    talk = call.talk_seconds
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
    if not talk and call.durations is None and (call.closed_at or 0.0) < answered_at:
        cells.append(_OUT_OF_SEQUENCE)
    return Fact(call.offered_at or 0.0, dims, tuple(cells))
