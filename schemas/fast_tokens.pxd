"""Tokens of the customers that were seen last. Of customers.py."""

from cpython.object cimport PyObject

from schemas.fast_scan cimport Span


cdef enum:
    KEPT = 32_768


cdef class Tokens:
    cdef object _make
    cdef PyObject* _numbers[KEPT]
    cdef PyObject* _tokens[KEPT]

    cdef object of(self, Span number)
