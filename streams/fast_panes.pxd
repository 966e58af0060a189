"""What compiled code may use of panes; streams/fast_panes.pyx says what they are."""

from streams.fast_cells cimport Body


cdef class Pane:
    cdef readonly object dims
    cdef Body body
    cdef bint is_changed

    cdef int add(self, int part, int number, double amount, bint is_int) except -1
    cdef int put(self, int part, dict cells) except -1
    cdef void let_go(self, int minute) noexcept
    cdef int settle(self) except -1
    cdef FrozenParts frozen(self)
    cdef int _append(self, int part, int number, double amount, bint is_int) except -1
    cdef void _take_out(self, int part, int index, int count) noexcept


cdef class FrozenParts:
    cdef Body body
