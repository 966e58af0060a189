"""What compiled code may use of a quarter of an hour; see streams/fast_quarters.pyx."""

from libc.stdint cimport int64_t, uint16_t

from streams.fast_cells cimport PARTS
from streams.fast_panes cimport Pane


cdef class Minute:
    cdef Quarter _quarter
    cdef int _number


cdef class Quarter:
    cdef readonly int64_t start_at
    cdef dict by_dims
    cdef list changed  # the panes that changed since they were last taken
    cdef int64_t[PARTS] versions  # of each minute, and of what is settled
    cdef int[PARTS] counts  # how many panes have this part; kept for minutes only
    cdef uint16_t opened  # a bit for each open minute that has a slot

    cdef Pane pane(self, object dims)
    cdef int settle(self) except -1
    cdef int let_go(self, Pane pane) except -1

    cdef Minute minute(self, int number)
