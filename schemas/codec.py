"""bytes -> Event | Rejected, and back. Bad input is data, never an exception.

CloudEvents 1.0 over Kafka in both of its modes: *structured* (the value is the whole event) and
*binary* (the value is `data`, the attributes are headers named `ce_*`).
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Protocol, Union, cast

import msgspec
from msgspec import Meta

from schemas.counter_events import PbxCounters
from schemas.customers import Tokeniser
from schemas.erasures import Erasure, ErasureWire
from schemas.events import (
    MAX_SECONDS,
    TYPES,
    CallCompleted,
    DealImported,
    Event,
    Fact,
    Instant,
    MeetingBooked,
    MeetingRescheduled,
    Name,
    StageEntry,
)
from schemas.histories import impossible, is_whole
from schemas.topics import TOPIC_OF_TYPE

MAX_BYTES = 65_536
EARLIEST_AT = datetime(2000, 1, 1, tzinfo=UTC).timestamp()
MAX_AHEAD_SECONDS = 300.0

MAX_BOOKED_AHEAD_SECONDS = 5 * 366 * 86_400.0
"""A meeting may start years ahead; in 2099 nobody meets."""

Headers = Sequence[tuple[str, bytes | None]]
"""Kafka's headers; a header may have no value."""
_Source = Annotated[str, Meta(min_length=1, max_length=256)]
_Sequence = Annotated[str, Meta(max_length=64)] | Annotated[int, Meta(ge=0, le=2**63 - 1)]
_SEQUENCE_DIGITS = 20


class Reason(StrEnum):
    """Why a message was refused. Constant texts: a reason never quotes the message."""

    TOO_LARGE = "too_large"
    NOT_JSON = "not_json"
    TOO_DEEP = "too_deep"
    INVALID = "invalid"
    UNKNOWN_TYPE = "unknown_type"
    UNPRINTABLE = "unprintable"
    WRONG_TOPIC = "wrong_topic"
    WRONG_KEY = "wrong_key"
    TIME_TOO_EARLY = "time_too_early"
    TIME_IN_FUTURE = "time_in_future"
    TOO_LATE = "too_late"


class Rejected(msgspec.Struct, frozen=True, gc=False):
    """A message that was refused: why, and where in it (a JSON path, never a value)."""

    reason: Reason
    where: str = ""


Decoded = Event | Rejected | Erasure
"""What a message turns out to be."""


class Received(Protocol):
    """What of a Kafka record matters here, as any client hands it over."""

    @property
    def key(self) -> bytes | None:
        """Its key; of ours the entity."""

    @property
    def value(self) -> bytes | None:
        """Its value; None is a tombstone."""

    @property
    def headers(self) -> Headers:
        """Its headers, in their order."""


Rule = Callable[[Any, float], Rejected | None]
"""Looks at an event's data and time, and says what is wrong with them."""


