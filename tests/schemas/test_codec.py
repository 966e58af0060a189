"""Every event survives the wire in both modes; every way to be wrong has its reason."""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from schemas.codec import MAX_BYTES, Reason, Rejected, encode
from schemas.events import TYPES, CallOffered, Event, Fact
from schemas.topics import TOPIC_OF_TYPE
from tests.schemas.event_strategies import NOW_AT, events, topic_of
from tests.schemas.wires import MINIMAL, TOKENISER, read, wire


def with_tokens(event: Event) -> Event:
    customer = getattr(event.data, "customer", None)
    if customer is None:
        return event
    data = msgspec.structs.replace(event.data, customer=TOKENISER.token(customer))
    return msgspec.structs.replace(event, data=data)


@pytest.mark.parametrize("type_", TYPES)
def test_an_event_with_nothing_but_what_is_required_is_accepted(type_: str) -> None:
    data = msgspec.convert(MINIMAL.get(type_, {}), TYPES[type_])
    cause = {"causationid": "0"} if type_ in {"rep.state_retracted", "deal.retracted"} else {}
    message = wire(type=type_, subject="x", data=MINIMAL.get(type_, {}), **cause)
    decoded = read(message, topic=TOPIC_OF_TYPE[type_], key=b"x")
    assert isinstance(decoded, Event)
    assert decoded.data == data
    # 2026-09-01T09:59:00Z is one minute before the tests' now.
    assert (decoded.type, decoded.at, decoded.id) == (type_, NOW_AT - 60, "1")


@settings(max_examples=60, derandomize=True, deadline=None)
@given(events())
def test_what_is_encoded_is_decoded_in_structured_mode(event: Event) -> None:
    value = encode(event)
    if len(value) <= MAX_BYTES:
        key = event.subject.encode()
        assert read(value, topic=topic_of(event), key=key) == with_tokens(event)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(events())
def test_what_is_encoded_is_decoded_in_binary_mode(event: Event) -> None:
    structured = json.loads(encode(event))
    data = json.dumps(structured.pop("data")).encode()
    headers = [(f"ce_{name}", value.encode()) for name, value in structured.items()]
    headers.append(("content-type", b"application/json"))
    decoded = read(data, topic=topic_of(event), key=event.subject.encode(), headers=headers)
    assert decoded == with_tokens(event)


def test_a_customers_number_comes_out_as_a_token() -> None:
    decoded = read(wire(data={"queue": "loans", "customer": "+84 90 123 45 67"}))
    assert isinstance(decoded, Event)
    assert isinstance(decoded.data, CallOffered)
    assert decoded.data.customer == TOKENISER.token("+84901234567")
    assert "4567" not in repr(decoded)


def test_extension_attributes_are_allowed_and_headers_of_others_ignored() -> None:
    headers = [("traceparent", b"00-ab"), ("content-type", b"application/cloudevents+json")]
    assert isinstance(read(wire(traceparent="00-ab", deep=[[{}]]), headers=headers), Event)


def test_the_offset_of_a_time_is_heeded() -> None:
    decoded = read(wire(time="2026-09-01T17:00:00.250+07:00"))
    assert isinstance(decoded, Event)
    assert decoded.at == datetime(2026, 9, 1, 10, 0, 0, 250_000, tzinfo=UTC).timestamp()


def offered(**data: object) -> dict[str, Any]:
    return wire(data={"queue": "loans", **data})


def completed(**data: object) -> dict[str, Any]:
    good = {"offered_at": "2026-09-01T09:50:00Z", "outcome": "answered", "queue": "loans"}
    return wire(type="call.completed", data={**good, **data})


