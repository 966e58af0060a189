"""What fuzzing starts from: an event of each type in both modes, and the words that matter."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from msgspec.inspect import (
    BoolType,
    DateTimeType,
    FloatType,
    IntType,
    LiteralType,
    StrType,
    StructType,
    UnionType,
    VarTupleType,
    type_info,
)

from schemas.codec import encode
from schemas.events import TYPES, Event
from schemas.topics import TOPIC_OF_TYPE
from tests.fuzz.case import pack

AT = datetime(2026, 9, 1, 9, 59, tzinfo=UTC)


def cases() -> Iterator[bytes]:
    """Yield a structured and a binary record for each type of event, all its fields set."""
    for type_, data in TYPES.items():
        info = type_info(data)
        assert isinstance(info, StructType)
        fields = {field.name: _value(field.type) for field in info.fields}
        if "from_at" in fields:
            fields["from_at"] = AT - timedelta(minutes=15)  # an interval has a length
        fact: Any = msgspec.convert(fields, data)
        cause = "id-0" if type_.endswith("retracted") else None
        event = Event("id-1", "pbx-1", "subject-1", type_, AT.timestamp(), fact, causation_id=cause)
        structured = encode(event)
        topic = TOPIC_OF_TYPE[type_]
        yield pack(topic, structured)
        wire = json.loads(structured)
        headers = [
            (f"ce_{name}", str(wire[name]).encode())
            for name in ("id", "source", "subject", "type", "time", "causationid")
            if name in wire
        ]
        yield pack(topic, json.dumps(wire["data"]).encode(), headers)


def words() -> list[bytes]:
    """Return what a mutation may put anywhere: names of fields and types, hostile values."""
    info = [type_info(data) for data in TYPES.values()]
    fields = {field.name for one in info if isinstance(one, StructType) for field in one.fields}
    return [
        *(text.encode() for text in sorted(fields | set(TYPES))),
        *(b'"data":', b'"time":', b'"subject":', b'"customer":"+84901234567"', b"ct1_"),
        *(b"null", b"NaN", b"-0", b"1e400", b"9" * 400, b"[" * 1500, b'{"a":' * 600),
        *(b"\\ud800", b"\\u0000", b"\xed\xa0\x80", b"\xff", b"\xef\xbb\xbf", b"\xc0\x80"),
        *(b"1970-01-01T00:00:00Z", b"2099-12-31T23:59:60Z", b"0000-00-00T00:00:00Z", b"1788256740"),
        *(b"2026-09-01T09:59:00.999999999Z", b"9999-12-31T23:59:59-23:59", b"0001-01-01T00:00:00Z"),
        *(b"\n--\n", b"\n--\nce_type:", b"\n--\nce_time:", b"\n--\nce_id:\xff"),
    ]


def _value(info: Any) -> Any:  # noqa: ANN401 - whatever the type takes
    if isinstance(info, UnionType):  # optional
        return _value(next(one for one in info.types if one != type_info(None)))
    if isinstance(info, LiteralType):
        return info.values[0]
    if isinstance(info, StrType):
        return "text" if info.pattern is None else "USD"
    if isinstance(info, VarTupleType):
        return [_value(info.item_type)]
    if isinstance(info, StructType):
        return {field.name: _value(field.type) for field in info.fields}
    made: dict[type, Any] = {DateTimeType: AT, FloatType: 0.5, IntType: 1, BoolType: True}
    return made[type(info)]
