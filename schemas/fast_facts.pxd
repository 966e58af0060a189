"""Reads the `data` of an event by a plan that is made from its type. Of fast_codec.pyx."""

from cpython.object cimport PyObject

from schemas.fast_scan cimport Span


cdef enum:
    MOST_FIELDS = 16


cdef struct Field:
    Span key
    int kind
    bint is_optional  # may be null
    bint is_customer
    PyObject* default  # NULL: required
    PyObject* known  # the values of a literal; what searches for a pattern
    long long least, most  # of a text's length, or of a whole number
    double lowest, highest


cdef class Plan:
    cdef readonly str type, topic
    cdef readonly object rule
    cdef bint needs_cause
    cdef object _data
    cdef bint _is_shared
    cdef Py_hash_t _salt  # so that equal facts of different types have different slots
    cdef list _alive
    cdef int _count
    cdef Field _fields[MOST_FIELDS]

    cdef object read(self, const char** place, const char* end, object token)
    cdef int _fill(self, const char** place, PyObject** values, object token) except -1
    cdef int _index(self, Span name, int expected) noexcept
    cdef PyObject* _kept(self, object value) except NULL
    cdef int _plan(self, Field* field, object info) except -1
    cdef int _plan_kind(self, Field* field, object kind) except -1
