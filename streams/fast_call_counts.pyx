# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, binding=False
"""Computes what a statement about a plain call changes in the counts, without objects in between.

The rules are those of streams/call_counts.py, call_ends.py and outbound.py, for calls without an
exception to them: first legs, not transferred, corrected, contradicted or closed by us, told in
sequence or by one record. streams/fast_calls.pyx hands everything else to these modules.
"""

from libc.math cimport INFINITY as NOT_YET
from libc.math cimport fmod

from schemas import measures as m
from schemas.measures import QUARTER_SECONDS
from streams.facts import TO_TICKS
from streams.outbound import PATIENCE_SECONDS

cdef enum:
    MOST_BOUNDS = 64

cdef double _to_ticks = TO_TICKS
cdef double _quarter_seconds = QUARTER_SECONDS
cdef double _patience_seconds = PATIENCE_SECONDS

CELLS = []
"""By number: the cell's name, and whether it counts, as an int; if not, it adds up seconds."""


cdef int _ones_of(tuple names) except -1:
    """Return the first of the numbers of some cells that count."""
    CELLS.extend([(name, True) for name in names])
    return len(CELLS) - len(names)


cdef int _one(measure) except -1:
    return _ones_of((measure.name,))


cdef int _seconds(measure) except -1:
    CELLS.append((measure.name, False))
    return len(CELLS) - 1


cdef int OFFERED = _one(m.CALLS_OFFERED), IN_MENU = _one(m.CALLS_ENDED_IN_MENU)
cdef int DIALLED = _one(m.CALLS_DIALLED), BY_RECORD = _one(m.CALLS_TOLD_BY_RECORD)
cdef int ANSWERED = _one(m.CALLS_ANSWERED), ABANDONED = _one(m.CALLS_ABANDONED)
cdef int HANDLED = _one(m.CALLS_HANDLED), HOLDS = _one(m.CALL_HOLDS)
cdef int ANSWERED_BY_END = _one(m.CALLS_ANSWERED_BY_END)
cdef int ABANDONED_BY_END = _one(m.CALLS_ABANDONED_BY_END), LATER = _one(m.CALLS_ENDED_LATER)
cdef int TRANSFERRED_BLIND = _one(m.CALLS_TRANSFERRED_BLIND)
cdef int TRANSFERRED_ATTENDED = _one(m.CALLS_TRANSFERRED_ATTENDED)
cdef int CONNECTED = _one(m.CALLS_CONNECTED), NOT_CONNECTED = _one(m.CALLS_NOT_CONNECTED)
cdef int OUTBOUND_ABANDONED = _one(m.OUTBOUND_ABANDONED)
cdef int OUTBOUND_HANDLED = _one(m.OUTBOUND_HANDLED)
cdef int WAIT = _seconds(m.CALL_WAIT), TALK = _seconds(m.CALL_TALK)
cdef int EARLIER_WAIT = _seconds(m.CALL_EARLIER_WAIT), HOLD = _seconds(m.CALL_HOLD)
cdef int WRAPUP = _seconds(m.CALL_WRAPUP)
cdef int UNANSWERED = _seconds(m.OUTBOUND_UNANSWERED), DIALLING = _seconds(m.OUTBOUND_DIALLING)
cdef int OUTBOUND_TALK = _seconds(m.OUTBOUND_TALK), OUTBOUND_HOLD = _seconds(m.OUTBOUND_HOLD)
cdef int OUTBOUND_WRAPUP = _seconds(m.OUTBOUND_WRAPUP)
# Of each histogram the first bucket; the others follow it.
cdef int ANSWERED_WAIT = _ones_of(m.ANSWERED_WAIT.cells)
cdef int ABANDONED_WAIT = _ones_of(m.ABANDONED_WAIT.cells)
cdef int ANSWERED_WAIT_BY_END = _ones_of(m.ANSWERED_WAIT_BY_END.cells)
cdef int ABANDONED_WAIT_BY_END = _ones_of(m.ABANDONED_WAIT_BY_END.cells)
cdef int TALK_TIME = _ones_of(m.TALK.cells), HANDLE_TIME = _ones_of(m.HANDLE.cells)
cdef int OUTBOUND_TALK_TIME = _ones_of(m.OUTBOUND_TALK_TIME.cells)
cdef int OUTBOUND_HANDLE_TIME = _ones_of(m.OUTBOUND_HANDLE_TIME.cells)

cdef double _bounds[MOST_BOUNDS]
cdef int _bounds_size = len(m.SECONDS_BOUNDS)
if _bounds_size > MOST_BOUNDS:
    raise ImportError("more bounds than there is room for")
for _index in range(_bounds_size):
    _bounds[_index] = m.SECONDS_BOUNDS[_index]

cdef int _bucket(double seconds) noexcept:
    """Return the first bucket whose bound is not below."""
    cdef int low = 0, high = _bounds_size, middle
    while low < high:
        middle = (low + high) // 2
        if _bounds[middle] < seconds:
            low = middle + 1
        else:
            high = middle
    return low


cdef inline double _ticks(double seconds) noexcept:
    return seconds + _to_ticks - _to_ticks if seconds > 0.0 else 0.0


cdef inline double _quarter(double at) noexcept:
    return at - fmod(at, _quarter_seconds)


cdef inline void _add(Counts *counts, int cell, double amount) noexcept:
    counts.cells[counts.size] = cell
    counts.amounts[counts.size] = amount
    counts.size += 1


