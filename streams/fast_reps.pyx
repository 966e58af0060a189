# cython: language_level=3, boundscheck=False, wraparound=False
"""Takes the plain changes of reps' states, which are half of all events (`streams.runs.Run`).

Plain: a rep that is known, and of whom nothing was corrected, goes into a state later than into all
others. It is taken as `Fold.take` with `reps.step` takes it. Everything else, such as a rep's first
state, a repetition, what is out of order, late, or a correction, is yielded, for these to decide.
"""

from cpython.dict cimport PyDict_GetItemWithError, PyDict_SetDefault, PyDict_SetItem
from cpython.float cimport PyFloat_AS_DOUBLE, PyFloat_CheckExact
from cpython.long cimport PyLong_AsLong
from cpython.object cimport PyObject, PyTypeObject
from cpython.ref cimport Py_INCREF
from cpython.tuple cimport PyTuple_GET_ITEM, PyTuple_GET_SIZE, PyTuple_New, PyTuple_SET_ITEM
from libc.math cimport INFINITY
from streams.fast_cells cimport cell_number
from streams.fast_checksum cimport crc32_begin, crc32_of
from streams.fast_dims cimport dims_of
from streams.fast_grains cimport Grains
from streams.fast_slots cimport at_place, place_of

from schemas.events import Event, RepStateChanged
from streams import facts, rep_state, reps
from streams.facts import Spell
from streams.rep_state import Rep, Turn

cdef extern from "Python.h":
    PyTypeObject PyUnicode_Type, PyTuple_Type
    object PyObject_Vectorcall(object, PyObject **, size_t, PyObject *)
    bint PyUnicode_IS_COMPACT_ASCII(PyObject *)
    Py_ssize_t PyUnicode_GET_LENGTH(PyObject *)
    const unsigned char *PyUnicode_1BYTE_DATA(PyObject *)
    Py_ssize_t PySequence_Fast_GET_SIZE(object)
    PyObject *PySequence_Fast_GET_ITEM(object, Py_ssize_t)

cdef dict CELL = rep_state._CELL
cdef dict NUMBER = {state: cell_number(cell) for state, cell in CELL.items()}
cdef object PAUSED = NUMBER["paused"]
cdef double TO_TICKS = facts.TO_TICKS
cdef Py_ssize_t MAX_LATEST = reps.MAX_LATEST
cdef object EMPTY = (), NO_TEXT = "", NEW_REP = Rep, NEW_SPELL = Spell
cdef object NEW_TURN = Turn
# An instance is of exactly this class, or not plain.
cdef PyTypeObject *EVENT = <PyTypeObject *> Event
cdef PyTypeObject *CHANGED = <PyTypeObject *> RepStateChanged
cdef PyTypeObject *REP = <PyTypeObject *> Rep
cdef PyTypeObject *TURN = <PyTypeObject *> Turn

cdef Py_ssize_t EVENT_ID = place_of(Event, "id"), EVENT_AT = place_of(Event, "at")
cdef Py_ssize_t EVENT_SOURCE = place_of(Event, "source"), EVENT_DATA = place_of(Event, "data")
cdef Py_ssize_t EVENT_SUBJECT = place_of(Event, "subject")
cdef Py_ssize_t EVENT_CAUSE = place_of(Event, "causation_id")
cdef Py_ssize_t DATA_STATE = place_of(RepStateChanged, "state")
cdef Py_ssize_t DATA_REASON = place_of(RepStateChanged, "reason")
cdef Py_ssize_t TURN_AT = place_of(Turn, "at"), TURN_STATE = place_of(Turn, "state")
cdef Py_ssize_t TURN_REASON = place_of(Turn, "reason"), TURN_SOURCE = place_of(Turn, "source")
cdef Py_ssize_t REP_REP = place_of(Rep, "rep"), REP_CORRECTED = place_of(Rep, "corrected")
cdef Py_ssize_t REP_EARLIER = place_of(Rep, "earlier"), REP_LATEST = place_of(Rep, "latest")
crc32_begin()