REFUSED: list[tuple[Reason, str, Any]] = [
    (Reason.TOO_LARGE, "", b" " * (MAX_BYTES + 1)),
    (Reason.INVALID, "$", None),
    (Reason.NOT_JSON, "", b""),
    (Reason.NOT_JSON, "", b"{"),
    (Reason.NOT_JSON, "", json.dumps(wire()).encode()[:-1]),
    (Reason.NOT_JSON, "", json.dumps(wire()).encode() + b"x"),
    (Reason.NOT_JSON, "", b"\x00"),
    (Reason.NOT_JSON, "", json.dumps(wire()).encode("utf-16")),
    (Reason.NOT_JSON, "", json.dumps(wire()).encode().replace(b"loans", b"\xff\xfe")),
    (Reason.NOT_JSON, "", json.dumps(wire()).encode().replace(b"loans", b"\\ud800")),
    (Reason.NOT_JSON, "", json.dumps(wire()).encode().replace(b'"loans"', b"NaN")),
    (Reason.NOT_JSON, "", json.dumps(wire()).encode().replace(b'"loans"', b"Infinity")),
    (Reason.TOO_DEEP, "", json.dumps(wire(x=0)).encode().replace(b'"x": 0', b'"x":' + b"[" * 9999)),
    (Reason.INVALID, "$", b"[" * 60_000),
    (Reason.INVALID, "$", b"[]"),
    (Reason.INVALID, "$", b"null"),
    (Reason.INVALID, "$", b"1"),
    (Reason.INVALID, "$", b"9" * 5000),
    (Reason.INVALID, "$", b"{}"),
    (Reason.INVALID, "$", wire(type=...)),
    (Reason.INVALID, "$", wire(subject=...)),
    (Reason.INVALID, "$", wire(data=...)),
    (Reason.INVALID, "$.data", wire(data=[])),
    (Reason.INVALID, "$.data", wire(data={})),
    (Reason.INVALID, "$.id", wire(id="")),
    (Reason.INVALID, "$.id", wire(id="x" * 129)),
    (Reason.INVALID, "$.source", wire(source=None)),
    (Reason.INVALID, "$.type", wire(type=7)),
    (Reason.INVALID, "$.data.queue", offered(queue=5)),
    (Reason.INVALID, "$.data.queue", offered(queue=None)),
    (Reason.INVALID, "$.data.leg", offered(leg=0)),
    (Reason.INVALID, "$.data.leg", offered(leg=1.5)),
    (Reason.INVALID, "$.data.leg", offered(leg=True)),
    (Reason.INVALID, "$.data.leg", offered(leg="1")),
    (
        Reason.INVALID,
        "$.data.leg",
        json.dumps(offered(leg=1)).encode().replace(b"1}", b"9" * 5000 + b"}"),
    ),
    (Reason.INVALID, "$.data.leg", json.dumps(offered(leg=1)).encode().replace(b"1}", b"1e999}")),
    (Reason.INVALID, "$.data", offered(qeue="typing error")),
    (Reason.INVALID, "$.data.wait_seconds", completed(wait_seconds=-1)),
    # 12 minutes in milliseconds: 720,000 > 604,800, the seconds of a week.
    (Reason.INVALID, "$.data.talk_seconds", completed(talk_seconds=720_000)),
    (Reason.INVALID, "$.data.outcome", completed(outcome="vanished")),
    (Reason.INVALID, "$.data.offered_at", completed(offered_at=1_788_256_800)),
    (Reason.TIME_TOO_EARLY, "$.data.offered_at", completed(offered_at="1970-01-01T00:00:00Z")),
    (Reason.TIME_IN_FUTURE, "$.data.offered_at", completed(offered_at="2099-01-01T00:00:00Z")),
    (Reason.UNKNOWN_TYPE, "$.type", wire(type="call.teleported")),
    (Reason.UNPRINTABLE, "$.data.queue", offered(queue="a\x00b")),
    (Reason.UNPRINTABLE, "$.data.queue", offered(queue="a\nb")),
    (Reason.UNPRINTABLE, "$.data.customer", offered(customer="+84\u202e90")),
    (Reason.UNPRINTABLE, "$", wire(id="a\x1b[31m")),
    (Reason.INVALID, "$.time", wire(time="2026-09-01T09:59:00")),
    (Reason.INVALID, "$.time", wire(time="yesterday")),
    (Reason.INVALID, "$.time", wire(time=1_788_256_800)),
    (Reason.TIME_TOO_EARLY, "$.time", wire(time="1970-01-01T00:00:00Z")),
    (Reason.TIME_TOO_EARLY, "$.time", wire(time="0001-01-01T00:00:00+23:59")),
    (Reason.TIME_IN_FUTURE, "$.time", wire(time="2099-01-01T00:00:00Z")),
    (Reason.TIME_IN_FUTURE, "$.time", wire(time="9999-12-31T23:59:59-23:59")),
    (Reason.TIME_IN_FUTURE, "$.time", wire(time="2026-09-01T10:05:01Z")),
]


