# cython: language_level=3, boundscheck=False, wraparound=False, binding=False
"""Takes the plain notes: one more call of a customer, and nothing that must be let go of.

Plain: a call of one leg that the customer's state does not know; those it knows are of one leg,
too. It is taken as `streams.customers.step` and `Fold._take_notes` would take it; everything else
is left to these two.
"""

from cpython.dict cimport (
    PyDict_Contains, PyDict_DelItem, PyDict_GetItemWithError, PyDict_SetItem
)
from cpython.float cimport PyFloat_AS_DOUBLE, PyFloat_CheckExact
from cpython.object cimport PyObject
from cpython.tuple cimport PyTuple_CheckExact, PyTuple_GET_ITEM, PyTuple_GET_SIZE
from libc.math cimport NAN, floor
from streams.fast_contacts cimport MOST, Contact, difference, has_missed, mark, next_change_at, read
from streams.fast_slots cimport at_place, place_of

from schemas.notes import CallNote, Note
from streams.contacts import Leg
from streams.customers import KEPT_SECONDS, MAX_LEGS, Customer, is_live

cdef extern from "Python.h":
    Py_ssize_t PyUnicode_FindChar(object, Py_UCS4, Py_ssize_t, Py_ssize_t, int) except -2
    Py_ssize_t PyUnicode_GET_LENGTH(object)
    bint PyUnicode_CheckExact(object)


if MAX_LEGS > MOST:
    raise ImportError("there is no room for so many legs")

cdef double KEPT = KEPT_SECONDS
cdef Py_ssize_t MOST_LEGS = MAX_LEGS

cdef Py_ssize_t TOKEN = place_of(Note, "customer"), EPOCH = place_of(Note, "epoch")
cdef Py_ssize_t OFFSET = place_of(Note, "offset"), TOLD_AT = place_of(Note, "at")
cdef Py_ssize_t ENTITY = place_of(Note, "entity"), SAYS = place_of(Note, "says")
cdef Py_ssize_t ARRIVED_AT = place_of(CallNote, "arrived_at")
cdef Py_ssize_t LEG_KEY = place_of(Leg, "key")
cdef Py_ssize_t LEG_SAYS = place_of(Leg, "says")
cdef Py_ssize_t LEGS = place_of(Customer, "legs"), BEFORE_AT = place_of(Customer, "before_at")
cdef Py_ssize_t GONE_AT = place_of(Customer, "gone_at"), SEEN_AT = place_of(Customer, "seen_at")
cdef Py_ssize_t LAST_AT = place_of(Customer, "last_at")
cdef Py_ssize_t HAS_MISSED = place_of(Customer, "has_missed")


