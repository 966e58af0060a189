"""Texts that come again; see fast_texts.pxd, and docs/decisions/0017 on why this is compiled.

A text that was seen lately is neither made nor hashed again, and whoever looks it up in a dict
finds it by its identity. A new one takes the place of another, so there are never more than SLOTS.
"""

from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF, Py_XDECREF

cdef extern from "Python.h":
    str PyUnicode_DecodeASCII(const char* start, Py_ssize_t length, const char* errors)

cdef Slot[SLOTS] TEXTS


cdef void keep(Slot* slot, unsigned long long hashed, str text, object fact) noexcept:
    """Put a text into a slot, and what it was read as."""
    cdef PyObject* old_text = slot.text
    cdef PyObject* old_fact = slot.fact
    Py_INCREF(text)
    Py_INCREF(fact)
    slot.hashed, slot.text, slot.fact = hashed, <PyObject*>text, <PyObject*>fact
    Py_XDECREF(old_text)
    Py_XDECREF(old_fact)


cdef str new_text(Span span):
    """Return a new text of what is plain ASCII."""
    return PyUnicode_DecodeASCII(span.start, span.length, NULL)


cdef str shared_text(Span span):
    """Return the text: the same object as last time, if that was not long ago."""
    cdef unsigned long long hashed = hash_of(span)
    cdef Slot* slot = &TEXTS[hashed % SLOTS]
    if holds(slot, hashed, span):
        return <str>slot.text
    text = new_text(span)
    keep(slot, hashed, text, None)
    return text
