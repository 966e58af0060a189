# cython: language_level=3, boundscheck=False, wraparound=False, binding=False
"""Counts in the panes what a statement changes in a plain call: what it counts now and did not yet.

As `streams.call_counts.changes` with `Grains.count`, in the same order. Into compiled panes it goes
cell by cell, without facts.
"""

from libc.math cimport INFINITY as NOT_YET
from streams.fast_call_counts cimport CELLS, Counts, Leg, came, closed_at, handled, met, over
from streams.fast_cells cimport cell_number
from streams.fast_dims cimport dims_of
from streams.fast_grains cimport Grains

from streams.facts import Fact

cdef enum:
    MOST = 512

cdef object NEW_FACT = Fact
cdef str INBOUND = "inbound", OUTBOUND = "outbound", NO_NAME = ""
cdef int[MOST] _numbers
cdef bint[MOST] _is_int
if len(CELLS) > MOST:
    raise ImportError("more cells than there is room for")
for _cell, (_name, _counts) in enumerate(CELLS):
    _numbers[_cell], _is_int[_cell] = cell_number(_name), _counts


cdef int count_changes(
    object grains, Leg *old, Leg *new, object queue, object rep, object source
) except -1:
    cdef Counts was, now
    cdef int closed = 0
    direction = OUTBOUND if new.is_outbound else INBOUND
    if old.offered_at == NOT_YET:
        was.size = 0
        came(new, &now)
        who = rep if new.is_outbound else NO_NAME
        dims = dims_of(queue, who, direction, NO_NAME, source)
        closed = _count(grains, new.offered_at, dims, &was, &now)
        if new.answered_at == NOT_YET and closed_at(new) == NOT_YET:
            return closed
    # How a call was met, handled and over counts with the rep who talked, if one did.
    if not new.is_outbound and new.answered_at == NOT_YET:
        rep = NO_NAME
    dims = dims_of(queue, rep, direction, NO_NAME, source)
    met(old, &was)
    met(new, &now)
    closed += _count(grains, new.offered_at, dims, &was, &now)
    if closed_at(new) != NOT_YET:
        handled(old, &was)
        handled(new, &now)
        closed += _count(grains, new.offered_at, dims, &was, &now)
        over(old, &was)
        over(new, &now)
        closed += _count(grains, closed_at(new), dims, &was, &now)
    return closed


cdef int _count(object grains, double at, object dims, Counts *was, Counts *now) except -1:
    """Count what is gained, then what is lost; return 1 if it fell into a closed quarter."""
    cdef Counts changed
    cdef int index
    changed.size = 0
    _without(now, was, 1.0, &changed)
    _without(was, now, -1.0, &changed)
    if not changed.size:
        return 0
    if type(grains) is Grains:
        return _count_compiled(<Grains>grains, at, dims, &changed)
    return grains.count((NEW_FACT(at, dims, _cells(&changed)),))


cdef int _count_compiled(Grains grains, double at, object dims, Counts *changed) except -1:
    cdef int index, cell, closed = 0
    for index in range(changed.size):
        cell = changed.cells[index]
        closed = grains.add(at, dims, _numbers[cell], changed.amounts[index], _is_int[cell])
    return closed


cdef tuple _cells(Counts *changed):
    """Return them as a fact has them."""
    cdef int index
    cdef list cells = []
    for index in range(changed.size):
        name, is_int = CELLS[changed.cells[index]]
        amount = changed.amounts[index]
        cells.append((name, int(amount) if is_int else amount))
    return tuple(cells)


cdef void _without(Counts *some, Counts *others, double sign, Counts *found) noexcept:
    """Add to *found* those that are not among others."""
    cdef int index, other
    for index in range(some.size):
        for other in range(others.size):
            if (
                some.cells[index] == others.cells[other]
                and some.amounts[index] == others.amounts[other]
            ):
                break
        else:
            found.cells[found.size] = some.cells[index]
            found.amounts[found.size] = sign * some.amounts[index]
            found.size += 1
