"""bytes -> Event | Rejected, and back. Bad input is data, never an exception.

CloudEvents 1.0 over Kafka in both of its modes: *structured* (the value is the whole event) and
*binary* (the value is `data`, the attributes are headers named `ce_*`).

The front door of schemas/messages.py, too: outside `schemas` its names are taken from here.
"""

from datetime import UTC, datetime
from typing import cast

import msgspec

from schemas.admission import (
    ADMISSION,
    EARLIEST_AT,
    MAX_AHEAD_SECONDS,
    out_of_bounds,
    unprintable,
)
from schemas.customers import Tokeniser
from schemas.erasures import Erasure, ErasureWire
from schemas.events import TYPES, Event
from schemas.messages import (
    MAX_BYTES,
    Decoded,
    Headers,
    Message,
    Reason,
    Received,
    Rejected,
)
from schemas.wire import parse, refused, structured

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
    "encode",
]

_SEQUENCE_DIGITS = 20
_TAKE_BACK = frozenset(type_ for type_ in TYPES if type_.endswith("retracted"))
_TAKE_BACK_ONE = frozenset(("rep.state_retracted", "deal.retracted"))  # of many: which?
# As numbers: looking for a byte costs an eighth of looking for a string of one.
_BACKSLASH, _DELETE = 0x5C, 0x7F
_encode = msgspec.json.Encoder().encode


def decode(message: Message, *, now: float, tokeniser: Tokeniser) -> Decoded:
    """Decode one message; see `decode_record`."""
    return decode_record(message, message.topic, now, tokeniser)


# In one piece, and without names for its arguments: this is done for each event, and a call costs
# as much as what it would do.
def decode_record(  # noqa: C901, PLR0911, PLR0912, PLR0915
    record: Received, topic: str, now: float, tokeniser: Tokeniser
) -> Decoded:
    """Decode one Kafka record that was read from *topic*. Never raises.

    `now` (seconds since 1970) bounds the event's time: more than five minutes ahead is refused, so
    that a clock gone wrong moves nothing. Customer numbers come out as tokens.
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
    # The rules that types cannot say.
    type_, right_topic, has_customer, rule = admission
    at, subject, data = wire.time.timestamp(), wire.subject, wire.data
    if not EARLIEST_AT <= at <= now + MAX_AHEAD_SECONDS:
        return out_of_bounds(at, EARLIEST_AT, "$.time")
    if topic != right_topic:
        return Rejected(Reason.WRONG_TOPIC, "$.type")
    if record.key != subject.encode():
        return Rejected(Reason.WRONG_KEY, "$.subject")
    # JSON allows control characters only as escapes, but for DEL: where there is neither, and all
    # is ASCII, all texts are printable. Three looks at the whole cost less than one at each text.
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
    if cause is None and type_ in _TAKE_BACK:
        if type_ in _TAKE_BACK_ONE:
            return Rejected(Reason.INVALID, "$.causationid")
        cause = ""  # it takes back all that is said of its subject, not one event
    if sequence is None and cause is None:
        return Event(wire.id, wire.source, subject, type_, at, data)
    said = "" if sequence is None else canonical_sequence(sequence)
    return Event(wire.id, wire.source, subject, type_, at, data, said, cause)


def canonical_sequence(sequence: str | int) -> str:
    """Return a CloudEvents `sequence` as a text that compares as it means: 9 before 10.

    A number is filled up with zeros to twenty digits; anything else is the text that it is.
    """
    text = str(sequence)
    return text.zfill(_SEQUENCE_DIGITS) if text.isascii() and text.isdecimal() else text


def _erasure(wire: ErasureWire, record: Received) -> Erasure | Rejected:
    """Admit a wish to be forgotten, in whichever topic: it is for all of them."""
    if record.key != wire.subject.encode():
        return Rejected(Reason.WRONG_KEY, "$.subject")
    return Erasure(wire.subject, wire.source)


def encode(event: Event) -> bytes:
    """Return the structured-mode JSON of *event*: what `decode` takes back."""
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
