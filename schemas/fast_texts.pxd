"""Texts that come again: the same queue, rep or state is the same object. Of fast_codec.pyx."""

from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF, Py_XDECREF
from libc.string cimport memcmp, memcpy

from schemas.fast_scan cimport Span

cdef extern from "Python.h":
    Py_ssize_t PyUnicode_GET_LENGTH(object text)
    const char* PyUnicode_DATA(object text)


cdef enum:
    SLOTS = 4096


cdef inline bint is_text(PyObject* text, Span span) noexcept:
    return (
        PyUnicode_GET_LENGTH(<object>text) == span.length
        and memcmp(PyUnicode_DATA(<object>text), span.start, span.length) == 0
    )


cdef inline unsigned long long hash_of(Span span) noexcept:
    """Return a number that is nearly always another one for another text."""
    cdef unsigned long long hashed = <unsigned long long>span.length, word
    cdef const char* at = span.start
    cdef const char* end = span.start + span.length
    while end - at >= 8:
        memcpy(&word, at, 8)
        hashed = (hashed ^ word) * 0x9E3779B97F4A7C15ull
        hashed ^= hashed >> 29
        at += 8
    word = 0
    memcpy(&word, at, end - at)
    hashed = (hashed ^ word) * 0x9E3779B97F4A7C15ull
    return hashed ^ (hashed >> 32)


cdef inline void keep(PyObject** slot, object value) noexcept:
    """Put an object into a slot, and let go of the one before."""
    cdef PyObject* before = slot[0]
    Py_INCREF(value)
    slot[0] = <PyObject*>value
    Py_XDECREF(before)


cdef str new_text(Span span)

cdef str shared_text(Span span)
