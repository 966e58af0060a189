# cython: language_level=3, boundscheck=False, wraparound=False, binding=False
"""What plain contacts, those of one leg, count, and until when, as numbers of C.

Definitions are those of streams/contacts.py and streams/contact_counts.py, in the same order of
steps, so that the results are the same to the bit.
"""

from cpython.float cimport PyFloat_AS_DOUBLE, PyFloat_CheckExact
from cpython.object cimport PyObject
from libc.math cimport INFINITY, NAN, isnan
from streams.fast_slots cimport at_place, place_of

from schemas.notes import CallNote
from streams import contact_counts as counts
from streams.contacts import CALL_BACK_SECONDS, DAY_SECONDS, WEEK_SECONDS
from streams.facts import KNOWN_DIMS, Fact

cdef double DAY = DAY_SECONDS, WEEK = WEEK_SECONDS, CALL_BACK = CALL_BACK_SECONDS

cdef int CONTACT = counts._CONTACT, MISSED = counts._MISSED
cdef int PRECEDED_24H = counts._PRECEDED_24H, PRECEDED_7D = counts._PRECEDED_7D
cdef int FOLLOWED_24H = counts._FOLLOWED_24H, FOLLOWED_7D = counts._FOLLOWED_7D
cdef int SETTLED_24H = counts._SETTLED_24H, SETTLED_7D = counts._SETTLED_7D
cdef int RESOLVED_24H = counts._RESOLVED_24H, RESOLVED_7D = counts._RESOLVED_7D
cdef int CALLED_BACK = counts._CALLED_BACK, REACHED = counts._REACHED
cdef int MISSED_SETTLED = counts._MISSED_SETTLED
cdef int SETTLED_CALLED_BACK = counts._SETTLED_CALLED_BACK
cdef int SETTLED_REACHED = counts._SETTLED_REACHED

cdef Py_ssize_t SOURCE = place_of(CallNote, "source"), DIRECTION = place_of(CallNote, "direction")
cdef Py_ssize_t ARRIVED_AT = place_of(CallNote, "arrived_at"), QUEUE = place_of(CallNote, "queue")
cdef Py_ssize_t REP = place_of(CallNote, "rep"), OUTCOME = place_of(CallNote, "outcome")
cdef Py_ssize_t OVER_AT = place_of(CallNote, "over_at")


cdef bint read(object says, Contact *contact) except -1:
    """Read what a note says of a call; return whether it says something of one."""
    if type(says) is not CallNote:
        return False
    cdef PyObject *fields = <PyObject *> says
    arrived_at, outcome = <object> at_place(fields, ARRIVED_AT), <object> at_place(fields, OUTCOME)
    over_at = <object> at_place(fields, OVER_AT)
    if not PyFloat_CheckExact(arrived_at):
        return False
    contact.says = fields
    contact.at = PyFloat_AS_DOUBLE(arrived_at)
    contact.is_inbound = <object> at_place(fields, DIRECTION) == "inbound"
    contact.is_answered = outcome == "answered"
    contact.missed_at = NAN
    if contact.is_inbound and over_at is not None:
        if outcome is None or outcome == "abandoned" or outcome == "flowed_out":
            contact.missed_at = over_at
    return True


cdef void mark(
    Contact *found, Py_ssize_t size, double before_at, double seen_at, int *marks
) noexcept:
    """Find what each contact counts, as `streams.contact_counts.marks` does."""
    cdef Py_ssize_t index, last = -1
    cdef double last_at = before_at, at
    cdef int one
    cdef bint is_within_a_day
    for index in range(size):
        if not found[index].is_inbound:
            marks[index] = 0
            continue
        at, one = found[index].at, CONTACT
        if at - last_at <= WEEK:  # never if there is none: NAN
            is_within_a_day = at - last_at <= DAY
            one |= PRECEDED_7D | PRECEDED_24H if is_within_a_day else PRECEDED_7D
            if last >= 0:
                marks[last] |= FOLLOWED_7D | FOLLOWED_24H if is_within_a_day else FOLLOWED_7D
        if not isnan(found[index].missed_at):
            one |= _call_backs(found[index].missed_at, found, size, seen_at)
        marks[index] = one
        last, last_at = index, at
    for index in range(size):
        one, at = marks[index], found[index].at
        if not one or at + DAY >= seen_at:
            continue
        one |= SETTLED_24H if one & FOLLOWED_24H else SETTLED_24H | RESOLVED_24H
        if at + WEEK < seen_at:
            one |= SETTLED_7D if one & FOLLOWED_7D else SETTLED_7D | RESOLVED_7D
        marks[index] = one


cdef bint has_missed(int *marks, Py_ssize_t size) noexcept:
    """Whether one of the contacts is a missed one."""
    cdef Py_ssize_t index
    for index in range(size):
        if marks[index] >= MISSED:
            return True
    return False


cdef int _call_backs(
    double missed_at, Contact *found, Py_ssize_t size, double seen_at
) noexcept:
    cdef double until = missed_at + CALL_BACK
    cdef int mark = MISSED
    cdef Py_ssize_t index
    for index in range(size):
        if not found[index].is_inbound and missed_at <= found[index].at <= until:
            mark |= CALLED_BACK | REACHED if found[index].is_answered else CALLED_BACK
    if until < seen_at:
        mark |= MISSED_SETTLED
        mark |= SETTLED_CALLED_BACK if mark & CALLED_BACK else 0
        mark |= SETTLED_REACHED if mark & REACHED else 0
    return mark


cdef object next_change_at(Contact *found, Py_ssize_t size, double seen_at):
    """Return the next instant whose passing changes what is counted, as `streams.contacts` does."""
    cdef double first = INFINITY, end
    cdef Py_ssize_t index
    for index in range(size):
        if not found[index].is_inbound:
            continue
        end = found[index].at + DAY
        if end < seen_at:
            end = found[index].at + WEEK
        if seen_at <= end < first:
            first = end
        if not isnan(found[index].missed_at):
            end = found[index].missed_at + CALL_BACK
            if end < seen_at:
                end = found[index].missed_at + WEEK
            if seen_at <= end < first:
                first = end
    return None if first == INFINITY else first


cdef list difference(Contact *found, Py_ssize_t size, int *old, int *new):
    """Return the facts that turn what contacts counted into what they count now."""
    cdef list facts = []
    cdef Py_ssize_t index
    for index in range(size):
        if old[index] != new[index]:
            says = found[index].says
            rep = <object> at_place(says, REP) if found[index].is_answered else ""
            queue, source = <object> at_place(says, QUEUE), <object> at_place(says, SOURCE)
            dims = KNOWN_DIMS[queue, rep, "inbound", "", source]
            facts.append(Fact(found[index].at, dims, counts._CELLS[old[index], new[index]]))
    return facts
