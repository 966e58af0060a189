# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Which entities are over: the compiled twin of `streams.expiry`, which says how it is done.

It knows by itself when a call is over, since there are so many; others it asks `expires_at`.
"""

cimport cython
from cpython.dict cimport PyDict_GetItemWithError
from cpython.float cimport PyFloat_AS_DOUBLE, PyFloat_CheckExact
from cpython.object cimport PyObject, PyTypeObject
from libc.stdint cimport int64_t
from streams.fast_checksum cimport crc32_begin, crc32_of
from streams.fast_slots cimport at_place, place_of

from streams import calls
from streams.call_state import Call
from streams.expiry import HOUR_SECONDS

cdef extern from "Python.h":
    bint PyUnicode_CheckExact(object)
    bint PyUnicode_IS_COMPACT_ASCII(PyObject *)
    Py_ssize_t PyUnicode_GET_LENGTH(PyObject *)
    const unsigned char *PyUnicode_1BYTE_DATA(PyObject *)

cdef enum:
    BUCKET = 60  # seconds

cdef double MOST = 2.0**52  # seconds; below it they are whole numbers of 64 bits
cdef double NEXT_LEG_SECONDS = calls.NEXT_LEG_SECONDS, OPEN_SECONDS = calls.OPEN_SECONDS
cdef double WRAPUP_SECONDS = calls.WRAPUP_SECONDS
cdef PyTypeObject *CALL = <PyTypeObject *> Call
cdef PyObject *NOTHING = <PyObject *> None
cdef object NO = False, CALL_EXPIRES_AT = calls.expires_at

cdef Py_ssize_t LAST_AT = place_of(Call, "last_at"), ENDED_AT = place_of(Call, "ended_at")
cdef Py_ssize_t TRANSFERRED_AT = place_of(Call, "transferred_at")
cdef Py_ssize_t IN_MENU = place_of(Call, "in_menu"), DURATIONS = place_of(Call, "durations")
cdef Py_ssize_t ANSWERED_AT = place_of(Call, "answered_at")
cdef Py_ssize_t ABANDONED_AT = place_of(Call, "abandoned_at")
cdef Py_ssize_t WRAPUP_ENDED_AT = place_of(Call, "wrapup_ended_at")
crc32_begin()


@cython.final
cdef class Expiry:
    """Every entity stands in one bucket; see `streams.expiry.Expiry`."""

    cdef object _expires_at
    cdef bint _are_calls
    cdef int64_t _look_minutes, _next
    cdef readonly dict _buckets

    def __init__(self, expires_at, *, double look_seconds=HOUR_SECONDS):
        if not BUCKET <= look_seconds < MOST:
            raise ValueError(f"look_seconds is less than a minute, or endless: {look_seconds}")
        self._expires_at, self._are_calls = expires_at, expires_at is CALL_EXPIRES_AT
        self._look_minutes = minute_of(look_seconds)
        self._buckets = {}

    def add(self, key, entity):
        """Watch a new entity."""
        self.put(key, self._over(<PyObject *> entity))

    def due(self, double watermark, entities):
        """Return an iterator over the keys of *entities* that are over, each once."""
        cdef int64_t first = self._next, last = minute_of(watermark), over
        cdef list found = []
        cdef PyObject *entity
        if last < first:
            return iter(found)
        self._next = last + 1
        minutes = range(first, last + 1)
        if len(self._buckets) < last - first:
            # A long time has passed: there are fewer buckets than minutes in it.
            minutes = sorted([bucket for bucket in self._buckets if bucket <= last])
        for bucket in minutes:
            for key in self._buckets.pop(bucket, ()):
                one = entity_of(entities, key)
                if one is None:  # its customer wished to be forgotten meanwhile
                    continue
                entity = <PyObject *> one
                over = self._over(entity)
                if over <= last:
                    found.append(key)
                else:
                    self.put(key, over)
        return iter(found)

    cpdef int put(self, object key, int64_t over) except -1:
        """Watch an entity that is over when minute *over* begins, as far as is known."""
        cdef int64_t first = self._next, behind = (checksum_of(key) - first) % self._look_minutes
        # Python's remainder is never negative.
        cdef int64_t look = first + (behind + self._look_minutes if behind < 0 else behind)
        cdef int64_t minute = look if look < over else max(first, over)
        cdef PyObject *bucket = PyDict_GetItemWithError(self._buckets, minute)
        if bucket == NULL:
            self._buckets[minute] = [key]
        else:
            (<list> bucket).append(key)
        return 0

    cdef int64_t _over(self, PyObject *entity) except? -1:
        """Return the first minute that begins after it is over: in it, repetitions are late."""
        if self._are_calls and entity.ob_type == CALL:
            if PyFloat_CheckExact(<object> at_place(entity, LAST_AT)):
                return minute_of(call_expires_at(entity)) + 1
        return minute_of(self._expires_at(<object> entity)) + 1


cdef double call_expires_at(PyObject *call) noexcept:
    """As `streams.calls.expires_at`."""
    cdef double last_at = PyFloat_AS_DOUBLE(<object> at_place(call, LAST_AT))
    cdef bint is_answered = at_place(call, ANSWERED_AT) != NOTHING
    if at_place(call, TRANSFERRED_AT) != NOTHING:
        return last_at + NEXT_LEG_SECONDS
    if at_place(call, IN_MENU) != <PyObject *> NO or at_place(call, DURATIONS) != NOTHING:
        return last_at
    if at_place(call, ENDED_AT) == NOTHING:
        if is_answered or at_place(call, ABANDONED_AT) == NOTHING:
            return last_at + OPEN_SECONDS
    if is_answered and at_place(call, WRAPUP_ENDED_AT) == NOTHING:
        return last_at + WRAPUP_SECONDS
    return last_at


cdef int64_t minute_of(double at) except? -1:
    """Return `int(at // 60.0)`."""
    if 0.0 <= at < MOST:
        return <int64_t> at // BUCKET
    return int(<object> at // 60.0)


cdef int64_t checksum_of(object key) except? -1:
    cdef PyObject *text = <PyObject *> key
    cdef bytes encoded
    if PyUnicode_CheckExact(key) and PyUnicode_IS_COMPACT_ASCII(text):
        return crc32_of(PyUnicode_1BYTE_DATA(text), PyUnicode_GET_LENGTH(text))
    encoded = key.encode()
    return crc32_of(<const unsigned char *> <const char *> encoded, len(encoded))


cdef object entity_of(object entities, object key):
    cdef PyObject *found
    if type(entities) is not dict:
        return entities.get(key)
    found = PyDict_GetItemWithError(<dict> entities, key)
    return None if found == NULL else <object> found
