"""Every event survives the wire in both modes; every way to be wrong has its reason."""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from schemas.codec import MAX_BYTES, Message, Reason, Rejected, decode, encode
from schemas.customers import Tokeniser
from schemas.events import TYPES, CallOffered, Event, Fact
from schemas.topics import TOPIC_OF_TYPE
from tests.schemas.event_strategies import NOW_AT, events, topic_of

TOKENISER = Tokeniser(b"a key of sixteen")
MINIMAL: dict[str, dict[str, object]] = {
    "call.offered": {"queue": "loans"},
    "call.dialled": {"rep": "linh"},
    "call.answered": {"rep": "linh"},
    "call.completed": {"offered_at": "2026-09-01T09:50:00Z", "outcome": "menu"},
    "rep.state_changed": {"state": "available"},
    "meeting.booked": {"rep": "linh", "starts_at": "2026-09-08T09:00:00+07:00"},
    "meeting.rescheduled": {"starts_at": "2026-09-08T09:00:00+07:00"},
    "deal.created": {"rep": "linh", "pipeline": "sales", "stage": "new"},
    "deal.stage_changed": {"stage": "trial"},
    "deal.amount_changed": {"amount_minor": 100, "currency": "USD"},
    "deal.owner_changed": {"rep": "linh"},
    "deal.merged": {"into": "d2"},
    "deal.imported": {
        "as_of": "2026-08-31T18:00:00Z",
        "created_at": "2026-03-02T10:00:00Z",
        "rep": "linh",
        "pipeline": "sales",
        "stage": "new",
    },
    "activity.logged": {"rep": "linh", "kind": "e-mail"},
    "pbx.counters": {
        "queue": "loans",
        "from_at": "2026-09-01T09:30:00Z",
        "to_at": "2026-09-01T09:45:00Z",
        "completed": 9,
        "abandoned": 1,
    },
}
"""The required fields of each type; types that are not here have none."""


def wire(**changes: object) -> dict[str, Any]:
    """A good call.offered with attributes changed; `...` leaves one out."""
    good = {
        "specversion": "1.0",
        "id": "1",
        "source": "pbx/hanoi",
        "type": "call.offered",
        "subject": "call-1",
        "time": "2026-09-01T09:59:00Z",
        "data": {"queue": "loans"},
    }
    return {name: value for name, value in (good | changes).items() if value is not ...}


def read(
    value: bytes | dict[str, Any] | None,
    *,
    topic: str = "ringside.calls",
    key: bytes | None = b"call-1",
    headers: Any = (),  # noqa: ANN401 - wrong ones too
) -> Event | Rejected:
    raw = json.dumps(value).encode() if isinstance(value, dict) else value
    return decode(Message(topic, key, raw, headers), now=NOW_AT, tokeniser=TOKENISER)


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


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        ("1999-12-31T23:59:59Z", Reason.TIME_TOO_EARLY),
        ("2099-01-01T00:00:00Z", Reason.TIME_IN_FUTURE),
    ],
)
@pytest.mark.parametrize("type_", ["meeting.booked", "meeting.rescheduled"])
def test_a_meeting_starts_within_years_of_its_booking(type_: str, at: str, reason: Reason) -> None:
    message = wire(type=type_, data=MINIMAL[type_] | {"starts_at": at})
    expected = Rejected(reason, "$.data.starts_at")
    assert read(message, topic="ringside.meetings") == expected


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


def test_every_text_that_a_source_chooses_is_checked_for_control_characters() -> None:
    # Found from the types, so that a field added later cannot be forgotten.
    for type_, data in TYPES.items():
        for field in msgspec.structs.fields(data):
            if _is_free_text(field):
                message = wire(
                    type=type_, data=MINIMAL.get(type_, {}) | {field.encode_name: "a\x00b"}
                )
                topic = TOPIC_OF_TYPE[type_]
                expected = Rejected(Reason.UNPRINTABLE, f"$.data.{field.name}")
                assert read(message, topic=topic) == expected, (type_, field.name)


