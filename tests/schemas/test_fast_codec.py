"""The compiled codec reads what nearly all sources send, as Python does, and leaves it the rest."""

import json
from collections import Counter

import msgspec
import pytest
from hypothesis import given, settings

from schemas import codec
from schemas.codec import MAX_BYTES, Message, decode_record, decode_records, encode
from schemas.events import TYPES, Event
from streams.simulation import FloorPlan, simulate
from tests.fuzz.case import unpack
from tests.fuzz.seeds import cases
from tests.schemas.alike import SMALLEST, is_accepted, message_of
from tests.schemas.event_strategies import NOW_AT, events, topic_of
from tests.schemas.wires import TOKENISER, wire

fast_codec = pytest.importorskip("schemas.fast_codec")
fast_facts = pytest.importorskip("schemas.fast_facts")

START_AT = 1_772_409_600.0  # Monday 2026-03-02 00:00 UTC
# In structured mode, all fields set; the others are in binary mode.
FULL = dict(zip(TYPES, list(map(unpack, cases()))[::2], strict=True))


def test_only_histories_which_hold_lists_are_left_to_python() -> None:
    assert set(TYPES) - fast_codec.PLANNED == {"deal.imported"}


@pytest.mark.parametrize("type_", TYPES)
def test_every_other_type_is_read_with_all_fields_and_with_the_fewest(type_: str) -> None:
    is_planned = type_ in fast_codec.PLANNED
    assert is_accepted(FULL[type_]) == is_planned
    assert is_accepted(message_of(type_, SMALLEST[type_])) == is_planned


@pytest.mark.parametrize("type_", sorted(fast_codec.PLANNED))
def test_null_is_read_where_a_field_is_optional(type_: str) -> None:
    for field in msgspec.structs.fields(TYPES[type_]):
        message = message_of(type_, SMALLEST[type_] | {field.name: None})
        assert is_accepted(message) == (field.default is None), field.name


@pytest.mark.parametrize("type_", sorted(fast_codec.PLANNED))
def test_unknown_and_missing_fields_are_left(type_: str) -> None:
    data = SMALLEST[type_]
    assert not is_accepted(message_of(type_, data | {"extra": "x"}))
    for field in data:
        rest = {name: value for name, value in data.items() if name != field}
        assert not is_accepted(message_of(type_, rest)), field


def test_everything_that_the_simulator_says_is_read() -> None:
    plan = FloorPlan.sized(always_open=True)
    told = list(simulate(plan, seed=3, start_at=START_AT, end_at=START_AT + 1800))
    messages = [Message(topic_of(one), one.subject.encode(), encode(one)) for one in told]
    kinds = Counter(one.type for one in told)
    assert kinds.keys() >= {"rep.state_changed", "call.ended", "call.completed", "deal.created"}
    assert all(is_accepted(one, now=START_AT + 1800) for one in messages)


@settings(max_examples=150)
@given(events())
def test_events_of_any_text_are_read_if_it_is_plain(event: Event) -> None:
    value = encode(event)
    is_plain = value.isascii() and b"\\" not in value
    assert is_accepted(Message(topic_of(event), event.subject.encode(), value)) <= is_plain


def accepts(key: bytes | None = b"call-1", **attributes: object) -> bool:
    raw = json.dumps(wire(**attributes)).encode()
    return is_accepted(Message("ringside.calls", key, raw))


def test_the_key_is_the_subject() -> None:
    assert accepts(b"call-1")
    assert not any(map(accepts, (b"call-2", b"call-", b"call-11", b"", b"call-1\0", None)))


def test_another_topic_is_left() -> None:
    message = message_of("call.held", {})
    assert is_accepted(message)
    assert not is_accepted(msgspec.structs.replace(message, topic="ringside.deals"))


def test_texts_have_lengths() -> None:
    assert accepts(id="i" * 128, source="s" * 256, causationid="c" * 128, sequence="q" * 64)
    assert accepts(sequence="")
    for attribute, length in {"id": 128, "source": 256, "causationid": 128, "sequence": 64}.items():
        assert not accepts(**{attribute: "x" * (length + 1)}), attribute
    assert not any(accepts(**{attribute: ""}) for attribute in ("id", "source", "causationid"))
    assert accepts(b"s" * 128, subject="s" * 128)
    assert not accepts(b"s" * 129, subject="s" * 129)
    assert not accepts(b"", subject="")
    assert accepts(data={"queue": "q" * 128})
    assert not accepts(data={"queue": "q" * 129})
    assert not accepts(data={"queue": ""})


def test_a_message_may_be_as_large_as_python_takes_it() -> None:
    value = json.dumps(wire()).encode()
    most = Message("ringside.calls", b"call-1", value.ljust(MAX_BYTES))
    assert is_accepted(most)
    assert not is_accepted(msgspec.structs.replace(most, value=value.ljust(MAX_BYTES + 1)))


