# cython: cdivision=True, boundscheck=False, wraparound=False
"""The compiled twin of codec.decode_record, for events as nearly all sources send them.

It only ever accepts. What it does not know it leaves to Python, which alone decides what is refused
and why: binary mode, escapes and letters beyond ASCII, numbers with exponents, lists, and whatever
is wrong. What it accepts, it reads as Python does: tests/schemas/test_fast_codec.py compares them.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.object cimport PyObject
from libc.string cimport memcmp, memset

from msgspec.inspect import type_info

from schemas.admission import ADMISSION, EARLIEST_AT, MAX_AHEAD_SECONDS, TAKE_BACK
from schemas.events import TYPES, Event
from schemas.fast_facts cimport Plan
from schemas.fast_scan cimport (
    Instant,
    Span,
    after_space,
    number_end,
    read_instant,
    text_end,
)
from schemas.fast_texts cimport hash_of, is_text, keep, new_text, shared_text
from schemas.messages import MAX_BYTES
from schemas.wire import canonical_sequence

cdef extern from *:
    """
    #if defined(__GNUC__)
    static void fetch(const void* start) {
        for (int line = 0; line < 5; line++) __builtin_prefetch((const char*)start + 64 * line);
    }
    #else
    #define fetch(start)
    #endif
    """
    void fetch(void* start) noexcept  # into the CPU's cache; a hint, which reads nothing

cdef enum:
    ID, SOURCE, SUBJECT, TIME, TYPE, CAUSE, SEQUENCE, DATA, OTHER
    ATTRIBUTES = SEQUENCE + 1  # those that are texts
    MOST_DIGITS = 18

# The largest number of microseconds that a double holds exactly, and thus its seconds as Python's.
cdef long long MOST_MICROSECONDS = 2**53

cdef double EARLIEST = EARLIEST_AT
cdef double AHEAD = MAX_AHEAD_SECONDS
cdef Py_ssize_t MOST_BYTES = MAX_BYTES
cdef object MADE = Event

cdef Py_ssize_t[ATTRIBUTES] LEAST
cdef Py_ssize_t[ATTRIBUTES] MOST


def _envelope(wire):
    """Return what describes an event's attributes, by their names."""
    return {field.name: field.type for field in type_info(wire).fields if field.name != "data"}


def _plans():
    """Return a plan for each type that can have one, and set the bounds of attributes."""
    first = _envelope(next(iter(ADMISSION)))
    texts = {ID: first["id"], SOURCE: first["source"], SUBJECT: first["subject"]}
    texts[CAUSE] = next(one for one in first["causationid"].types if hasattr(one, "min_length"))
    for attribute, kind in texts.items():
        LEAST[attribute], MOST[attribute] = kind.min_length, kind.max_length
    (kind,) = (one for one in first["sequence"].types if hasattr(one, "max_length"))
    LEAST[SEQUENCE], MOST[SEQUENCE] = kind.min_length or 0, kind.max_length
    plans = {}
    for wire, (type_, topic, has_customer, rule) in ADMISSION.items():
        try:
            if _envelope(wire) == first:
                plans[type_] = Plan(
                    type_, TYPES[type_], topic, rule,
                    has_customer=has_customer, needs_cause=type_ in TAKE_BACK,
                )
        except (AttributeError, TypeError, ValueError):
            continue
    return plans


cdef dict PLANS = _plans()

# Plans that were asked for last, by a hash of the type's name.
cdef PyObject* GUESSES[64]

PLANNED = frozenset(PLANS)
"""The types of events that may be decoded here."""


cdef Plan plan_of(Span type_):
    """Return the plan of a type; None if it has none."""
    cdef PyObject** guess = &GUESSES[hash_of(type_) % 64]
    if guess[0] is not NULL and is_text(<PyObject*>(<Plan>guess[0]).type, type_):
        return <Plan>guess[0]
    plan = PLANS.get(new_text(type_))
    if plan is not None:
        keep(guess, plan)
    return plan


cdef inline int attribute_of(Span name) noexcept:
    if name.length == 2:
        return ID if memcmp(name.start, "id", 2) == 0 else OTHER
    if name.length == 4:
        if memcmp(name.start, "type", 4) == 0:
            return TYPE
        if memcmp(name.start, "time", 4) == 0:
            return TIME
        return DATA if memcmp(name.start, "data", 4) == 0 else OTHER
    if name.length == 6:
        return SOURCE if memcmp(name.start, "source", 6) == 0 else OTHER
    if name.length == 7:
        return SUBJECT if memcmp(name.start, "subject", 7) == 0 else OTHER
    if name.length == 8:
        return SEQUENCE if memcmp(name.start, "sequence", 8) == 0 else OTHER
    if name.length == 11:
        return CAUSE if memcmp(name.start, "causationid", 11) == 0 else OTHER
    return OTHER