cdef class PlainReps:
    """One batch of the reps' topic."""

    cdef object _fold, _offsets, _messages
    cdef dict _entities, _changed, _before
    cdef Grains _grains  # None: they are not compiled
    cdef Py_ssize_t _index
    cdef double _newest_at, _close_at, _lateness_seconds
    cdef readonly Py_ssize_t applied, out_of_order

    def __init__(self, fold, events, offsets):
        self._fold, self._offsets = fold, offsets
        self._messages = events if type(events) in (list, tuple) else tuple(events)
        if len(self._messages) != len(offsets):
            raise ValueError("there must be as many offsets as messages")
        self._entities, self._changed, self._before = fold.entities, fold._changed, fold._before
        self._grains = fold.grains if type(fold.grains) is Grains else None
        self._index = -1
        self._lateness_seconds = fold._lateness_seconds
        self._look()

    @property
    def offset(self):
        """Of the message that is looked at."""
        return self._offsets[self._index]

    @property
    def newest_at(self):
        """How far event time has come."""
        return self._newest_at

    def __iter__(self):
        return self

    def __next__(self):
        cdef PyObject *message
        self._look()
        while self._index + 1 < PySequence_Fast_GET_SIZE(self._messages):
            self._index += 1
            message = PySequence_Fast_GET_ITEM(self._messages, self._index)
            if not self._take(message):
                self._show()
                return <object> message, self.offset
        self._show()
        raise StopIteration

    cdef int _look(self) except -1:
        """See how far event time has come: what was yielded last may have moved it."""
        newest_at = self._fold.watermark.newest_at
        self._newest_at = -INFINITY if newest_at is None else newest_at
        self._close_at = self._fold._close_at
        return 0

    cdef int _show(self) except -1:
        """Let others see what was taken so far, but for its number."""
        if self._newest_at > -INFINITY:
            self._fold.watermark.newest_at = self._newest_at
        return 0

    cdef int _move_on(self, double at) except -1:
        """Event time has come to *at*: close what that closes."""
        self._newest_at = at
        if at >= self._close_at:
            self._show()
            self._fold.ledger.next_offset = self.offset + 1
            self._fold.close()
            self._close_at = self._fold._close_at
        return 0

    cdef bint _take(self, PyObject *event) except -1:
        """Take a message if it is plain; return whether it was."""
        if event.ob_type != EVENT or at_place(event, EVENT_CAUSE) != <PyObject *> None:
            return False
        cdef PyObject *data = at_place(event, EVENT_DATA)
        cdef PyObject *event_id = at_place(event, EVENT_ID)
        if data.ob_type != CHANGED or not is_ascii(event_id):
            return False
        if not PyFloat_CheckExact(<object> at_place(event, EVENT_AT)):
            return False
        cdef double at = PyFloat_AS_DOUBLE(<object> at_place(event, EVENT_AT))
        if at > self._newest_at:
            self._move_on(at)
        elif at < self._newest_at - self._lateness_seconds:
            return False
        subject = <object> at_place(event, EVENT_SUBJECT)
        cdef PyObject *rep = PyDict_GetItemWithError(self._entities, subject)
        if rep == NULL or rep.ob_type != REP or at_place(rep, REP_CORRECTED) != <PyObject *> None:
            return False
        cdef PyObject *present = present_of(rep)
        if present == NULL:
            return False
        cdef double since = PyFloat_AS_DOUBLE(<object> at_place(present, TURN_AT))
        if not at > since:
            return False
        new = changed_rep(rep, turn_of(event, data))
        PyDict_SetDefault(self._before, subject, <object> rep)
        self._ended(at_place(rep, REP_REP), present, since, at)
        # The last of these frees the old rep, and what was read from it.
        PyDict_SetItem(self._changed, subject, new)
        PyDict_SetItem(self._entities, subject, new)
        self.applied += 1
        self.out_of_order += at < self._newest_at
        return True

    cdef int _ended(self, PyObject *rep, PyObject *turn, double since, double at) except -1:
        """Count the seconds of a state that ended at *at*."""
        state = <object> at_place(turn, TURN_STATE)
        cdef PyObject *found = PyDict_GetItemWithError(NUMBER, state)
        cdef double start = since + TO_TICKS - TO_TICKS, end = at + TO_TICKS - TO_TICKS
        cdef int closed
        if found == NULL or end <= start:
            return 0
        kind = <object> at_place(turn, TURN_REASON) if found == <PyObject *> PAUSED else NO_TEXT
        source = <object> at_place(turn, TURN_SOURCE)
        dims = dims_of(NO_TEXT, <object> rep, NO_TEXT, kind, source)
        if self._grains is None:
            closed = self._fold.grains.count((NEW_SPELL(start, end, dims, CELL[state]),))
        else:
            closed = self._grains.spread(start, end, dims, PyLong_AsLong(<object> found), 1)
        if closed:
            self._fold.ledger.closed_facts += closed
        return 0