class Message(msgspec.Struct, frozen=True, gc=False):
    """What of a Kafka record matters here: its topic, key, value and headers."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


def _wire_type(type_: str, data: type[Fact]) -> type[msgspec.Struct]:
    """Return the structured-mode envelope of one event type.

    Extension attributes are allowed, as CloudEvents demands. Of them `sequence` and `causationid`
    are looked at.
    """
    return msgspec.defstruct(
        "".join(part.title() for part in type_.replace("_", ".").split(".")),
        [
            *(("id", Name), ("source", _Source), ("subject", Name), ("time", Instant)),
            ("data", data),
            ("sequence", _Sequence | None, None),
            ("causationid", Name | None, None),
        ],
        tag_field="type",
        tag=type_,
        frozen=True,
        gc=False,
    )


_WIRE_TYPES = {type_: _wire_type(type_, data) for type_, data in TYPES.items()}
_structured = msgspec.json.Decoder(Union[(*_WIRE_TYPES.values(), ErasureWire)])
_binary: dict[str, msgspec.json.Decoder[Fact]] = {
    type_: msgspec.json.Decoder(data) for type_, data in TYPES.items()
}
_instant = msgspec.json.Decoder(Instant)
_encode = msgspec.json.Encoder().encode


def _text_fields(data: type[Fact]) -> tuple[str, ...]:
    """Return the fields of a fact that hold free text."""
    names = {"queue", "rep", "customer", "reason", "kind", "stage", "from_stage", "pipeline"}
    names |= {"to_queue", "to_rep", "deal", "segment", "into"}
    return tuple(name for name in data.__struct_fields__ if name in names)


_TEXT_FIELDS = {type_: _text_fields(data) for type_, data in TYPES.items()}
_HAS_CUSTOMER = frozenset(data for data in TYPES.values() if "customer" in data.__struct_fields__)
_KNOWN_FIELDS = {field for wire in _WIRE_TYPES.values() for field in wire.__struct_fields__} | {
    "type",
    *StageEntry.__struct_fields__,
    *(field for data in TYPES.values() for field in data.__struct_fields__),
}


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
        wire = _parse(value, headers) if headers else _structured.decode(value)
    except msgspec.ValidationError as error:
        return _refused(str(error))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Rejected(Reason.NOT_JSON)
    except RecursionError:
        return Rejected(Reason.TOO_DEEP)
    admission = _ADMISSION.get(type(wire))
    if admission is None:
        return _erasure(wire, record) if type(wire) is ErasureWire else cast("Rejected", wire)
    # The rules that types cannot say.
    type_, right_topic, has_customer, rule = admission
    at, subject, data = wire.time.timestamp(), wire.subject, wire.data
    if not EARLIEST_AT <= at <= now + MAX_AHEAD_SECONDS:
        return _impossible(at, EARLIEST_AT, "$.time")
    if topic != right_topic:
        return Rejected(Reason.WRONG_TOPIC, "$.type")
    if record.key != subject.encode("utf-8", "replace"):
        return Rejected(Reason.WRONG_KEY, "$.subject")
    # JSON allows control characters only as escapes, but for DEL: where there is neither, and all
    # is ASCII, all texts are printable. Three looks at the whole cost less than one at each text.
    if headers or not value.isascii() or _BACKSLASH in value or _DELETE in value:
        where = _unprintable(wire, type_)
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


_TAKE_BACK = frozenset(type_ for type_ in TYPES if type_.endswith("retracted"))
_TAKE_BACK_ONE = frozenset(("rep.state_retracted", "deal.retracted"))  # of many: which?


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


def _parse(value: bytes, headers: Headers) -> Any:  # noqa: ANN401 - one of _WIRE_TYPES, or Rejected
    """Parse either mode. Raises msgspec's errors."""
    attributes = {name: text for name, text in headers if name.startswith("ce_") and text}
    if "ce_type" not in attributes:
        return _structured.decode(value)
    return _parse_binary(value, attributes)


def _parse_binary(value: bytes, attributes: dict[str, bytes]) -> Any:  # noqa: ANN401 - as _parse
    """Parse binary mode: build the envelope from headers. Raises msgspec's errors."""
    text = {name[3:]: raw.decode() for name, raw in attributes.items()}
    type_ = text["type"]
    decoder = _binary.get(type_)
    if decoder is None:
        return Rejected(Reason.UNKNOWN_TYPE, "$.type")
    try:
        data = decoder.decode(value)
    except msgspec.ValidationError as error:
        return _refused(str(error), "$.data")
    try:
        time = _instant.decode(_encode(text.get("time", "")))
    except msgspec.ValidationError:
        return Rejected(Reason.INVALID, "$.time")
    envelope = msgspec.convert(text, _WIRE_ATTRIBUTES)
    return _WIRE_TYPES[type_](
        id=envelope.id,
        source=envelope.source,
        subject=envelope.subject,
        time=time,
        data=data,
        sequence=envelope.sequence,
        causationid=envelope.causationid,
    )


class _WIRE_ATTRIBUTES(msgspec.Struct, frozen=True):  # noqa: N801 - private, reads as a constant
    id: Name
    source: _Source
    subject: Name
    sequence: Annotated[str, Meta(max_length=64)] | None = None
    causationid: Name | None = None


_POSITION = re.compile(r"\[(\d{1,3}|\.\.\.)\]")