cdef class PlainNotes:
    """Goes over the notes of one record: takes the plain ones, yields all others, in turn."""

    cdef readonly bint is_news
    cdef Py_ssize_t _index, _size
    cdef double _horizon_at
    cdef tuple _notes
    cdef object _fold, _count, _due, _expiry, _horizon
    cdef dict _entities, _changed, _live, _due_in, _due_minutes

    def __init__(self, fold, notes, horizon_at):
        self._fold, self._notes = fold, notes
        self._horizon, self._horizon_at = horizon_at, horizon_at
        self._index, self._size = 0, len(notes)
        self._entities, self._changed, self._live = fold.entities, fold._changed, fold.live
        self._count, self._due = fold.grains.count, fold._due
        self._due_in, self._due_minutes = fold._due._buckets, fold._due._minute_of
        self._expiry = fold._expiry

    def __iter__(self):
        return self

    def __next__(self):
        while self._index < self._size:
            note = self._notes[self._index]
            self._index += 1
            if not self._take(note):
                return note
            self.is_news = True
        raise StopIteration

    cdef bint _take(self, object note) except -1:
        """Take a note if it is plain; return whether it was."""
        cdef Contact new
        cdef PyObject *fields = <PyObject *> note
        cdef PyObject *known
        if type(note) is not Note:
            return False
        token, key = <object> at_place(fields, TOKEN), <object> at_place(fields, ENTITY)
        told_at = <object> at_place(fields, TOLD_AT)
        if not _is_one_leg(key) or not PyFloat_CheckExact(told_at):
            return False
        if not read(<object> at_place(fields, SAYS), &new):
            return False
        if not new.at >= self._horizon_at - KEPT:
            return False
        known = PyDict_GetItemWithError(self._entities, token)
        return self._join(note, token, None if known is NULL else <object> known, new)

    cdef bint _join(self, object note, object token, object customer, Contact new) except -1:
        """Put a call among those of a customer; return whether they are all plain."""
        cdef Contact found[MOST]
        cdef int old[MOST]
        cdef int marks[MOST]
        cdef PyObject *fields = <PyObject *> note
        cdef Py_ssize_t size = 0, place = 0, index
        cdef double before_at = NAN, until = self._horizon_at, until_before
        cdef bint was_missed = False
        key, legs = <object> at_place(fields, ENTITY), ()
        # The same objects as in the note and in others' states, so that they take no memory.
        seen_at, last_at = self._horizon, <object> at_place(fields, TOLD_AT)
        first_at = gone_at = None
        if customer is not None:
            if type(customer) is not Customer:
                return False
            legs = <object> at_place(<PyObject *> customer, LEGS)
            first_at = <object> at_place(<PyObject *> customer, BEFORE_AT)
            gone_at = <object> at_place(<PyObject *> customer, GONE_AT)
            until_before = <object> at_place(<PyObject *> customer, SEEN_AT)
            if until_before > until:
                seen_at, until = <object> at_place(<PyObject *> customer, SEEN_AT), until_before
            last_before = <object> at_place(<PyObject *> customer, LAST_AT)
            if <double> last_before > <double> last_at:
                last_at = last_before
            was_missed = <object> at_place(<PyObject *> customer, HAS_MISSED)
            if gone_at is not None and not new.at > <double> gone_at:
                return False
            if not PyTuple_CheckExact(legs) or PyTuple_GET_SIZE(legs) >= MOST_LEGS:
                return False
            size = PyTuple_GET_SIZE(legs)
            place = _read_legs(legs, key, new.at, found)
            if place < 0:
                return False
            if first_at is not None:
                before_at = first_at
            mark(found, size, before_at, until_before, old)
        for index in range(size, place, -1):
            found[index], old[index] = found[index - 1], old[index - 1]
        found[place], old[place] = new, 0
        if found[0].at < until - KEPT:
            return False
        mark(found, size + 1, before_at, until, marks)
        was_missed = was_missed or has_missed(marks, size + 1)
        leg = Leg(
            key,
            <object> at_place(fields, EPOCH),
            <object> at_place(fields, OFFSET),
            <object> at_place(new.says, ARRIVED_AT),
            <object> new.says,
        )
        if size:
            legs = (*legs[:place], leg, *legs[place:])
        else:
            legs = (leg,)
        due = next_change_at(found, size + 1, until)
        made = Customer(legs, first_at, gone_at, seen_at, last_at, was_missed, due)
        if customer is None:
            self._watch(token, max(new.at + KEPT, <double> last_at))
        self._put(token, made, was_missed, due)
        self._counted(found, size + 1, old, marks)
        return True

    cdef int _put(self, object token, object customer, bint was_missed, object due) except -1:
        """Put the customer's new state in the place of the old one."""
        cdef long long minute
        PyDict_SetItem(self._entities, token, customer)
        PyDict_SetItem(self._changed, token, customer)
        if was_missed and is_live(customer):
            PyDict_SetItem(self._live, token, customer)
        elif PyDict_Contains(self._live, token):
            PyDict_DelItem(self._live, token)
        if due is None:
            self._due_minutes.pop(token, None)
            return 0
        minute = <long long> floor(<double> due / 60.0) + 1
        if self._due_minutes.get(token) != minute:
            self._due_minutes[token] = minute
            _append(self._due_in, minute, token)
            if minute < <long long> self._due._next:
                self._due._next = minute
        return 0

    cdef int _watch(self, object token, double expires_at) except -1:
        """Let the customer be looked at for its end, as `streams.expiry` does."""
        self._expiry.put(token, <long long> floor(expires_at / 60.0) + 1)
        return 0

    cdef int _counted(self, Contact *found, Py_ssize_t size, int *old, int *new) except -1:
        """Add what has changed to the panes."""
        facts = difference(found, size, old, new)
        if facts:
            closed = self._count(facts)
            if closed:
                self._fold.ledger.closed_facts += closed
        return 0


cdef int _append(dict buckets, object minute, object token) except -1:
    bucket = buckets.get(minute)
    if bucket is None:
        buckets[minute] = [token]
    else:
        (<list> bucket).append(token)
    return 0


cdef bint _is_one_leg(object key) except -1:
    """Whether a call's key is that of a first leg: others have their number behind a `#`."""
    if not PyUnicode_CheckExact(key):
        return False
    return PyUnicode_FindChar(key, c"#", 0, PyUnicode_GET_LENGTH(key), 1) < 0


cdef Py_ssize_t _read_legs(tuple legs, object key, double at, Contact *found) except -2:
    """Read the known legs; return the place among them of one that arrives then, -1: not plain."""
    cdef Py_ssize_t index, size = PyTuple_GET_SIZE(legs), place = size
    cdef PyObject *fields
    for index in range(size):
        leg = <object> PyTuple_GET_ITEM(legs, index)
        if type(leg) is not Leg:
            return -1
        fields = <PyObject *> leg
        known = <object> at_place(fields, LEG_KEY)
        if known == key or not _is_one_leg(known):
            return -1
        if not read(<object> at_place(fields, LEG_SAYS), &found[index]):
            return -1
        # Of those that arrive at once the key decides, which is left to Python.
        if found[index].at == at or (index and found[index].at < found[index - 1].at):
            return -1
        if place == size and found[index].at > at:
            place = index
    return place
