# cython: language_level=3, boundscheck=False, wraparound=False
"""What plain calls say to their customers, compared at a checkpoint: see streams/call_notes.py.

Plain: the first leg of a call that has none other, with one customer since the last checkpoint, and
not closed by us. What others say is asked of `call_notes.notes`, in its turn.
"""

from cpython.dict cimport PyDict_Contains, PyDict_GetItemWithError
from cpython.float cimport PyFloat_AS_DOUBLE, PyFloat_CheckExact
from cpython.object cimport Py_EQ, PyObject, PyObject_RichCompareBool, PyTypeObject
from streams.fast_slots cimport at_place, place_of

from schemas.notes import CallNote, Note
from streams.call_state import Call

cdef extern from "Python.h":
    object PyObject_Vectorcall(object, PyObject **, size_t, PyObject *)
    Py_ssize_t PyUnicode_FindChar(object, Py_UCS4, Py_ssize_t, Py_ssize_t, int) except -2

cdef struct Says:
    # The fields of a CallNote, in its order; borrowed.
    PyObject *source
    PyObject *direction
    PyObject *arrived_at
    PyObject *queue
    PyObject *rep
    PyObject *outcome
    PyObject *over_at

cdef enum:
    FIELDS = 7

cdef PyTypeObject *CALL = <PyTypeObject *> Call
cdef object NEW_CALL_NOTE = CallNote, NEW_NOTE = Note
cdef object FIRST_LEG = 1, SECOND_KEY = "#2", OUTBOUND = "outbound"
cdef object MENU = "menu", ANSWERED = "answered", ABANDONED = "abandoned", MOVED = "flowed_out"
cdef object YES = True, NO = False
cdef PyObject *NOTHING = <PyObject *> None

if CallNote.__struct_fields__ != (
    *("source", "direction", "arrived_at", "queue", "rep", "outcome", "over_at"),
):
    raise ImportError("a call's note has other fields than the compiled code gives it")
if Note.__struct_fields__ != ("customer", "epoch", "offset", "at", "entity", "says"):
    raise ImportError("a note has other fields than the compiled code gives it")

cdef Py_ssize_t SOURCE = place_of(Call, "source"), QUEUE = place_of(Call, "queue")
cdef Py_ssize_t DIRECTION = place_of(Call, "direction"), CUSTOMER = place_of(Call, "customer")
cdef Py_ssize_t REP = place_of(Call, "rep"), LEG = place_of(Call, "leg")
cdef Py_ssize_t IN_MENU = place_of(Call, "in_menu"), LAST_AT = place_of(Call, "last_at")
cdef Py_ssize_t OFFERED_AT = place_of(Call, "offered_at")
cdef Py_ssize_t ANSWERED_AT = place_of(Call, "answered_at")
cdef Py_ssize_t ABANDONED_AT = place_of(Call, "abandoned_at")
cdef Py_ssize_t TRANSFERRED_AT = place_of(Call, "transferred_at")
cdef Py_ssize_t ENDED_AT = place_of(Call, "ended_at")
cdef Py_ssize_t CLOSED_BY_US_AT = place_of(Call, "closed_by_us_at")


def compare(dict changed, dict calls, tell, ledger):
    """Return what calls say that were, or were not yet, as *changed* has them."""
    cdef list notes = []
    epoch, offset = ledger.epoch, ledger.next_offset
    cdef PyObject *new
    cdef int is_plain
    for key, old in changed.items():
        new = PyDict_GetItemWithError(calls, key)
        if new == NULL:  # its customer was forgotten
            continue
        is_plain = _compare(key, <PyObject *> old, new, calls, epoch, offset, notes)
        if not is_plain:
            for told in tell(key, old, <object> new, calls):
                note = NEW_NOTE(told.customer, epoch, offset, told.at, told.entity, told.says)
                notes.append(note)
    return notes


