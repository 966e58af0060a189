# cython: language_level=3, boundscheck=False, wraparound=False, binding=False
"""Makes the next state of a plain call from a plain statement.

The rules are those of streams/call_statements.py, for what comes once and in sequence. Anything
else is not plain: `after` says so, before it has changed anything.
"""

from cpython.float cimport PyFloat_AS_DOUBLE, PyFloat_CheckExact
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF, Py_INCREF, Py_TYPE
from cpython.tuple cimport PyTuple_CheckExact, PyTuple_GET_SIZE
from libc.math cimport INFINITY as NOT_YET
from streams.fast_call_counts cimport ATTENDED, BLIND, NOT_TRANSFERRED, Leg, Transfer
from streams.fast_slots cimport at_place, place_of

from schemas import events as e
from streams.call_state import Call
from streams.call_statements import MAX_HOLDS

cdef enum:
    KINDS = 11

cdef object CALL = Call, COPY = Call.__copy__, OFFERED = e.CallOffered, NO_BITS = 0
cdef str INBOUND = "inbound", OUTBOUND = "outbound", NO_NAME = ""
cdef Leg NOTHING = Leg(
    False, False, False, NOT_YET, NOT_YET, NOT_YET, NOT_YET, NOT_YET, NOT_YET,
    NOT_TRANSFERRED, 0.0, 0, 0.0, 0.0, 0.0, 0.0,
)
cdef Py_ssize_t MOST_HOLDS = MAX_HOLDS

cdef Py_ssize_t SOURCE = place_of(Call, "source"), QUEUE = place_of(Call, "queue")
cdef Py_ssize_t DIRECTION = place_of(Call, "direction"), CUSTOMER = place_of(Call, "customer")
cdef Py_ssize_t REP = place_of(Call, "rep"), DIALLED_BY = place_of(Call, "dialled_by")
cdef Py_ssize_t OFFERED_AT = place_of(Call, "offered_at")
cdef Py_ssize_t CONNECTED_AT = place_of(Call, "connected_at")
cdef Py_ssize_t ANSWERED_AT = place_of(Call, "answered_at")
cdef Py_ssize_t ABANDONED_AT = place_of(Call, "abandoned_at")
cdef Py_ssize_t TRANSFERRED_AT = place_of(Call, "transferred_at")
cdef Py_ssize_t ENDED_AT = place_of(Call, "ended_at")
cdef Py_ssize_t WRAPUP_ENDED_AT = place_of(Call, "wrapup_ended_at")
cdef Py_ssize_t HELD = place_of(Call, "holds"), RESUMED = place_of(Call, "resumes")
cdef Py_ssize_t MENU = place_of(Call, "in_menu"), DURATIONS = place_of(Call, "durations")
cdef Py_ssize_t LAST_AT = place_of(Call, "last_at"), LEG = place_of(Call, "leg")
cdef Py_ssize_t EARLIER_WAIT = place_of(Call, "earlier_wait_seconds")
cdef Py_ssize_t CLOSED_BY_US_AT = place_of(Call, "closed_by_us_at")
cdef Py_ssize_t CONTRADICTED = place_of(Call, "contradicted")
cdef Py_ssize_t CORRECTED = place_of(Call, "corrected")
cdef Py_ssize_t KIND = place_of(Call, "transfer_kind")
cdef Py_ssize_t TRANSFERRED_KIND = place_of(e.CallTransferred, "kind")
cdef Py_ssize_t ANSWERED_REP = place_of(e.CallAnswered, "rep")
cdef Py_ssize_t OFFERED_QUEUE = place_of(e.CallOffered, "queue")
cdef Py_ssize_t OFFERED_CUSTOMER = place_of(e.CallOffered, "customer")
cdef Py_ssize_t DIALLED_REP = place_of(e.CallDialled, "rep")
cdef Py_ssize_t DIALLED_QUEUE = place_of(e.CallDialled, "queue")
cdef Py_ssize_t DIALLED_CUSTOMER = place_of(e.CallDialled, "customer")

cdef Kind _kinds[KINDS]


cdef Kind _kind(object of, Py_ssize_t changes, int follows) except *:
    return Kind(<PyObject *>of, place_of(of, "leg"), changes, follows)


_kinds[0] = _kind(e.CallAnswered, ANSWERED_AT, CAME)
_kinds[1] = _kind(e.CallEnded, ENDED_AT, CAME | ANSWERED)
_kinds[2] = _kind(e.CallWrapupEnded, WRAPUP_ENDED_AT, CAME | ANSWERED | ENDED)
_kinds[3] = _kind(e.CallDialled, OFFERED_AT, 0)
_kinds[4] = _kind(e.CallOffered, OFFERED_AT, 0)
_kinds[5] = _kind(e.CallAbandoned, ABANDONED_AT, CAME)
_kinds[6] = _kind(e.CallCompleted, DURATIONS, 0)
_kinds[7] = _kind(e.CallHeld, HELD, CAME | ANSWERED)
_kinds[8] = _kind(e.CallResumed, RESUMED, CAME | ANSWERED)
_kinds[9] = _kind(e.CallTransferred, TRANSFERRED_AT, CAME | ANSWERED)
_kinds[10] = _kind(e.CallConnected, CONNECTED_AT, CAME)


