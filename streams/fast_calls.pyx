# cython: language_level=3, boundscheck=False, wraparound=False, binding=False
"""Takes the plain statements about plain calls, which are 40 % of all events.

Plain: a first leg that came, was answered, ended or passed on, and wrapped up in this sequence, or
was given up, each told once; or all of it told by one record. Nothing was corrected, taken back,
contradicted or closed by us. Of a call with several legs only that is plain which cannot change how
long later ones had waited (streams/legs.py). It is taken as `Fold.take` with `calls.step` would
take it; everything else is left to these two.
"""

from cpython.dict cimport (
    PyDict_Contains, PyDict_DelItem, PyDict_GetItemWithError, PyDict_SetDefault, PyDict_SetItem
)
from cpython.float cimport PyFloat_AS_DOUBLE, PyFloat_CheckExact
from cpython.object cimport PyObject
from libc.math cimport INFINITY as NOT_YET
from streams.fast_call_changes cimport count_changes
from streams.fast_call_counts cimport Leg, closed_at
from streams.fast_call_state cimport ANSWERED, Kind, after, kind_of
from streams.fast_slots cimport at_place, place_of

from schemas.events import Event
from streams.call_keys import call_key
from streams.call_state import Call

cdef extern from "Python.h":
    Py_ssize_t PyUnicode_FindChar(object, Py_UCS4, Py_ssize_t, Py_ssize_t, int) except -2
    Py_ssize_t PyUnicode_GET_LENGTH(object)
    bint PyUnicode_CheckExact(object)

cdef object EVENT = Event, FIRST_LEG = 1

cdef Py_ssize_t AT = place_of(Event, "at"), DATA = place_of(Event, "data")
cdef Py_ssize_t SOURCE = place_of(Event, "source"), SUBJECT = place_of(Event, "subject")
cdef Py_ssize_t CAUSE = place_of(Event, "causation_id")
cdef Py_ssize_t QUEUE = place_of(Call, "queue"), REP = place_of(Call, "rep")
cdef Py_ssize_t CALL_SOURCE = place_of(Call, "source")


cdef class PlainCalls:
    """A `streams.runs.Run` over the messages of one batch about calls."""

    cdef public double newest_at
    cdef public Py_ssize_t applied, out_of_order
    cdef Py_ssize_t _index, _size
    cdef double _close_at, _lateness_seconds
    cdef bint _is_ahead
    cdef object _fold, _offsets, _grains, _watch, _ledger, _watermark
    cdef list _events
    cdef dict _entities, _changed, _before, _live, _legs

    def __init__(self, fold, events, offsets):
        self._fold, self._events, self._offsets = fold, list(events), offsets
        self._index, self._size = -1, len(events)
        if len(offsets) != self._size:
            raise ValueError("there must be as many offsets as events")
        self._ledger, self._watermark, self._grains = fold.ledger, fold.watermark, fold.grains
        self._watch, self._legs = fold._expiry.add, fold._legs.calls
        self._entities, self._changed = fold.entities, fold._changed
        self._before, self._live = fold._before, fold.live
        self._lateness_seconds = fold._lateness_seconds
        self._catch_up()

    @property
    def offset(self):
        """The offset of the message that is looked at."""
        return self._offsets[self._index] if self._index >= 0 else self._ledger.next_offset

    def __iter__(self):
        return self

    def __next__(self):
        if self._index >= 0:
            self._catch_up()
        try:
            while True:
                self._index += 1
                if self._index >= self._size:
                    raise StopIteration
                if not self._take(self._events[self._index]):
                    return self._events[self._index], self._offsets[self._index]
        finally:
            self._show()

    cdef int _show(self) except -1:
        """Let others see how far event time has come."""
        if self._is_ahead:
            self._watermark.newest_at = self.newest_at
            self._is_ahead = False
        return 0

    cdef int _move_on(self, double at) except -1:
        """Event time has come to *at*: close what that closes."""
        self.newest_at, self._is_ahead = at, True
        if at >= self._close_at:
            self._show()
            self._ledger.next_offset = self.offset + 1
            self._fold.close()
            self._close_at = self._fold._close_at
        return 0

    cdef int _catch_up(self) except -1:
        """See how far event time has come by what was yielded."""
        newest_at = self._watermark.newest_at
        self.newest_at = -NOT_YET if newest_at is None else newest_at
        self._close_at = self._fold._close_at
        return 0

    cdef bint _take(self, object event) except -1:
        """Take an event if it is plain; return whether it was."""
        cdef PyObject *fields = <PyObject *>event
        cdef PyObject *known
        cdef double at
        cdef bint is_live
        cdef const Kind *kind
        cdef Leg old, new
        if type(event) is not EVENT:
            return False
        instant, key = <object>at_place(fields, AT), <object>at_place(fields, SUBJECT)
        if not PyFloat_CheckExact(instant) or not PyUnicode_CheckExact(key):
            return False
        at = PyFloat_AS_DOUBLE(instant)
        if at > self.newest_at:
            self._move_on(at)
        elif at < self.newest_at - self._lateness_seconds:
            return False
        if not at > 0.0 or at_place(fields, CAUSE) is not <PyObject *>None:
            return False
        data, source = <object>at_place(fields, DATA), <object>at_place(fields, SOURCE)
        kind = kind_of(data)
        if kind is NULL:
            return False
        key = self._key(key, <object>at_place(<PyObject *>data, kind.leg), kind)
        if key is None:
            return False
        known = PyDict_GetItemWithError(self._entities, key)
        call = None if known is NULL else <object>known
        made = after(call, kind, data, instant, source, &old, &new)
        if made is None:
            return False
        is_live = closed_at(&new) == NOT_YET and not new.in_menu
        self._replace(key, call, made, is_live)
        if call is None:
            self._watch(key, made)
        self._counted(&old, &new, made)
        self.applied += 1
        self.out_of_order += at < self.newest_at
        return True

    cdef object _key(self, object call_id, object leg, const Kind *kind):
        """Return the key of a leg, as `streams.call_keys` does; None if it is not plain."""
        if leg is FIRST_LEG and not PyDict_Contains(self._legs, call_id):
            is_marked = PyUnicode_FindChar(call_id, c"#", 0, PyUnicode_GET_LENGTH(call_id), 1) >= 0
            return None if is_marked else call_id
        # Of a call with several legs only what leaves their waits as they are, while all are known:
        # what comes after an answer, or what happens to the last leg.
        last = self._legs.get(call_id, 0)
        if not kind.follows & ANSWERED and leg != last:
            return None
        for other in range(1, last + 1):
            if call_key(call_id, other) not in self._entities:
                return None
        return call_key(call_id, leg)

    cdef int _replace(self, object key, object call, object made, bint is_live) except -1:
        """Put the call's new state in the place of the old one."""
        if self._before is not None:
            PyDict_SetDefault(self._before, key, call)
        PyDict_SetItem(self._entities, key, made)
        PyDict_SetItem(self._changed, key, made)
        if is_live:
            PyDict_SetItem(self._live, key, made)
        elif PyDict_Contains(self._live, key):
            PyDict_DelItem(self._live, key)
        return 0

    cdef int _counted(self, Leg *old, Leg *new, object call) except -1:
        """Add what has changed to the panes."""
        cdef PyObject *fields = <PyObject *>call
        cdef int closed = count_changes(
            self._grains,
            old,
            new,
            <object>at_place(fields, QUEUE),
            <object>at_place(fields, REP),
            <object>at_place(fields, CALL_SOURCE),
        )
        if closed:
            self._ledger.closed_facts += closed
        return 0
