"""The compiled twin of the cache in customers.Tokeniser: the tokens of the numbers seen last.

A floor sees the same customer several times within minutes. A new number takes the place of
another one with the same slot, so that there are never more of them than KEPT.
"""

from cpython.object cimport PyObject
from cpython.ref cimport Py_XDECREF

from schemas.fast_scan cimport Span
from schemas.fast_texts cimport PyUnicode_DATA, PyUnicode_GET_LENGTH, hash_of, is_text, keep, new_text


cdef class Tokens:
    """Returns the token of a number: what *make* says of it, which is the same each time."""

    def __init__(self, make):
        self._make = make

    def __dealloc__(self):
        cdef int slot
        for slot in range(KEPT):
            Py_XDECREF(self._known[slot].number)
            Py_XDECREF(self._known[slot].token)

    def __call__(self, str number not None):
        cdef Span span
        if not number.isascii():
            return self._make(number)
        span.start, span.length = PyUnicode_DATA(number), PyUnicode_GET_LENGTH(number)
        return self.of(span)

    cdef object of(self, Span number):
        """Return the token of a number of plain ASCII."""
        cdef Known* known = &self._known[hash_of(number) % KEPT]
        if known.number is not NULL and is_text(known.number, number):
            return <object>known.token
        text = new_text(number)
        token = self._make(text)
        keep(&known.number, text)
        keep(&known.token, token)
        return token