cdef inline bint _is(object struct, Py_ssize_t place, object value) noexcept:
    return at_place(<PyObject *>struct, place) is <PyObject *>value


cdef inline void _fill(object struct, Py_ssize_t place, object value) noexcept:
    """Set a field of a new struct, which nobody else has seen yet."""
    cdef PyObject **where = <PyObject **>(<char *><PyObject *>struct + place)
    cdef PyObject *old = where[0]
    Py_INCREF(value)
    where[0] = <PyObject *>value
    Py_DECREF(<object>old)


cdef inline int _instant(object call, Py_ssize_t place, int bit, double *at) noexcept:
    """Read when something happened; return its bit, 0 if it has not, -1 if it is no float."""
    cdef PyObject *value = at_place(<PyObject *>call, place)
    at[0] = NOT_YET
    if value is <PyObject *>None:
        return 0
    if not PyFloat_CheckExact(<object>value):
        return -1
    at[0] = PyFloat_AS_DOUBLE(<object>value)
    return bit


cdef bint _is_plain(object call) noexcept:
    """Return whether nothing about it is an exception to the rules of most calls."""
    return (
        _is(call, DURATIONS, None)
        and _is(call, CLOSED_BY_US_AT, None)
        and _is(call, CONTRADICTED, NO_BITS)
        and _is(call, CORRECTED, None)
        and _is(call, MENU, False)
        and not _is(call, SOURCE, NO_NAME)
        and PyTuple_CheckExact(<object>at_place(<PyObject *>call, HELD))
        and PyTuple_CheckExact(<object>at_place(<PyObject *>call, RESUMED))
    )


cdef int _read(object call, Leg *leg) except -2:
    """Read a plain call; return what has been said of it as bits, -1 if it is not plain."""
    cdef int said, transferred
    cdef double transferred_at
    cdef PyObject *waited
    if type(call) is not CALL or not _is_plain(call):
        return -1
    said = (
        _instant(call, OFFERED_AT, CAME, &leg.offered_at)
        | _instant(call, CONNECTED_AT, CONNECTED, &leg.connected_at)
        | _instant(call, ANSWERED_AT, ANSWERED, &leg.answered_at)
        | _instant(call, ABANDONED_AT, ABANDONED, &leg.abandoned_at)
        | _instant(call, ENDED_AT, ENDED, &leg.ended_at)
        | _instant(call, WRAPUP_ENDED_AT, WRAPPED_UP, &leg.wrapup_ended_at)
    )
    transferred = _instant(call, TRANSFERRED_AT, ENDED, &transferred_at)
    leg.transfer = NOT_TRANSFERRED
    if transferred:
        if said & ENDED:
            return -1
        leg.ended_at, leg.transfer = transferred_at, _transfer(call, KIND)
        said |= transferred
    waited = at_place(<PyObject *>call, EARLIER_WAIT)
    if not PyFloat_CheckExact(<object>waited):
        return -1
    leg.earlier_wait_seconds = PyFloat_AS_DOUBLE(<object>waited)
    leg.is_outbound = <str>at_place(<PyObject *>call, DIRECTION) == OUTBOUND
    leg.in_menu = leg.is_record = False
    leg.holds, leg.hold_seconds = 0, 0.0
    return said


cdef bint _is_in_sequence(Leg *leg, int said) noexcept:
    """Return whether the call came, connected, was answered, ended and was wrapped up in turn."""
    if said & CONNECTED and not (
        leg.is_outbound and leg.offered_at <= leg.connected_at <= leg.answered_at
    ):
        return False
    return leg.offered_at <= leg.answered_at <= leg.ended_at <= leg.wrapup_ended_at


cdef object after(
    object call, const Kind *kind, object data, object at, object source, Leg *old, Leg *new
):
    cdef int said
    cdef PyObject *last_at
    if call is None:
        old[0] = NOTHING
        return _first(kind, data, at, source, new)
    said = _read(call, old)
    if said < 0 or not kind.follows:
        return None
    last_at = at_place(<PyObject *>call, LAST_AT)
    if (
        said & ~CONNECTED != kind.follows
        or (kind.changes == CONNECTED_AT and said & CONNECTED)
        or not _is_in_sequence(old, said)
        or not PyFloat_CheckExact(<object>last_at)
        or not PyFloat_AS_DOUBLE(at) >= PyFloat_AS_DOUBLE(<object>last_at)
    ):
        return None
    new[0] = old[0]
    return _followed(call, data, at, kind, old, new)


cdef const Kind *kind_of(object data) noexcept:
    cdef int index
    for index in range(KINDS):
        if _kinds[index].type is <PyObject *>Py_TYPE(data):
            return &_kinds[index]
    return NULL


