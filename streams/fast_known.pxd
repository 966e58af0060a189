"""Finds panes; see streams/fast_known.pyx."""

from cpython.ref cimport PyObject
from libc.stdint cimport int64_t

from streams.fast_panes cimport Pane
from streams.fast_quarters cimport Quarter


cdef struct Known:
    PyObject *dims  # the pane's own
    PyObject *pane  # both are owned, so that they are not freed while they are known
    PyObject *quarter
    int64_t start  # of the quarter


cdef class KnownPanes:
    cdef dict _quarters
    cdef Known *_places

    cdef Known *find(self, int64_t start, object dims) except NULL
    cdef int forget(self, int64_t start, Pane pane) except -1
    cdef Quarter quarter(self, int64_t start)
    cdef Known *_near(self, int64_t start, object dims) noexcept