cdef inline bint is_ascii(PyObject *text) noexcept:
    return text.ob_type == &PyUnicode_Type and PyUnicode_IS_COMPACT_ASCII(text)


cdef inline PyObject *last_of(PyObject *turns) noexcept:
    """Return the last of a tuple, borrowed; NULL: there is none."""
    cdef Py_ssize_t count
    if turns.ob_type != &PyTuple_Type:
        return NULL
    count = PyTuple_GET_SIZE(<object> turns)
    return PyTuple_GET_ITEM(<object> turns, count - 1) if count else NULL


cdef inline PyObject *present_of(PyObject *rep) noexcept:
    """Return the present turn, borrowed; NULL: it is not as it mostly is."""
    cdef PyObject *turn = last_of(at_place(rep, REP_LATEST))
    if turn == NULL:
        turn = last_of(at_place(rep, REP_EARLIER))
    if turn == NULL or turn.ob_type != TURN:
        return NULL
    return turn if PyFloat_CheckExact(<object> at_place(turn, TURN_AT)) else NULL


cdef object turn_of(PyObject *event, PyObject *data):
    """Return what an event says."""
    cdef PyObject *text = at_place(event, EVENT_ID)
    cdef PyObject *reason = at_place(data, DATA_REASON)
    mark = crc32_of(PyUnicode_1BYTE_DATA(text), PyUnicode_GET_LENGTH(text))
    cdef object mark_object = mark
    cdef PyObject *fields[5]
    fields[0] = at_place(event, EVENT_AT)
    fields[1] = at_place(data, DATA_STATE)
    fields[2] = <PyObject *> NO_TEXT if reason == <PyObject *> None else reason
    fields[3] = at_place(event, EVENT_SOURCE)
    fields[4] = <PyObject *> mark_object
    return PyObject_Vectorcall(NEW_TURN, fields, 5, NULL)


cdef object changed_rep(PyObject *rep, object turn):
    """Return the rep with one more turn, as `reps.step` does."""
    cdef PyObject *latest = at_place(rep, REP_LATEST)
    cdef PyObject *fields[4]
    cdef object earlier, more
    if PyTuple_GET_SIZE(<object> latest) < MAX_LATEST:
        earlier, more = <object> at_place(rep, REP_EARLIER), appended(latest, turn)
    else:
        earlier, more = <object> at_place(rep, REP_EARLIER) + <object> latest, (turn,)
    fields[0], fields[1] = at_place(rep, REP_REP), <PyObject *> earlier
    fields[2], fields[3] = <PyObject *> more, <PyObject *> None
    return PyObject_Vectorcall(NEW_REP, fields, 4, NULL)


cdef tuple appended(PyObject *turns, object turn):
    """Return (*turns, turn)."""
    cdef Py_ssize_t count = PyTuple_GET_SIZE(<object> turns), index
    cdef tuple longer = PyTuple_New(count + 1)
    for index in range(count):
        one = <object> PyTuple_GET_ITEM(<object> turns, index)
        Py_INCREF(one)
        PyTuple_SET_ITEM(longer, index, one)
    Py_INCREF(turn)
    PyTuple_SET_ITEM(longer, count, turn)
    return longer