cdef Transfer _transfer(object struct, Py_ssize_t place) noexcept:
    if <str>at_place(<PyObject *>struct, place) == "attended":
        return ATTENDED
    return BLIND


cdef object _followed(
    object call, object data, object at, const Kind *kind, Leg *old, Leg *new
):
    """Return the call after what comes next in its sequence."""
    cdef Py_ssize_t place = kind.changes
    cdef object made, value = at
    if place == ANSWERED_AT:
        new.answered_at = at
        rep = <object>at_place(<PyObject *>data, ANSWERED_REP)
        # Another rep than the one for whom it was dialled changes what was counted.
        if old.is_outbound and rep != <object>at_place(<PyObject *>call, REP):
            return None
    elif place == HELD or place == RESUMED:
        value = _with(<tuple>at_place(<PyObject *>call, place), at)
        if value is None:
            return None
    elif place == CONNECTED_AT:
        new.connected_at = at
    elif place == ABANDONED_AT:
        new.abandoned_at = at
    elif place == ENDED_AT:
        new.ended_at = at
    elif place == TRANSFERRED_AT:
        new.ended_at, new.transfer = at, _transfer(data, TRANSFERRED_KIND)
    else:
        new.wrapup_ended_at = at
    made = COPY(call)
    _fill(made, place, value)
    _fill(made, LAST_AT, at)
    if place == ANSWERED_AT:
        _fill(made, REP, rep)
        return made
    if place == TRANSFERRED_AT:
        _fill(made, KIND, <object>at_place(<PyObject *>data, TRANSFERRED_KIND))
    if new.ended_at != NOT_YET:
        new.holds = PyTuple_GET_SIZE(<tuple>at_place(<PyObject *>call, HELD))
        if new.holds:
            new.hold_seconds = made.hold_seconds
        old.holds, old.hold_seconds = new.holds, new.hold_seconds
    return made


cdef tuple _with(tuple times, object at):
    """Return the times with a later one; None if it is not later, or there are too many."""
    if len(times) >= MOST_HOLDS or (times and not times[len(times) - 1] < at):
        return None
    return (*times, at)


cdef object _first(const Kind *kind, object data, object at, object source, Leg *new):
    """Return the call of which this is the first that is heard, and has begun; None: not plain."""
    cdef PyObject *of = <PyObject *>data
    new[0] = NOTHING
    new.offered_at = at
    if kind.follows:
        return None
    if kind.changes == DURATIONS:
        return _recorded(data, at, source, new)
    made = CALL()
    if kind.type is <PyObject *>OFFERED:
        _fill(made, QUEUE, <object>at_place(of, OFFERED_QUEUE))
        _fill(made, CUSTOMER, <object>at_place(of, OFFERED_CUSTOMER))
    else:
        new.is_outbound = True
        _fill(made, DIRECTION, OUTBOUND)
        _fill(made, QUEUE, <object>at_place(of, DIALLED_QUEUE) or NO_NAME)
        _fill(made, CUSTOMER, <object>at_place(of, DIALLED_CUSTOMER))
        _fill(made, REP, <object>at_place(of, DIALLED_REP))
        _fill(made, DIALLED_BY, <object>at_place(of, DIALLED_REP))
    _fill(made, OFFERED_AT, at)
    _fill(made, SOURCE, source)
    _fill(made, LAST_AT, at)
    return made


cdef object _recorded(object data, object at, object source, Leg *new):
    """Return the call that one record tells; None if it flowed out, which has its own rules."""
    cdef str outcome = data.outcome, direction = data.direction
    offered_at = data.offered_at.timestamp()
    new.is_outbound, new.is_record = direction == OUTBOUND, True
    new.in_menu = outcome == "menu"
    if outcome == "flowed_out" or (new.in_menu and new.is_outbound) or not offered_at > 0.0:
        return None
    durations = (data.wait_seconds, data.talk_seconds, data.hold_seconds, data.wrapup_seconds)
    new.wait_seconds, new.talk_seconds, new.hold_seconds, new.wrapup_seconds = durations
    new.offered_at = offered_at
    made = CALL()
    _fill(made, DURATIONS, durations)
    _fill(made, DIRECTION, direction)
    _fill(made, QUEUE, data.queue or NO_NAME)
    _fill(made, REP, data.rep or NO_NAME)
    _fill(made, CUSTOMER, data.customer)
    _fill(made, OFFERED_AT, offered_at)
    _fill(made, SOURCE, source)
    _fill(made, LAST_AT, at)
    if outcome == "answered":
        new.answered_at, new.ended_at = <double>at - new.talk_seconds - new.hold_seconds, at
        _fill(made, ANSWERED_AT, new.answered_at)
        _fill(made, ENDED_AT, at)
    elif outcome == "abandoned":
        new.abandoned_at = at
        _fill(made, ABANDONED_AT, at)
    else:
        _fill(made, MENU, True)
    return made