cdef bint _compare(
    object key, PyObject *old, PyObject *new, dict calls, object epoch, object offset, list notes
) except -1:
    """Append what a plain call says; return whether it is plain."""
    cdef PyObject *customer
    cdef Says was, says
    cdef bint has_said = False
    if not _is_plain(new):
        return False
    customer = at_place(new, CUSTOMER)
    if old != NOTHING:
        if not _is_plain(old) or not _is_same(at_place(old, CUSTOMER), customer):
            return False
        has_said = at_place(old, OFFERED_AT) != NOTHING
    elif customer != NOTHING and not _is_alone(key, calls):
        return False
    if customer == NOTHING:
        return True
    if at_place(new, OFFERED_AT) == NOTHING:
        return not has_said
    says = _says_of(new)
    if has_said:
        was = _says_of(old)
        if _are_same(<PyObject **> &was, <PyObject **> &says):
            return True
    note = PyObject_Vectorcall(NEW_CALL_NOTE, <PyObject **> &says, FIELDS, NULL)
    at = <object> at_place(new, LAST_AT)
    notes.append(NEW_NOTE(<object> customer, epoch, offset, at, key, note))
    return True


cdef inline bint _is_plain(PyObject *call) noexcept:
    return (
        call.ob_type == CALL
        and at_place(call, LEG) == <PyObject *> FIRST_LEG
        and at_place(call, CLOSED_BY_US_AT) == NOTHING
        and _is_bool(at_place(call, IN_MENU))
        and _is_instant(at_place(call, OFFERED_AT))
        and _is_instant(at_place(call, ABANDONED_AT))
        and _is_instant(at_place(call, TRANSFERRED_AT))
        and _is_instant(at_place(call, ENDED_AT))
    )


cdef inline bint _is_bool(PyObject *one) noexcept:
    return one == <PyObject *> YES or one == <PyObject *> NO


cdef inline bint _is_instant(PyObject *at) noexcept:
    return at == NOTHING or PyFloat_CheckExact(<object> at)


cdef bint _is_alone(object key, dict calls) except -1:
    """Return whether there is no second leg, to which a customer would be passed on."""
    if PyUnicode_FindChar(key, u"#", 0, len(<str?> key), 1) >= 0:
        return False
    return not PyDict_Contains(calls, <str> key + <str> SECOND_KEY)


cdef Says _says_of(PyObject *call):
    """Return what `call_notes.says_of` returns for a plain call that came."""
    cdef Says says
    cdef bint is_outbound = at_place(call, DIRECTION) == <PyObject *> OUTBOUND or (
        <object> at_place(call, DIRECTION) == OUTBOUND
    )
    says.source, says.direction = at_place(call, SOURCE), at_place(call, DIRECTION)
    says.arrived_at = at_place(call, OFFERED_AT)
    says.queue, says.rep = at_place(call, QUEUE), at_place(call, REP)
    says.outcome = says.over_at = NOTHING
    if at_place(call, IN_MENU) == <PyObject *> YES:
        says.outcome = NOTHING if is_outbound else <PyObject *> MENU
    elif at_place(call, ANSWERED_AT) != NOTHING:
        says.outcome = <PyObject *> ANSWERED
    elif not is_outbound:
        says.over_at = _closed_at(call)
        if at_place(call, ABANDONED_AT) != NOTHING or at_place(call, ENDED_AT) != NOTHING:
            says.outcome = <PyObject *> ABANDONED
        elif at_place(call, TRANSFERRED_AT) != NOTHING:
            says.outcome = <PyObject *> MOVED
    return says


cdef PyObject *_closed_at(PyObject *call) noexcept:
    """Return when a leg without an answer was over, or None."""
    cdef PyObject *at = _earlier(at_place(call, ENDED_AT), at_place(call, TRANSFERRED_AT))
    return _earlier(at, at_place(call, ABANDONED_AT))


cdef inline PyObject *_earlier(PyObject *at, PyObject *other) noexcept:
    if other == NOTHING:
        return at
    if at == NOTHING:
        return other
    return other if PyFloat_AS_DOUBLE(<object> other) < PyFloat_AS_DOUBLE(<object> at) else at


cdef bint _is_same(PyObject *one, PyObject *other) except -1:
    return one == other or PyObject_RichCompareBool(<object> one, <object> other, Py_EQ)


cdef bint _are_same(PyObject **some, PyObject **others) except -1:
    cdef int field
    for field in range(FIELDS):
        if not _is_same(some[field], others[field]):
            return False
    return True
