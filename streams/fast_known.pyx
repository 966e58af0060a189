# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""Finds a pane by which object its dimensions are, which costs a few steps, no hash and no dict.

`streams.facts.dims_of` gives the same object for the same dimensions, most of the time. Another
one, or a pane that is not known, is looked up in the quarters' dicts.
"""

cimport cython
from cpython.mem cimport PyMem_Calloc, PyMem_Free
from cpython.ref cimport Py_DECREF, Py_INCREF, Py_XDECREF
from libc.stdint cimport uintptr_t

cdef enum:
    PLACES = 1_024  # a power of two


@cython.final
cdef class KnownPanes:
    """The panes that were counted in last, each in the one place that its dimensions give it."""

    def __cinit__(self, dict quarters):
        self._quarters = quarters
        self._places = <Known *> PyMem_Calloc(PLACES, sizeof(Known))
        if self._places == NULL:
            raise MemoryError

    def __dealloc__(self):
        cdef int place
        if self._places != NULL:
            for place in range(PLACES):
                Py_XDECREF(self._places[place].pane)
                Py_XDECREF(self._places[place].quarter)
            PyMem_Free(self._places)

    cdef Known *find(self, int64_t start, object dims) except NULL:
        """Return a pane of the quarter of this start; make one if there is none.

        It is there until the next call.
        """
        cdef Known *known = self._near(start, dims)
        cdef PyObject *before_pane
        cdef PyObject *before_quarter
        cdef Quarter quarter
        cdef Pane pane
        if known.dims == <PyObject *> dims and known.start == start:
            return known
        quarter = self.quarter(start)
        pane = quarter.pane(dims)
        before_pane, before_quarter = known.pane, known.quarter
        Py_INCREF(pane)
        Py_INCREF(quarter)
        # The pane's own dims, which are there as long as it is. Those that were given may be equal
        # and another object: they are looked up again, as another may come to have their address.
        known.dims, known.pane = <PyObject *> pane.dims, <PyObject *> pane
        known.quarter, known.start = <PyObject *> quarter, start
        Py_XDECREF(before_pane)
        Py_XDECREF(before_quarter)
        return known

    cdef int forget(self, int64_t start, Pane pane) except -1:
        """Look a pane up again next time."""
        cdef Known *known = self._near(start, pane.dims)
        if known.pane == <PyObject *> pane:
            Py_DECREF(pane)  # `pane` itself is one more reference
            Py_XDECREF(known.quarter)
            known.dims = known.pane = known.quarter = NULL
        return 0

    cdef Quarter quarter(self, int64_t start):
        """Return the quarter of this start; make one if there is none."""
        cdef Quarter quarter = self._quarters.get(start)
        if quarter is None:
            quarter = self._quarters[start] = Quarter(start)
        return quarter

    cdef Known *_near(self, int64_t start, object dims) noexcept:
        cdef uintptr_t mixed = (<uintptr_t> <PyObject *> dims >> 4) + <uintptr_t> start // 900 * 37
        return &self._places[mixed & (PLACES - 1)]
