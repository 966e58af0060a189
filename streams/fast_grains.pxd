"""What compiled code may use to count in panes; streams/fast_grains.pyx says how it works."""

from streams.fast_known cimport Known, KnownPanes
from streams.fast_panes cimport Pane
from streams.fast_quarters cimport Quarter


cdef class Grains:
    cdef readonly object minutes
    cdef readonly object quarters
    cdef dict _minute_slots
    cdef dict _quarter_slots
    cdef dict _changed  # by start, the quarters of which a pane changed
    cdef double _open_from
    cdef KnownPanes _known

    # Count an amount at an instant, as `count` does with a Fact; `cell`: see `cell_number` of
    # streams/fast_cells.pxd. Return 1 if it fell into a closed quarter, else 0.
    cdef int add(self, double at, object dims, int cell, double amount, bint is_int) except -1

    # The same with all cells of a Fact, ((name, amount), ...).
    cdef int fact(self, double at, object dims, object cells) except -1

    # Count what `count` counts of a Spell; `sign` is 1 or -1. Return 1 if it fell, even partly,
    # into a closed quarter, else 0.
    cdef int spread(
        self, double start_at, double end_at, object dims, int cell, int sign
    ) except -1

    cdef int _late(
        self, double start_at, double end_at, object dims, int cell, int sign
    ) except -1
    cdef int _over_minutes(
        self, double at, double end_at, object dims, int cell, int sign
    ) except -1
    cdef Known *_place(self, double at, object dims, int *part) except? NULL
    cdef int _touch(self, Quarter quarter, Pane pane, int part) except -1
    cdef int _open(self, Quarter quarter, Pane pane, int minute) except -1