def _refused(error: str, root: str = "$") -> Rejected:
    """Name the place that msgspec's error names, and nothing of the value."""
    # msgspec quotes unknown fields and tags before the path, which comes last: a field may be
    # called "+84901234567", or even "x - at `$.84901234567". Only names of our own are repeated.
    path = error.rpartition(" - at `")[2].removesuffix("`") if error.endswith("`") else "$"
    first, *names = _POSITION.sub("", path).split(".")
    where = path if first == "$" and _KNOWN_FIELDS.issuperset(names) else "$"
    unknown = where == "$.type" and "nvalid value" in error
    return Rejected(Reason.UNKNOWN_TYPE if unknown else Reason.INVALID, root + where[1:])


def _within(name: str, earliest: float, latest: float) -> Rule:
    """Return the rule that another instant of a fact lies so far from the event's time."""

    def rule(data: Any, at: float) -> Rejected | None:  # noqa: ANN401 - a Fact
        other_at = getattr(data, name).timestamp()
        if at + earliest <= other_at <= at + latest:
            return None
        return _impossible(other_at, at + earliest, f"$.data.{name}")

    return rule


def _wrong_history(data: DealImported, at: float) -> Rejected | None:
    if not is_whole(data):
        return Rejected(Reason.INVALID, "$.data.ended_at")
    wrong = impossible(data, EARLIEST_AT, at + MAX_AHEAD_SECONDS)
    if wrong is None:
        return None
    name, is_early = wrong
    reason = Reason.TIME_TOO_EARLY if is_early else Reason.TIME_IN_FUTURE
    return Rejected(reason, f"$.data.{name}")


def _wrong_interval(data: PbxCounters, at: float) -> Rejected | None:
    from_at, to_at = data.from_at.timestamp(), data.to_at.timestamp()
    if not from_at < to_at:
        return Rejected(Reason.INVALID, "$.data.to_at")
    if from_at < EARLIEST_AT:
        return Rejected(Reason.TIME_TOO_EARLY, "$.data.from_at")
    if to_at > at + MAX_AHEAD_SECONDS:
        return Rejected(Reason.TIME_IN_FUTURE, "$.data.to_at")
    return None


def _impossible(at: float, earliest: float, where: str) -> Rejected:
    early = at < earliest
    return Rejected(Reason.TIME_TOO_EARLY if early else Reason.TIME_IN_FUTURE, where)


_STARTS_AT = _within("starts_at", -MAX_BOOKED_AHEAD_SECONDS, MAX_BOOKED_AHEAD_SECONDS)
_RULES: dict[type[Fact], Rule] = {
    CallCompleted: _within("offered_at", -MAX_SECONDS, MAX_AHEAD_SECONDS),
    MeetingBooked: _STARTS_AT,
    MeetingRescheduled: _STARTS_AT,
    DealImported: _wrong_history,
    PbxCounters: _wrong_interval,
}
"""What must hold between the fields of a fact."""

_ADMISSION: dict[type, tuple[str, str, bool, Rule | None]] = {
    wire: (type_, TOPIC_OF_TYPE[type_], TYPES[type_] in _HAS_CUSTOMER, _RULES.get(TYPES[type_]))
    for type_, wire in _WIRE_TYPES.items()
}
"""By envelope: its type, its topic, whether its data names a customer, its rule."""


# As numbers: looking for a byte costs an eighth of looking for a string of one.
_BACKSLASH, _DELETE = 0x5C, 0x7F


def _unprintable(wire: Any, type_: str) -> Rejected | None:  # noqa: ANN401 - one of _WIRE_TYPES
    """Refuse an event that holds a control character.

    Postgres takes no NUL, and a line break in a queue's name is an attack on whoever reads a log.
    """
    if not (wire.id.isprintable() and wire.source.isprintable() and wire.subject.isprintable()):
        return Rejected(Reason.UNPRINTABLE, "$")
    if isinstance(wire.sequence, str) and not wire.sequence.isprintable():
        return Rejected(Reason.UNPRINTABLE, "$.sequence")
    if wire.causationid is not None and not wire.causationid.isprintable():
        return Rejected(Reason.UNPRINTABLE, "$.causationid")
    for name in _TEXT_FIELDS[type_]:
        text = getattr(wire.data, name)
        if text is not None and not text.isprintable():
            return Rejected(Reason.UNPRINTABLE, f"$.data.{name}")
    if type(wire.data) is DealImported and not all(m.stage.isprintable() for m in wire.data.moves):
        return Rejected(Reason.UNPRINTABLE, "$.data.moves")
    return None


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