cdef class Reading:
    """One message on its way to being an event."""

    cdef Span texts[ATTRIBUTES]
    cdef object sequence, fact
    cdef Plan plan

    cdef bint read(self, const char* at, const char* end, object token) except -1:
        """Read a whole message; return whether it was one, with all of its attributes."""
        cdef Span name, text
        cdef int which
        memset(self.texts, 0, sizeof(self.texts))
        self.sequence = self.fact = self.plan = None
        at = after_space(at)
        if at[0] != c"{":
            return False
        while True:
            at = after_space(at + 1)
            if at[0] != c'"':
                return False
            name.start = at + 1
            at = text_end(name.start)
            if at is NULL:
                return False
            name.length = at - name.start
            at = after_space(at + 1)
            if at[0] != c":":
                return False
            at = after_space(at + 1)
            which = attribute_of(name)
            if at[0] == c'"' and which != DATA:
                text.start = at + 1
                at = text_end(text.start)
                if at is NULL:
                    return False
                text.length = at - text.start
                at += 1
                if which != OTHER and not self._put(which, text):
                    return False
            elif not self._read_other(which, &at, end, token):
                return False
            at = after_space(at)
            if at[0] != c",":
                break
        return at[0] == c"}" and after_space(at + 1) == end and self._is_whole()

    cdef bint _put(self, int which, Span text) except -1:
        """Take in an attribute; return whether that is in order."""
        if self.texts[which].start is not NULL:
            return False
        self.texts[which] = text
        if which == TYPE:
            self.plan = plan_of(text)
            return self.plan is not None
        if which == TIME:
            return True
        if which == SEQUENCE:
            if self.sequence is not None:
                return False
            self.sequence = new_text(text)
        return LEAST[which] <= text.length <= MOST[which]

    cdef bint _read_other(
        self, int which, const char** place, const char* end, object token
    ) except -1:
        """Read what is no text; return whether it is known."""
        cdef long long digits
        cdef int decimals
        cdef const char* at = place[0]
        if which == DATA:
            if self.plan is None or self.fact is not None:
                return False
            self.fact = self.plan.read(place, end, token)
            return self.fact is not None
        if which == SEQUENCE and self.sequence is None:
            at = number_end(at, MOST_DIGITS, &digits, &decimals)
            if at is NULL or decimals:
                return False
            place[0] = at
            self.sequence = digits
            return True
        return False

    cdef bint _is_whole(self) noexcept:
        return (
            self.fact is not None
            and self.texts[ID].start is not NULL
            and self.texts[SOURCE].start is not NULL
            and self.texts[SUBJECT].start is not NULL
            and self.texts[TIME].start is not NULL
        )

    cdef object event(self, bytes key, str topic, double latest_at):
        """Return the event, if it may be let in."""
        cdef Span subject = self.texts[SUBJECT]
        cdef Plan plan = self.plan
        cdef Instant instant
        cdef double at
        if PyBytes_GET_SIZE(key) != subject.length:
            return None
        if memcmp(PyBytes_AS_STRING(key), subject.start, subject.length) != 0:
            return None
        if plan.topic != topic or not read_instant(self.texts[TIME], &instant):
            return None
        if not -MOST_MICROSECONDS <= instant.epoch_microseconds <= MOST_MICROSECONDS:
            return None
        at = <double>instant.epoch_microseconds / 1e6
        if not EARLIEST <= at <= latest_at:
            return None
        at_seconds = at
        if plan.rule is not None and plan.rule(self.fact, at_seconds) is not None:
            return None
        has_cause = self.texts[CAUSE].start is not NULL
        if plan.needs_cause and not has_cause:
            return None
        id_, source, entity = (
            new_text(self.texts[ID]), shared_text(self.texts[SOURCE]), shared_text(subject)
        )
        if not has_cause and self.sequence is None:
            return MADE(id_, source, entity, plan.type, at_seconds, self.fact)
        said = "" if self.sequence is None else canonical_sequence(self.sequence)
        cause = new_text(self.texts[CAUSE]) if has_cause else None
        return MADE(id_, source, entity, plan.type, at_seconds, self.fact, said, cause)


cdef bint may_be_binary(object headers) except -1:
    """Return whether headers may make attributes of themselves: then Python reads them."""
    for name, _ in headers:
        if name.startswith("ce_"):
            return True
    return False


cdef object accepted(
    object record, object value, str topic, double latest_at, object token, Reading reading
):
    """Return the event of a record with this value, or None."""
    cdef const char* start
    cdef Py_ssize_t length
    if type(value) is not bytes:
        return None
    length = PyBytes_GET_SIZE(value)
    headers = record.headers
    if length > MOST_BYTES or (headers and may_be_binary(headers)):
        return None
    start = PyBytes_AS_STRING(value)
    if not reading.read(start, start + length, token):
        return None
    key = record.key
    return reading.event(key, topic, latest_at) if type(key) is bytes else None


def decode_records(records, str topic not None, double now, tokeniser, decode_record):
    """Return what each record is, by *decode_record* where it is not accepted here."""
    cdef list given = list(records), decoded = []
    cdef list values = [record.value for record in given]
    cdef Py_ssize_t index, last = len(given) - 1
    token, latest_at, reading = tokeniser.token, now + AHEAD, Reading()
    for index in range(last + 1):
        if index < last:
            # Reading this one takes about as long as fetching the next one from memory.
            fetch(<PyObject*>values[index + 1])
        record = given[index]
        event = accepted(record, values[index], topic, latest_at, token, reading)
        decoded.append(decode_record(record, topic, now, tokeniser) if event is None else event)
    return decoded


def accept(record, str topic not None, double now, tokeniser):
    """Return the event of a record; None if that is for Python to decide."""
    return accepted(record, record.value, topic, now + AHEAD, tokeniser.token, Reading())