cdef double closed_at(Leg *leg) noexcept:
    """Return when it was over for the customer."""
    if leg.answered_at == NOT_YET and leg.abandoned_at < leg.ended_at:
        return leg.abandoned_at
    return leg.ended_at


cdef double _wait(Leg *leg) noexcept:
    if leg.is_record:
        return _ticks(leg.wait_seconds)
    return _ticks(min(leg.answered_at, closed_at(leg)) - leg.offered_at)


cdef double _dialling(Leg *leg) noexcept:
    if leg.is_record:
        return _ticks(leg.wait_seconds)
    return _ticks(min(leg.connected_at, leg.answered_at) - leg.offered_at)


cdef double _talk(Leg *leg) noexcept:
    if leg.is_record:
        return _ticks(leg.talk_seconds)
    return max(0.0, _ticks(closed_at(leg) - leg.answered_at) - leg.hold_seconds)


cdef double _wrapup(Leg *leg) noexcept:
    if leg.is_record:
        return _ticks(leg.wrapup_seconds)
    if leg.wrapup_ended_at == NOT_YET:
        return 0.0
    return _ticks(leg.wrapup_ended_at - closed_at(leg))


cdef void came(Leg *leg, Counts *counts) noexcept:
    counts.size = 0
    _add(counts, DIALLED if leg.is_outbound else IN_MENU if leg.in_menu else OFFERED, 1)
    if leg.is_record:
        _add(counts, BY_RECORD, 1)


cdef void met(Leg *leg, Counts *counts) noexcept:
    """Answered or abandoned; of an outbound call, connected or not."""
    cdef double wait
    counts.size = 0
    if leg.is_outbound:
        _met_outbound(leg, counts)
    elif leg.in_menu:
        return
    elif leg.answered_at != NOT_YET:
        wait = _wait(leg)
        _add(counts, ANSWERED, 1)
        _add(counts, WAIT, wait)
        _add(counts, ANSWERED_WAIT + _bucket(wait), 1)
        if leg.earlier_wait_seconds:
            _add(counts, EARLIER_WAIT, leg.earlier_wait_seconds)
    elif leg.abandoned_at != NOT_YET:
        _add(counts, ABANDONED, 1)
        _add(counts, ABANDONED_WAIT + _bucket(_wait(leg)), 1)


cdef void _met_outbound(Leg *leg, Counts *counts) noexcept:
    cdef double wait, until = min(leg.answered_at, closed_at(leg))
    if leg.connected_at != NOT_YET or leg.answered_at != NOT_YET:
        _add(counts, CONNECTED, 1)
        if until != NOT_YET and until - leg.connected_at > _patience_seconds:
            _add(counts, OUTBOUND_ABANDONED, 1)
    elif until != NOT_YET:
        wait = _wait(leg)
        _add(counts, NOT_CONNECTED, 1)
        if wait:
            _add(counts, UNANSWERED, wait)


cdef void handled(Leg *leg, Counts *counts) noexcept:
    """The conversation and what followed; nothing before it is over."""
    cdef double talk, hold, wrapup
    counts.size = 0
    if leg.answered_at == NOT_YET or leg.ended_at == NOT_YET:
        return
    talk, hold, wrapup = _talk(leg), _ticks(leg.hold_seconds), _wrapup(leg)
    if leg.is_outbound:
        _handled_outbound(counts, _dialling(leg), talk, hold, wrapup)
        return
    _add(counts, HANDLED, 1)
    _add(counts, TALK, talk)
    _add(counts, TALK_TIME + _bucket(talk), 1)
    _add(counts, HANDLE_TIME + _bucket(talk + hold + wrapup), 1)
    if wrapup:
        _add(counts, WRAPUP, wrapup)
    if hold:
        _add(counts, HOLD, hold)
    if leg.holds:
        _add(counts, HOLDS, leg.holds)
    if leg.transfer != NOT_TRANSFERRED:
        _add(counts, TRANSFERRED_ATTENDED if leg.transfer == ATTENDED else TRANSFERRED_BLIND, 1)


cdef void _handled_outbound(
    Counts *counts, double dialling, double talk, double hold, double wrapup
) noexcept:
    _add(counts, OUTBOUND_HANDLED, 1)
    _add(counts, OUTBOUND_TALK_TIME + _bucket(talk), 1)
    _add(counts, OUTBOUND_HANDLE_TIME + _bucket(dialling + talk + hold + wrapup), 1)
    if dialling:
        _add(counts, DIALLING, dialling)
    if talk:
        _add(counts, OUTBOUND_TALK, talk)
    if hold:
        _add(counts, OUTBOUND_HOLD, hold)
    if wrapup:
        _add(counts, OUTBOUND_WRAPUP, wrapup)


cdef void over(Leg *leg, Counts *counts) noexcept:
    """That an inbound call is over, in the pane of its end."""
    cdef double over_at = closed_at(leg)
    counts.size = 0
    if over_at == NOT_YET or leg.is_outbound or leg.in_menu:
        return
    if leg.answered_at != NOT_YET:
        _add(counts, ANSWERED_BY_END, 1)
        _add(counts, ANSWERED_WAIT_BY_END + _bucket(_wait(leg)), 1)
    else:
        _add(counts, ABANDONED_BY_END, 1)
        _add(counts, ABANDONED_WAIT_BY_END + _bucket(_wait(leg)), 1)
    if _quarter(over_at) > _quarter(leg.offered_at):
        _add(counts, LATER, 1)