def _is_free_text(field: msgspec.structs.FieldInfo) -> bool:
    info = msgspec.inspect.type_info(field.type)
    kinds = info.types if isinstance(info, msgspec.inspect.UnionType) else (info,)
    return any(isinstance(one, msgspec.inspect.StrType) and one.pattern is None for one in kinds)


def test_facts_share_one_base_that_refuses_unknown_fields() -> None:
    assert all(issubclass(data, Fact) for data in TYPES.values())
    assert all(data.__struct_config__.forbid_unknown_fields for data in TYPES.values())


IMPORTED = MINIMAL["deal.imported"] | {
    "moves": [{"at": "2026-04-01T08:00:00Z", "stage": "trial"}],
    "outcome": "won",
    "ended_at": "2026-05-01T08:00:00Z",
}


def imported(**changes: object) -> Event | Rejected:
    data = {name: value for name, value in (IMPORTED | changes).items() if value is not ...}
    message = wire(type="deal.imported", subject="d", data=data)
    return read(message, topic="ringside.deals", key=b"d")


@pytest.mark.parametrize(
    ("changes", "reason", "where"),
    [
        # The event is of 09:59, five minutes ahead are allowed, and nothing is later than as_of.
        ({"as_of": "2026-09-01T10:05:00Z"}, Reason.TIME_IN_FUTURE, "as_of"),
        ({"as_of": "1999-12-31T23:59:59Z"}, Reason.TIME_TOO_EARLY, "as_of"),
        ({"created_at": "1999-12-31T23:59:59Z"}, Reason.TIME_TOO_EARLY, "created_at"),
        ({"created_at": "2026-04-02T00:00:00Z"}, Reason.TIME_TOO_EARLY, "moves"),
        ({"ended_at": "2026-03-31T00:00:00Z"}, Reason.TIME_TOO_EARLY, "ended_at"),
        ({"ended_at": "2026-08-31T18:00:01Z"}, Reason.TIME_IN_FUTURE, "ended_at"),
        ({"ended_at": ...}, Reason.INVALID, "ended_at"),
        ({"outcome": ...}, Reason.INVALID, "ended_at"),
        (
            {"moves": [{"at": "2026-04-01T08:00:00Z", "stage": "a\u0000"}]},
            Reason.UNPRINTABLE,
            "moves",
        ),
        (
            {"moves": [{"at": "2026-04-01T08:00:00Z", "stage": "a", "by": "x"}]},
            Reason.INVALID,
            "moves[0]",
        ),
        (
            {"moves": [{"at": "2026-04-01T08:00:00Z", "stage": "a"}] * 128},
            Reason.INVALID,
            "moves",
        ),
    ],
)
def test_an_imported_history_must_be_one(
    changes: dict[str, object], reason: Reason, where: str
) -> None:
    assert isinstance(imported(), Event)
    assert imported(**changes) == Rejected(reason, f"$.data.{where}")


def test_which_event_is_corrected_is_read_in_both_modes() -> None:
    corrected = wire(type="call.answered", subject="x", data={"rep": "linh"}, causationid="e1")
    decoded = read(corrected, topic="ringside.calls", key=b"x")
    assert isinstance(decoded, Event)
    assert decoded.causation_id == "e1"
    headers = [(f"ce_{name}", value.encode()) for name, value in corrected.items()
               if isinstance(value, str)]  # fmt: skip
    data = json.dumps(corrected["data"]).encode()
    assert read(data, topic="ringside.calls", key=b"x", headers=headers) == decoded


@pytest.mark.parametrize("type_", ["rep.state_retracted", "deal.retracted"])
def test_a_retraction_of_one_of_many_must_say_of_which(type_: str) -> None:
    back = wire(type=type_, subject="linh", data={})
    refused = read(back, topic=TOPIC_OF_TYPE[type_], key=b"linh")
    assert refused == Rejected(Reason.INVALID, "$.causationid")


def test_a_corrected_event_must_be_named_in_printable_characters() -> None:
    odd = wire(type="call.ended", subject="x", data={}, causationid="e\n1")
    assert read(odd, topic="ringside.calls", key=b"x") == Rejected(
        Reason.UNPRINTABLE, "$.causationid"
    )
