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
from streams.facts import KNOWN_DIMS, TO_TICKS, Fact
from streams.outbound import PATIENCE_SECONDS

cdef enum:
    MOST_CELLS = 12
    MOST_BOUNDS = 64

cdef struct Counts:
    int size
    int cells[MOST_CELLS]
    double amounts[MOST_CELLS]

cdef double _to_ticks = TO_TICKS
cdef double _quarter_seconds = QUARTER_SECONDS
cdef double _patience_seconds = PATIENCE_SECONDS

cdef list _names = []
cdef list _ones = []
"""By cell: the pair that counts one; None where seconds are added up."""


cdef int _ones_of(tuple names) except -1:
    """Return the first of the numbers of some cells that count."""
    for name in names:
        _names.append(name)
        _ones.append((name, 1))
    return len(_names) - len(names)


cdef int _one(measure) except -1:
    return _ones_of((measure.name,))


cdef int _seconds(measure) except -1:
    _names.append(measure.name)
    _ones.append(None)
    return len(_names) - 1


cdef int OFFERED = _one(m.CALLS_OFFERED), IN_MENU = _one(m.CALLS_ENDED_IN_MENU)
cdef int DIALLED = _one(m.CALLS_DIALLED), BY_RECORD = _one(m.CALLS_TOLD_BY_RECORD)
cdef int ANSWERED = _one(m.CALLS_ANSWERED), ABANDONED = _one(m.CALLS_ABANDONED)
cdef int HANDLED = _one(m.CALLS_HANDLED), HOLDS = _one(m.CALL_HOLDS)
cdef int ANSWERED_BY_END = _one(m.CALLS_ANSWERED_BY_END)
cdef int ABANDONED_BY_END = _one(m.CALLS_ABANDONED_BY_END), LATER = _one(m.CALLS_ENDED_LATER)
cdef int CONNECTED = _one(m.CALLS_CONNECTED), NOT_CONNECTED = _one(m.CALLS_NOT_CONNECTED)
cdef int OUTBOUND_ABANDONED = _one(m.OUTBOUND_ABANDONED)
cdef int OUTBOUND_HANDLED = _one(m.OUTBOUND_HANDLED)
cdef int WAIT = _seconds(m.CALL_WAIT), TALK = _seconds(m.CALL_TALK)
cdef int HOLD = _seconds(m.CALL_HOLD), WRAPUP = _seconds(m.CALL_WRAPUP)
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


cdef void _came(Leg *leg, Counts *counts) noexcept:
    counts.size = 0
    _add(counts, DIALLED if leg.is_outbound else IN_MENU if leg.in_menu else OFFERED, 1)
    if leg.is_record:
        _add(counts, BY_RECORD, 1)


cdef void _met(Leg *leg, Counts *counts) noexcept:
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


cdef void _handled(Leg *leg, Counts *counts) noexcept:
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


cdef void _over(Leg *leg, Counts *counts) noexcept:
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


cdef bint _has(Counts *counts, int cell, double amount) noexcept:
    cdef int index
    for index in range(counts.size):
        if counts.cells[index] == cell and counts.amounts[index] == amount:
            return True
    return False


cdef object _pair(int cell, double amount):
    """Return the cell's name with an int where it counts, and a float where it adds up seconds."""
    one = _ones[cell]
    if one is None:
        return (_names[cell], amount)
    return one if amount == 1 else (_names[cell], <long>amount)


cdef tuple _between(Counts *old, Counts *new):
    """Return what is gained, then what is lost, as streams/facts.py does."""
    cdef int index
    cdef list cells = []
    for index in range(new.size):
        if not _has(old, new.cells[index], new.amounts[index]):
            cells.append(_pair(new.cells[index], new.amounts[index]))
    for index in range(old.size):
        if not _has(new, old.cells[index], old.amounts[index]):
            cells.append(_pair(old.cells[index], -old.amounts[index]))
    return tuple(cells)


cdef object _dims(Leg *leg, object queue, object rep, object source):
    return KNOWN_DIMS[queue, rep, "outbound" if leg.is_outbound else "inbound", "", source]


cdef list changes(Leg *old, Leg *new, object queue, object rep, object source):
    """Return the facts that turn what *old* counted into what *new* counts.

    Both have the same arrival, queue and source, if *old* has come; `rep` is that of *new*.
    """
    cdef Counts nothing, now
    cdef list facts = []
    if old.offered_at == NOT_YET:
        nothing.size = 0
        _came(new, &now)
        dims = _dims(new, queue, rep if new.is_outbound else "", source)
        facts.append(Fact(new.offered_at, dims, _between(&nothing, &now)))
        if new.answered_at == NOT_YET and closed_at(new) == NOT_YET:
            return facts
    # How a call was met, handled and over counts with the rep who talked, if one did.
    dims = _dims(new, queue, rep if new.is_outbound or new.answered_at != NOT_YET else "", source)
    _slot(facts, _met, old, new, new.offered_at, dims)
    if closed_at(new) != NOT_YET:
        _slot(facts, _handled, old, new, new.offered_at, dims)
        _slot(facts, _over, old, new, closed_at(new), dims)
    return facts


cdef int _slot(
    list facts, void (*count)(Leg *, Counts *) noexcept, Leg *old, Leg *new, double at, object dims
) except -1:
    """Compare what two states of a call count in one of their slots."""
    cdef Counts was, now
    count(old, &was)
    count(new, &now)
    cells = _between(&was, &now)
    if cells:
        facts.append(Fact(at, dims, cells))
    return 0
