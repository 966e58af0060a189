"""Counts what changes in a plain call; see streams/fast_call_changes.pyx."""

from streams.fast_call_counts cimport Leg

# Both have the same arrival, queue and source, if *old* has come; `rep` is that of *new*. Return
# how many facts fell into closed quarters.
cdef int count_changes(
    object grains, Leg *old, Leg *new, object queue, object rep, object source
) except -1
