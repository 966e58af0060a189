# cython: language_level=3, boundscheck=False, wraparound=False, binding=False
"""Counts in the panes what a statement changes in a plain call: what it counts now and did not yet.

As `streams.call_counts.changes` with `Grains.count`, in the same order. Into compiled panes it goes
cell by cell, without facts.
"""

from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF, Py_XDECREF
from libc.math cimport INFINITY as NOT_YET
from streams.fast_call_counts cimport CELLS, Counts, Leg, came, closed_at, handled, met, over
from streams.fast_cells cimport cell_number
from streams.fast_grains cimport Grains

from streams.facts import KNOWN_DIMS, Fact

cdef enum:
    MOST = 512
    PLACES = 1024  # a power of two

cdef struct Place:
    PyObject *queue
    PyObject *rep
    PyObject *source
    PyObject *dims
    bint is_outbound

cdef object DIMS = KNOWN_DIMS, NEW_FACT = Fact
cdef str INBOUND = "inbound", OUTBOUND = "outbound", NO_NAME = ""
cdef int[MOST] _numbers
cdef bint[MOST] _is_int
if len(CELLS) > MOST:
    raise ImportError("more cells than there is room for")
for _cell, (_name, _counts) in enumerate(CELLS):
    _numbers[_cell], _is_int[_cell] = cell_number(_name), _counts

# The dimensions asked for last, found by where their names lie: these are mostly the same objects,
# and to compare their addresses costs a tenth of a look-up by text. Each holds its references.
cdef Place[PLACES] _places


cdef int count_changes(
    object grains, Leg *old, Leg *new, object queue, object rep, object source
) except -1:
    cdef Counts was, now
    cdef int closed = 0
    if old.offered_at == NOT_YET:
        was.size = 0
        came(new, &now)
        dims = <object>_dims(new, queue, rep if new.is_outbound else NO_NAME, source)
        closed = _count(grains, new.offered_at, dims, &was, &now)
        if new.answered_at == NOT_YET and closed_at(new) == NOT_YET:
            return closed
    # How a call was met, handled and over counts with the rep who talked, if one did.
    if not new.is_outbound and new.answered_at == NOT_YET:
        rep = NO_NAME
    dims = <object>_dims(new, queue, rep, source)
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


cdef PyObject *_dims(Leg *leg, object queue, object rep, object source) except NULL:
    """Return the dimensions; borrowed until the next call."""
    cdef size_t mixed = (
        (<size_t><PyObject *>rep >> 4) + 7 * (<size_t><PyObject *>queue >> 4)
        + 31 * (<size_t><PyObject *>source >> 4) + leg.is_outbound
    )
    cdef Place *place = &_places[(mixed ^ mixed >> 10) & (PLACES - 1)]
    if (
        place.queue != <PyObject *>queue
        or place.rep != <PyObject *>rep
        or place.source != <PyObject *>source
        or place.is_outbound != leg.is_outbound
    ):
        _replace(place, leg.is_outbound, queue, rep, source)
    return place.dims


cdef int _replace(
    Place *place, bint is_outbound, object queue, object rep, object source
) except -1:
    cdef Place old = place[0]
    dims = DIMS[queue, rep, OUTBOUND if is_outbound else INBOUND, NO_NAME, source]
    Py_INCREF(queue)
    Py_INCREF(rep)
    Py_INCREF(source)
    Py_INCREF(dims)
    place.queue, place.rep = <PyObject *>queue, <PyObject *>rep
    place.source, place.dims = <PyObject *>source, <PyObject *>dims
    place.is_outbound = is_outbound
    Py_XDECREF(old.queue)
    Py_XDECREF(old.rep)
    Py_XDECREF(old.source)
    Py_XDECREF(old.dims)
    return 0
