"""Decodes bytes to Event or Rejected, and encodes events. Bad input is data, never an exception.

CloudEvents 1.0 over Kafka in both of its modes: *structured* (the value is the whole event) and
*binary* (the value is `data`, the attributes are headers named `ce_*`).

It also re-exports schemas/messages.py: outside `schemas`, import those names from here.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import cast

import msgspec

from schemas.admission import (
    ADMISSION,
    EARLIEST_AT,
    MAX_AHEAD_SECONDS,
    TAKE_BACK,
    out_of_bounds,
    unprintable,
)
from schemas.customers import Tokeniser
from schemas.erasures import Erasure, ErasureWire
from schemas.events import Event
from schemas.messages import (
    MAX_BYTES,
    Decoded,
    Headers,
    Message,
    Reason,
    Received,
    Rejected,
)
from schemas.wire import canonical_sequence, parse, refused, structured

__all__ = [
    "MAX_BYTES",
    "Decoded",
    "Headers",
    "Message",
    "Reason",
    "Received",
    "Rejected",
    "canonical_sequence",
    "decode",
    "decode_record",
    "decode_records",
    "encode",
]

_TAKE_BACK_ONE = frozenset(("rep.state_retracted", "deal.retracted"))  # must say which one of many
# As numbers: searching for a byte costs an eighth of searching for a one-byte string.
_BACKSLASH, _DELETE = 0x5C, 0x7F
_encode = msgspec.json.Encoder().encode

Decode = Callable[[Received, str, float, Tokeniser], Decoded]
fast: Callable[[Sequence[Received], str, float, Tokeniser, Decode], list[Decoded]] | None
"""What decodes many records at once, if it is compiled here. A test may set it to None."""
try:
    from schemas import fast_codec
except ImportError:
    fast = None
else:
    fast = fast_codec.decode_records


def decode(message: Message, *, now: float, tokeniser: Tokeniser) -> Decoded:
    """Decode one message; see `decode_record`."""
    return decode_record(message, message.topic, now, tokeniser)


# In one piece, and called without keywords: this runs for each event, and a call would cost as much
# as the work in it.
def decode_record(  # noqa: C901, PLR0911, PLR0912, PLR0915
    record: Received, topic: str, now: float, tokeniser: Tokeniser
) -> Decoded:
    """Decode one Kafka record that was read from *topic*. Never raises.

    `now` (seconds since 1970) limits the event's time: more than five minutes ahead is refused, so
    that a wrong clock moves nothing. Customer numbers come out as tokens.
    """
    value, headers = record.value, record.headers
    if value is None or len(value) > MAX_BYTES:
        return Rejected(Reason.TOO_LARGE) if value else Rejected(Reason.INVALID, "$")
    try:
        wire = parse(value, headers) if headers else structured.decode(value)
    except msgspec.ValidationError as error:
        return refused(str(error))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Rejected(Reason.NOT_JSON)
    except RecursionError:
        return Rejected(Reason.TOO_DEEP)
    admission = ADMISSION.get(type(wire))
    if admission is None:
        return _erasure(wire, record) if type(wire) is ErasureWire else cast("Rejected", wire)
    # The rules that types cannot express.
    type_, right_topic, has_customer, rule = admission
    at, subject, data = wire.time.timestamp(), wire.subject, wire.data
    if not EARLIEST_AT <= at <= now + MAX_AHEAD_SECONDS:
        return out_of_bounds(at, EARLIEST_AT, "$.time")
    if topic != right_topic:
        return Rejected(Reason.WRONG_TOPIC, "$.type")
    if record.key != subject.encode():
        return Rejected(Reason.WRONG_KEY, "$.subject")
    # JSON allows control characters only as escapes, except DEL: with neither of them, and only
    # ASCII, all texts are printable. Three scans of the whole cost less than one of each text.
    if headers or not value.isascii() or _BACKSLASH in value or _DELETE in value:
        where = unprintable(wire, type_)
        if where is not None:
            return where
    if rule is not None:
        where = rule(data, at)
        if where is not None:
            return where
    if has_customer and data.customer is not None:
        data = msgspec.structs.replace(data, customer=tokeniser.token(data.customer))
    cause, sequence = wire.causationid, wire.sequence
    if cause is None and type_ in TAKE_BACK:
        if type_ in _TAKE_BACK_ONE:
            return Rejected(Reason.INVALID, "$.causationid")
        cause = ""  # it takes back everything about its subject, not one event
    if sequence is None and cause is None:
        return Event(wire.id, wire.source, subject, type_, at, data)
    said = "" if sequence is None else canonical_sequence(sequence)
    return Event(wire.id, wire.source, subject, type_, at, data, said, cause)


def decode_records(
    records: Sequence[Received], topic: str, now: float, tokeniser: Tokeniser
) -> list[Decoded]:
    """Decode records that were read from *topic*, each as `decode_record` does."""
    if fast is not None:
        return fast(records, topic, now, tokeniser, decode_record)
    return [decode_record(record, topic, now, tokeniser) for record in records]


def _erasure(wire: ErasureWire, record: Received) -> Erasure | Rejected:
    """Admit a request to be forgotten, in any topic: it applies to all of them."""
    if record.key != wire.subject.encode():
        return Rejected(Reason.WRONG_KEY, "$.subject")
    return Erasure(wire.subject, wire.source)


def encode(event: Event) -> bytes:
    """Return the structured-mode JSON of *event*, which `decode` accepts."""
    sequence = {"sequence": event.sequence} if event.sequence else {}
    cause = {"causationid": event.causation_id} if event.causation_id else {}
    return _encode(
        {
            "specversion": "1.0",
            "id": event.id,
            "source": event.source,
            "type": event.type,
            "subject": event.subject,
            "time": _rfc3339(event.at),
            "datacontenttype": "application/json",
            **sequence,
            **cause,
            "data": event.data,
        }
    )


def _rfc3339(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
