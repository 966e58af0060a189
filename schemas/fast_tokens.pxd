"""Tokens of the customers that were seen last. Of customers.py."""

from cpython.object cimport PyObject

from schemas.fast_scan cimport Span


cdef enum:
    KEPT = 32_768


cdef struct Known:
    PyObject* number  # NULL: there was none yet
    PyObject* token


cdef class Tokens:
    cdef object _make
    cdef Known _known[KEPT]

    cdef object of(self, Span number)