@pytest.mark.parametrize(("reason", "where", "value"), REFUSED)
def test_a_bad_message_is_refused_with_its_reason(reason: Reason, where: str, value: Any) -> None:  # noqa: ANN401
    assert read(value) == Rejected(reason, where)


def test_five_minutes_ahead_is_the_clocks_tolerance() -> None:
    assert isinstance(read(wire(time="2026-09-01T10:05:00Z")), Event)


def test_an_event_is_refused_on_another_topic_than_its_own() -> None:
    assert read(wire(), topic="ringside.deals") == Rejected(Reason.WRONG_TOPIC, "$.type")


@pytest.mark.parametrize("key", [None, b"", b"call-2", b"call-1 ", b"\xff"])
def test_an_event_is_refused_under_another_key_than_its_subject(key: bytes | None) -> None:
    assert read(wire(), key=key) == Rejected(Reason.WRONG_KEY, "$.subject")


def test_a_currency_is_three_letters_and_no_line_break() -> None:
    message = wire(type="deal.won", data={"amount_minor": 1, "currency": "USD\n"})
    assert read(message, topic="ringside.deals") == Rejected(Reason.INVALID, "$.data.currency")


def binary(**changes: bytes | None) -> list[tuple[str, bytes | None]]:
    good = {
        "specversion": b"1.0",
        "id": b"1",
        "source": b"pbx/hanoi",
        "type": b"call.offered",
        "subject": b"call-1",
        "time": b"2026-09-01T09:59:00Z",
    }
    return [(f"ce_{name}", value) for name, value in (good | changes).items()]


@pytest.mark.parametrize(
    ("changes", "value", "expected"),
    [
        ({"type": b"call.teleported"}, b"{}", Rejected(Reason.UNKNOWN_TYPE, "$.type")),
        ({"time": b"soon"}, b'{"queue":"q"}', Rejected(Reason.INVALID, "$.time")),
        ({"time": b""}, b'{"queue":"q"}', Rejected(Reason.INVALID, "$.time")),
        ({"id": None}, b'{"queue":"q"}', Rejected(Reason.INVALID, "$")),
        ({"subject": b"\xff"}, b'{"queue":"q"}', Rejected(Reason.NOT_JSON)),
        ({}, b'{"queue":5}', Rejected(Reason.INVALID, "$.data.queue")),
        ({}, b'{"queue":"q","x":1}', Rejected(Reason.INVALID, "$.data")),
        ({}, b'{"queue":"q"', Rejected(Reason.NOT_JSON)),
    ],
)
def test_binary_mode_names_the_same_places(
    changes: dict[str, bytes | None], value: bytes, expected: Rejected
) -> None:
    assert read(value, headers=binary(**changes)) == expected


def test_a_header_without_a_value_is_no_header() -> None:
    headers = [("ce_type", None), ("ce_id", None)]
    assert isinstance(read(wire(), headers=headers), Event)


def test_every_reason_has_an_example_here() -> None:
    # The last ones are given outside the table: by topic, by key, and by the fold.
    shown = {reason for reason, _, _ in REFUSED} | {Reason.WRONG_TOPIC, Reason.WRONG_KEY}
    assert set(Reason) - shown == {Reason.TOO_LATE}


def test_facts_share_one_base_that_refuses_unknown_fields() -> None:
    assert all(issubclass(data, Fact) for data in TYPES.values())
    assert all(data.__struct_config__.forbid_unknown_fields for data in TYPES.values())
