# cython: cdivision=True, boundscheck=False, wraparound=False
"""Reads the `data` of an event by a plan that is made from its type; see fast_codec.pyx.

Nothing is known of single types here: what a plan cannot express has none, and is left to Python.
"""

import re

from cpython.datetime cimport datetime_new, get_utc, import_datetime
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF, Py_XDECREF
from libc.string cimport memchr, memcmp

from msgspec import NODEFAULT
from msgspec.inspect import (
    DateTimeType,
    FloatType,
    IntType,
    LiteralType,
    NoneType,
    StrType,
    UnionType,
    type_info,
)

from schemas.fast_scan cimport (
    Instant,
    Span,
    after_space,
    is_null,
    number_end,
    read_instant,
    text_end,
)
from schemas.fast_texts cimport SLOTS, hash_of, is_text, keep, new_text, shared_text
from schemas.fast_tokens cimport Tokens

cdef extern from "Python.h":
    size_t PY_VECTORCALL_ARGUMENTS_OFFSET
    object PyObject_Vectorcall(object made, PyObject** arguments, size_t count, PyObject* names)

import_datetime()

cdef enum:
    TEXT, PATTERN, ONE_OF, WHOLE, REAL, INSTANT
    MOST_DIGITS = 18  # of a number that fits into 64 bits
    MOST_EXACT_DIGITS = 15  # of one that a double holds, as it does ten to the power of so many
    MOST_SHARED = 256  # bytes of a fact

# Facts without a customer that were read last: the same ones come again and again.
cdef PyObject* FACT_TEXTS[SLOTS]
cdef PyObject* FACTS[SLOTS]

cdef double[16] POWERS = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
]

cdef class Plan:
    """How to read the data of one type of event."""

    def __init__(self, str type_, data, str topic, rule, *, has_customer, needs_cause):
        """Raises TypeError or ValueError if a field is of a kind that is not known here."""
        info = type_info(data)
        if len(info.fields) > MOST_FIELDS or info.tag is not None or info.array_like:
            raise ValueError(f"{data.__name__} has another form")
        if data.__match_args__ != data.__struct_fields__:
            raise ValueError(f"{data.__name__} is not made by position")
        self.type, self.topic, self.rule = type_, topic, rule
        self.needs_cause, self._data = needs_cause, data
        self._is_shared = not has_customer and rule is None
        self._alive, self._salt = [], hash(type_)
        self._count = len(info.fields)
        for index, field in enumerate(info.fields):
            self._plan(&self._fields[index], field)
            self._fields[index].is_customer = has_customer and field.name == "customer"

    cdef PyObject* _kept(self, object value) except NULL:
        """Keep an object for as long as the plan lives."""
        self._alive.append(value)
        return <PyObject*>value

    cdef int _plan(self, Field* field, object info) except -1:
        cdef bytes key = info.encode_name.encode("ascii")
        self._kept(key)
        field.key.start, field.key.length = key, len(key)
        if info.default_factory is not NODEFAULT:
            raise ValueError(f"the default of {info.name} is made")
        field.default = NULL if info.default is NODEFAULT else self._kept(info.default)
        kind = info.type
        if isinstance(kind, UnionType):
            (kind,) = (one for one in kind.types if not isinstance(one, NoneType))
            field.is_optional = len(info.type.types) == 2
        self._plan_kind(field, kind)

    cdef int _plan_kind(self, Field* field, object kind) except -1:
        if isinstance(kind, StrType):
            field.kind = TEXT if kind.pattern is None else PATTERN
            field.known = self._kept(kind.pattern and re.compile(kind.pattern).search)
            field.least = kind.min_length or 0
            field.most = 2**62 if kind.max_length is None else kind.max_length
        elif isinstance(kind, LiteralType):
            field.kind = ONE_OF
            field.known = self._kept(tuple(kind.values))
            for value in kind.values:
                value.encode("ascii")
        elif isinstance(kind, IntType) and kind == IntType(ge=kind.ge, le=kind.le):
            field.kind, field.least, field.most = WHOLE, kind.ge, kind.le
        elif isinstance(kind, FloatType) and kind == FloatType(ge=kind.ge, le=kind.le):
            field.kind, field.lowest, field.highest = REAL, kind.ge, kind.le
        elif isinstance(kind, DateTimeType) and kind.tz:
            field.kind = INSTANT
        else:
            raise TypeError(f"{kind} is not known here")

    cdef object read(self, const char** place, const char* end, object token):
        """Return the fact that begins at *place*, which goes on behind it. None: ask Python."""
        cdef PyObject* values[MOST_FIELDS + 1]
        cdef Span whole
        cdef const char* close
        cdef int index, slot = -1
        whole.start, whole.length = place[0], 0
        if self._is_shared:
            # Where it may end: if a fact was read from just these bytes, it would be read again.
            close = <const char*>memchr(whole.start, c"}", end - whole.start)
            if close is not NULL and close - whole.start < MOST_SHARED:
                whole.length = close + 1 - whole.start
                slot = (hash_of(whole) ^ self._salt) % SLOTS
                if FACTS[slot] is not NULL and type(<object>FACTS[slot]) is self._data:
                    if is_text(FACT_TEXTS[slot], whole):
                        place[0] = close + 1
                        return <object>FACTS[slot]
        for index in range(self._count + 1):
            values[index] = NULL
        fact = None
        try:
            if self._fill(place, values + 1, token):
                fact = PyObject_Vectorcall(
                    self._data, values + 1, self._count | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL
                )
        finally:
            for index in range(self._count):
                Py_XDECREF(values[index + 1])
        if slot >= 0 and fact is not None and place[0] == whole.start + whole.length:
            keep(&FACT_TEXTS[slot], new_text(whole))
            keep(&FACTS[slot], fact)
        return fact

    cdef int _fill(self, const char** place, PyObject** values, object token) except -1:
        """Read the fields of an object; return whether all are there, and nothing else."""
        cdef const char* at = place[0]
        cdef Span name
        cdef int index = -1
        if at[0] != c"{":
            return False
        at = after_space(at + 1)
        while at[0] == c'"':
            name.start = at + 1
            at = text_end(name.start)
            if at is NULL:
                return False
            name.length = at - name.start
            index = self._index(name, index + 1)
            at = after_space(at + 1)
            if index < 0 or values[index] is not NULL or at[0] != c":":
                return False
            at = after_space(at + 1)
            values[index] = value_of(&self._fields[index], &at, token)
            if values[index] is NULL:
                return False
            at = after_space(at)
            if at[0] != c",":
                break
            at = after_space(at + 1)
            if at[0] != c'"':
                return False
        if at[0] != c"}":
            return False
        place[0] = at + 1
        for index in range(self._count):
            if values[index] is NULL:
                if self._fields[index].default is NULL:
                    return False
                values[index] = self._fields[index].default
                Py_INCREF(<object>values[index])
        return True

    cdef int _index(self, Span name, int expected) noexcept:
        """Return which field this is, most likely the expected one; -1: none."""
        cdef int tried, index
        cdef Span key
        for tried in range(self._count):
            index = (expected + tried) % self._count
            key = self._fields[index].key
            if key.length == name.length and memcmp(key.start, name.start, name.length) == 0:
                return index
        return -1


