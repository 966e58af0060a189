"""Notes: what a state machine tells a customer's partition about one entity.

What meets by customer (a missed call and the call back, a call and a deal) lies in different source
partitions. So the workers send notes through one internal topic. A note is absolute: it says all
that is known of one entity, and replaces what was said of it before, so neither repetition nor
order matters. A record carries what a checkpoint of one source partition has to say to the
customers of one partition, up to `MAX_NOTES`; it has no key.

To let another kind of entity meet customers: add a struct with a `tag` of its own to `About`; have
its state machine say it (`Machine.notes` in streams/machines.py, as streams/call_notes.py does for
calls); and keep it in the customer's state (streams/customers.py). `About` is a tagged union, so
the others' notes, and the topic, stay as they are.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from schemas.admission import EARLIEST_AT, MAX_AHEAD_SECONDS
from schemas.customers import Tokeniser, are_tokens, is_token
from schemas.erasures import Erasure, read_erasure
from schemas.events import CallOutcome, Direction
from schemas.messages import Reason, Received, Rejected
from schemas.topics import CUSTOMERS

_Instant = Annotated[float, Meta(ge=EARLIEST_AT, le=4_102_444_800)]
"""Seconds since 1970, from 2000 to 2100."""
_NOT_MET = frozenset(("abandoned", "flowed_out", None))


class CallNote(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="call"):
    """One leg of a call, as far as it matters to whoever else has to do with the customer.

    `over_at` is when the customer stopped waiting without an answer; None while the leg waits, and
    once it is answered. Of a leg that we closed for want of news it is when it was last heard of,
    and there is no outcome: the customer hung up at some time since.
    """

    source: str
    direction: Direction
    arrived_at: _Instant
    queue: str = ""
    rep: str = ""
    """Who answered; of an outbound call who dialled."""
    outcome: CallOutcome | None = None
    over_at: _Instant | None = None

    @property
    def missed_at(self) -> float | None:
        """When an inbound call was over without an answer; None if it was not, or in the menu."""
        if self.direction == "inbound" and self.outcome in _NOT_MET:
            return self.over_at
        return None

    @property
    def is_closed_by_us(self) -> bool:
        """Whether we closed it while it waited: nobody told how it ended."""
        return self.outcome is None and self.over_at is not None


About = CallNote
"""What a note can say: a union of structs, each with its tag."""

MAX_NOTES = 128
"""Most notes of one record, so that it stays well below a broker's limit of a megabyte."""
MAX_BYTES = 700_000
"""Of a record. A note of the longest names, each of their characters escaped, is under 4,500."""

_Entity = Annotated[str, Meta(min_length=1, max_length=160)]


class Note(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A statement to a customer about one entity: how it was when `offset` had been reached.

    The offset is that of the entity's own partition; of two notes about one entity the one with the
    greater (epoch, offset) holds.
    """

    customer: str
    """A token. Whoever decodes one checks it, all of a record at once: that costs a tenth."""
    epoch: Annotated[int, Meta(ge=0)]
    offset: Annotated[int, Meta(ge=0)]
    at: _Instant
    """When the newest event about the entity happened."""
    entity: _Entity
    says: About | None = None
    """None: it has nothing to do with this customer (any more)."""


class Notes(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What one source partition says to the customers of one partition, in the order of saying."""

    topic: str
    partition: Annotated[int, Meta(ge=0)]
    notes: Annotated[tuple[Note, ...], Meta(min_length=1, max_length=MAX_NOTES)]

    @property
    def at(self) -> float:
        """When the newest of it happened."""
        return max([note.at for note in self.notes])


class _Single(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A record of one note, whose key is the customer: what was written before there were lists."""

    topic: str
    partition: Annotated[int, Meta(ge=0)]
    epoch: Annotated[int, Meta(ge=0)]
    offset: Annotated[int, Meta(ge=0)]
    at: _Instant
    entity: _Entity
    says: About | None = None


_decode = msgspec.json.Decoder(Notes).decode
_decode_single = msgspec.json.Decoder(_Single).decode
_encode = msgspec.json.Encoder().encode


def encode(notes: Notes) -> bytes:
    """Return notes as they are sent: a JSON array in the order of the fields."""
    return _encode(notes)


def decode_notes(
    record: Received, topic: str, now: float, _: Tokeniser
) -> Notes | Erasure | Rejected:
    """Decode one record of the customers' topic. Never raises.

    A customer is a token: whatever is none is refused, so that a raw number cannot get in this way.
    (The arguments are those of `codec.decode_record`.)
    """
    value, key = record.value, record.key
    if value is None or len(value) > MAX_BYTES:
        return Rejected(Reason.TOO_LARGE) if value else Rejected(Reason.INVALID, "$")
    try:
        notes = _listed(value) if key is None else _keyed(value, key)
    except msgspec.ValidationError:
        return read_erasure(value, key) or Rejected(Reason.INVALID, "$")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Rejected(Reason.NOT_JSON)
    if topic != CUSTOMERS.name:
        return Rejected(Reason.WRONG_TOPIC, "$")
    if notes is None:
        return Rejected(Reason.WRONG_KEY, "$")
    # Twice: it was let in where it came from, by the clock of another machine.
    is_ahead = notes.at > now + 2 * MAX_AHEAD_SECONDS
    return Rejected(Reason.TIME_IN_FUTURE, "$") if is_ahead else notes


def _listed(value: bytes) -> Notes:
    notes = _decode(value)
    if not are_tokens([note.customer for note in notes.notes]):
        raise msgspec.ValidationError("a customer is no token")
    return notes


def _keyed(value: bytes, key: bytes) -> Notes | None:
    """Return a single note as a list of one; None if it is to no customer."""
    one, customer = _decode_single(value), key.decode("ascii")
    if not is_token(customer):
        return None
    note = Note(customer, one.epoch, one.offset, one.at, one.entity, one.says)
    return Notes(one.topic, one.partition, (note,))
