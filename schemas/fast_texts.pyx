"""Texts that come again; see fast_texts.pxd, and docs/decisions/0017 on why this is compiled.

A text that was seen lately is neither made nor hashed again, and whoever looks it up in a dict
finds it by its identity. A new one takes the place of another, so there are never more than SLOTS.
"""

from cpython.object cimport PyObject

cdef extern from "Python.h":
    str PyUnicode_DecodeASCII(const char* start, Py_ssize_t length, const char* errors)

cdef PyObject* TEXTS[SLOTS]


cdef str new_text(Span span):
    """Return a new text of what is plain ASCII."""
    return PyUnicode_DecodeASCII(span.start, span.length, NULL)


cdef str shared_text(Span span):
    """Return the text: the same object as last time, if that was not long ago."""
    cdef PyObject** slot = &TEXTS[hash_of(span) % SLOTS]
    if slot[0] is not NULL and is_text(slot[0], span):
        return <str>slot[0]
    text = new_text(span)
    keep(slot, text)
    return text
