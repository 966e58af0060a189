"""Notes: what a state machine tells a customer's partition about one entity.

What meets by customer (a missed call and the call back, a call and a deal) lies in different source
partitions. So the workers send notes through one internal topic, keyed by the customer's token. A
note is absolute: it says all that is known of one entity, and replaces what was said of it before,
so neither repetition nor order matters.

To let another kind of entity meet customers: add a struct with a `tag` of its own to `About`; have
its state machine say it (`Machine.notes` in streams/machines.py, as streams/call_notes.py does for
calls); and keep it in the customer's state (streams/customers.py). `About` is a tagged union, so
the others' notes, and the topic, stay as they are.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from schemas.codec import (
    EARLIEST_AT,
    MAX_AHEAD_SECONDS,
    MAX_BYTES,
    Decoded,
    Reason,
    Received,
    Rejected,
)
from schemas.customers import Tokeniser, is_token
from schemas.erasures import read_erasure
from schemas.events import CallOutcome, Direction, Event
from schemas.topics import CUSTOMERS

_Instant = Annotated[float, Meta(ge=EARLIEST_AT, le=4_102_444_800)]
"""Seconds since 1970, from 2000 to 2100."""


class CallNote(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="call"):
    """One leg of a call, as far as it matters to whoever else has to do with the customer.

    `over_at` is when the customer stopped waiting without an answer; None while the leg waits, and
    once it is answered.
    """

    source: str
    direction: Direction
    arrived_at: _Instant
    queue: str = ""
    rep: str = ""
    """Who answered; of an outbound call who dialled."""
    outcome: CallOutcome | None = None
    over_at: _Instant | None = None


About = CallNote
"""What a note can say: a union of structs, each with its tag."""


class Note(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A statement about one entity: how it was when `offset` of its own partition was reached.

    (topic, partition, epoch, offset) is where it comes from; of two notes about one entity the one
    with the greater (epoch, offset) holds.
    """

    topic: str
    partition: Annotated[int, Meta(ge=0)]
    epoch: Annotated[int, Meta(ge=0)]
    offset: Annotated[int, Meta(ge=0)]
    at: _Instant
    """When the newest event about the entity happened."""
    entity: Annotated[str, Meta(min_length=1, max_length=160)]
    says: About | None = None
    """None: it has nothing to do with this customer (any more)."""


NOTED = "customer.noted"
"""The `type` of a note as an event."""

_decoder = msgspec.json.Decoder(Note)
_encode = msgspec.json.Encoder().encode


def encode(note: Note) -> bytes:
    """Return a note as it is sent: a JSON array in the order of its fields."""
    return _encode(note)


def decode_note(record: Received, topic: str, now: float, _: Tokeniser) -> Decoded:
    """Decode one record of the customers' topic: an event whose data is a `Note`. Never raises.

    The subject, and the key, is the customer's token: whatever is none is refused, so that a raw
    number cannot get in this way. (The arguments are those of `codec.decode_record`.)
    """
    value = record.value
    if value is None or len(value) > MAX_BYTES:
        return Rejected(Reason.TOO_LARGE) if value else Rejected(Reason.INVALID, "$")
    try:
        note = _decoder.decode(value)
        customer = (record.key or b"").decode("ascii")
    except msgspec.ValidationError:
        return read_erasure(value, record.key) or Rejected(Reason.INVALID, "$")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Rejected(Reason.NOT_JSON)
    refused = _refused(topic, note, customer, now)
    if refused is not None:
        return Rejected(refused, "$")
    source = note.says.source if note.says is not None else ""
    return Event(note.entity, source, customer, NOTED, note.at, note)  # type: ignore[arg-type]


def _refused(topic: str, note: Note, customer: str, now: float) -> Reason | None:
    if topic != CUSTOMERS.name:
        return Reason.WRONG_TOPIC
    if not is_token(customer):
        return Reason.WRONG_KEY
    # Twice: it was let in where it came from, by the clock of another machine.
    return Reason.TIME_IN_FUTURE if note.at > now + 2 * MAX_AHEAD_SECONDS else None