@pytest.mark.parametrize("missing", ["id", "source", "subject", "type", "time", "data"])
def test_what_lacks_an_attribute_is_left(missing: str) -> None:
    assert not accepts(**{missing: ...})


def test_attributes_come_in_any_order_but_the_type_before_the_data() -> None:
    good = wire()
    for name in ("id", "time", "type", "data"):
        last = {other: good[other] for other in good if other != name} | {name: good[name]}
        message = Message("ringside.calls", b"call-1", json.dumps(last).encode())
        assert is_accepted(message) == (name != "type"), name


def test_extensions_are_passed_over_if_they_are_texts() -> None:
    assert accepts(datacontenttype="application/json", traceparent="00-ab-cd-01", data_base64="")
    assert not any(accepts(extra=value) for value in (1, None, True, [], {}, "\n", "é"))


@pytest.mark.parametrize("sequence", ["9", "10", "0", "a-1", 7, 0, 10**17, "00000000000000000009"])
def test_a_sequence_is_made_to_sort(sequence: str | int) -> None:
    assert accepts(sequence=sequence)


@pytest.mark.parametrize("type_", [one for one in TYPES if one.endswith("retracted")])
def test_what_takes_back_and_does_not_say_which_is_left(type_: str) -> None:
    assert is_accepted(message_of(type_, {}))
    assert not is_accepted(message_of(type_, {}, causationid=...))


def test_headers_are_passed_over_unless_they_are_attributes() -> None:
    message = message_of("call.held", {})
    for headers, is_read in {
        (("content-type", b"application/cloudevents+json"), ("traceparent", b"x")): True,
        (("x", None),): True,
        (("ce_type", b"call.held"),): False,
        (("x", b"y"), ("ce_id", b"1")): False,
    }.items():
        assert is_accepted(msgspec.structs.replace(message, headers=headers)) == is_read
        assert is_accepted(msgspec.structs.replace(message, headers=list(headers))) == is_read


@pytest.mark.parametrize("value", [None, b"", b"{}", b"{", b"null", b"[]", b'"', bytearray(b"{}")])
def test_what_is_no_event_is_left(value: bytes | None) -> None:
    assert not is_accepted(Message("ringside.calls", b"call-1", value))


def test_many_records_are_read_in_their_order_and_python_reads_what_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    topic = "ringside.calls"
    messages = [
        message_of("call.offered", {"queue": "loans", "customer": "+84901234567"}),
        Message(topic, b"call-1", b"no JSON"),
        message_of("call.offered", {"queue": "vay vốn"}),
        Message(topic, b"call-1", None),
        message_of("call.held", {"leg": 2}),
        Message(topic, b"another", b"{}"),
    ]
    alone = [decode_record(one, topic, NOW_AT, TOKENISER) for one in messages]
    assert decode_records(messages, topic, NOW_AT, TOKENISER) == alone
    monkeypatch.setattr(codec, "fast", None)
    assert decode_records(messages, topic, NOW_AT, TOKENISER) == alone


def test_texts_that_come_again_are_the_same_objects_and_facts_too() -> None:
    first, second = (
        fast_codec.accept(
            message_of("call.answered", {"rep": "linh"}, id=id_),
            "ringside.calls",
            NOW_AT,
            TOKENISER,
        )
        for id_ in ("1", "2")
    )
    assert (first.id, second.id) == ("1", "2")
    assert first.subject is second.subject
    assert first.source is second.source
    assert first.data is second.data
    assert first.type is next(type_ for type_ in TYPES if type_ == "call.answered")


def test_a_customer_is_told_by_a_token_and_shared_with_nobody() -> None:
    message = message_of("call.offered", {"queue": "loans", "customer": "+84901234567"})
    first, second = (fast_codec.accept(message, message.topic, NOW_AT, TOKENISER) for _ in range(2))
    assert first.data.customer == TOKENISER.token("+84901234567")
    assert first.data is not second.data


class Nested(msgspec.Struct):
    inner: dict[str, int]


class Listed(msgspec.Struct):
    names: list[str]


class Unbounded(msgspec.Struct):
    count: int


class Tagged(msgspec.Struct, tag="x"):
    name: str


class ByName(msgspec.Struct, kw_only=True):
    name: str


class Either(msgspec.Struct):
    value: str | int


@pytest.mark.parametrize("data", [Nested, Listed, Unbounded, Tagged, ByName, Either])
def test_a_type_of_another_kind_gets_no_plan(data: type[msgspec.Struct]) -> None:
    with pytest.raises((TypeError, ValueError)):
        fast_facts.Plan("x", data, "topic", None, has_customer=False, needs_cause=False)
