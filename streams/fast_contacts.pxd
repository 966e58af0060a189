"""What plain contacts count: see streams/contacts.py and contact_counts.py, which decide."""

from cpython.object cimport PyObject

cdef enum:
    MOST = 64  # legs of a customer

cdef struct Contact:
    double at
    double missed_at  # NAN: it was not missed
    bint is_inbound
    bint is_answered
    PyObject *says

cdef bint read(object says, Contact *contact) except -1

cdef void mark(
    Contact *found, Py_ssize_t size, double before_at, double seen_at, int *marks
) noexcept

cdef bint has_missed(int *marks, Py_ssize_t size) noexcept

cdef object next_change_at(Contact *found, Py_ssize_t size, double seen_at)

cdef list difference(Contact *found, Py_ssize_t size, int *old, int *new)
