"""Texts that come again: the same queue, rep or state is the same object. Of fast_codec.pyx."""

from cpython.object cimport PyObject
from libc.string cimport memcmp, memcpy

from schemas.fast_scan cimport Span

cdef extern from "Python.h":
    Py_ssize_t PyUnicode_GET_LENGTH(object text)
    const char* PyUnicode_DATA(object text)


cdef enum:
    SLOTS = 4096


cdef struct Slot:
    unsigned long long hashed
    PyObject* text  # of ASCII alone; NULL: nothing was put here yet
    PyObject* fact  # what it was read as


cdef inline bint is_text(PyObject* text, Span span) noexcept:
    return (
        PyUnicode_GET_LENGTH(<object>text) == span.length
        and memcmp(PyUnicode_DATA(<object>text), span.start, span.length) == 0
    )


cdef inline bint holds(Slot* slot, unsigned long long hashed, Span span) noexcept:
    """Return whether a slot is that of a text."""
    return slot.hashed == hashed and slot.text is not NULL and is_text(slot.text, span)


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


cdef void keep(Slot* slot, unsigned long long hashed, str text, object fact) noexcept

cdef str new_text(Span span)

cdef str shared_text(Span span)