cdef PyObject* value_of(Field* field, const char** place, object token) except? NULL:
    """Return a field's value as a new reference, and go behind it. NULL: ask Python."""
    cdef long long digits
    cdef int decimals
    cdef double real
    cdef const char* at = place[0]
    if at[0] == c'"':
        return text_of(field, place, token)
    if at[0] == c"n":
        if not field.is_optional or not is_null(at):
            return NULL
        place[0] = at + 4
        value = None
    elif field.kind == WHOLE:
        at = number_end(at, MOST_DIGITS, &digits, &decimals)
        if at is NULL or decimals or not field.least <= digits <= field.most:
            return NULL
        place[0] = at
        value = digits
    elif field.kind == REAL:
        at = number_end(at, MOST_EXACT_DIGITS, &digits, &decimals)
        if at is NULL:
            return NULL
        real = <double>digits / POWERS[decimals]  # exact over exact: rounded once, as it must be
        if not field.lowest <= real <= field.highest:
            return NULL
        place[0] = at
        value = real
    else:
        return NULL
    Py_INCREF(value)
    return <PyObject*>value


cdef PyObject* text_of(Field* field, const char** place, object token) except? NULL:
    """Return the value that a text in quotes stands for, as `value_of` does."""
    cdef Span text
    cdef Instant instant
    cdef const char* close
    text.start = place[0] + 1
    close = text_end(text.start)
    if close is NULL:
        return NULL
    text.length = close - text.start
    if field.kind == ONE_OF:
        value = one_of(<tuple>field.known, text)
        if value is None:
            return NULL
    elif field.kind == TEXT or field.kind == PATTERN:
        if not field.least <= text.length <= field.most:
            return NULL
        value = token_of(text, token) if field.is_customer else shared_text(text)
        if field.kind == PATTERN and (<object>field.known)(value) is None:
            return NULL
    elif field.kind == INSTANT:
        if not read_instant(text, &instant) or not instant.is_zulu:
            return NULL
        value = datetime_new(
            instant.year, instant.month, instant.day, instant.hour, instant.minute,
            instant.second, instant.microsecond, get_utc(), 0,
        )
    else:
        return NULL
    place[0] = close + 1
    Py_INCREF(value)
    return <PyObject*>value


cdef object token_of(Span number, object token):
    if type(token) is Tokens:
        return (<Tokens>token).of(number)
    return token(new_text(number))


cdef object one_of(tuple known, Span text):
    for value in known:
        if is_text(<PyObject*>value, text):
            return value
    return None
