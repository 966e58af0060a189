"""What statements change in a plain call; see streams/fast_call_state.pyx."""

from cpython.object cimport PyObject
from streams.fast_call_counts cimport Leg

cdef enum:
    # What has been said of a call, as bits. A transfer ends a leg, too.
    CAME = 1
    CONNECTED = 2
    ANSWERED = 4
    ABANDONED = 8
    ENDED = 16
    WRAPPED_UP = 32

cdef struct Kind:
    PyObject *type
    Py_ssize_t leg  # where the statement has its leg
    Py_ssize_t changes  # a field of the call
    int follows  # what has been said before, if it is plain

# NULL: a kind that is never plain.
cdef const Kind *kind_of(object data) noexcept

# Return the call after a statement, and both as read; None if not all of it is plain. `call` is
# None if nothing was known. `at` is a float above 0.
cdef object after(
    object call, const Kind *kind, object data, object at, object source, Leg *old, Leg *new
)
