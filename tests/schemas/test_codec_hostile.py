"""Whatever the bytes: decode never raises, and a refusal never quotes what it refused."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codec import Message, Reason, Rejected, decode, encode
from schemas.customers import Tokeniser
from schemas.events import Event
from schemas.topics import SOURCES
from tests.schemas.event_strategies import NOW_AT, events, topic_of

TOKENISER = Tokeniser(b"a key of sixteen")
SECRET = "84901234567"
# `[...]` or an index: which entry of a list, as in "$.data.moves[0].at".
PLACE = re.compile(r"(\$(\.[a-z_]+(\[(\d+|\.\.\.)\])?){0,3})?")

topics = st.sampled_from([topic.name for topic in SOURCES])
header_names = st.sampled_from(
    ["ce_type", "ce_id", "ce_time", "ce_source", "ce_subject", "ce_x", "content-type", "x"]
)
header_values = st.one_of(
    st.none(),
    st.binary(max_size=20),
    st.sampled_from([b"call.offered", b"deal.won", b"2026-09-01T09:59:00Z", b"1"]),
)


def check(outcome: Event | Rejected) -> None:
    if isinstance(outcome, Rejected):
        assert outcome.reason in Reason
        assert PLACE.fullmatch(outcome.where), outcome.where
        assert SECRET not in outcome.where


@settings(max_examples=80, derandomize=True, deadline=None)
@given(
    topics,
    st.none() | st.binary(max_size=20),
    st.none() | st.binary(max_size=200),
    st.lists(st.tuples(header_names, header_values), max_size=8),
)
def test_arbitrary_bytes_never_raise(
    topic: str, key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes | None]]
) -> None:
    check(decode(Message(topic, key, value, headers), now=NOW_AT, tokeniser=TOKENISER))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=80, derandomize=True, deadline=None)
@given(events(), st.data())
def test_events_with_any_value_in_any_place_never_raise(event: Event, data: st.DataObject) -> None:
    wire = json.loads(encode(event))
    part = wire["data"] if data.draw(st.booleans()) else wire
    name = data.draw(st.sampled_from([*part, "extra", f"x - at `$.{SECRET}", f"+{SECRET}"]))
    part[name] = data.draw(json_values | st.just(SECRET))
    value = json.dumps(wire).encode()
    message = Message(topic_of(event), event.subject.encode(), value)
    check(decode(message, now=NOW_AT, tokeniser=TOKENISER))


@settings(max_examples=80, derandomize=True, deadline=None)
@given(events(), st.integers(0), st.binary(max_size=4), st.integers(0, 4))
def test_events_with_bytes_cut_out_and_put_in_never_raise(
    event: Event, at: int, inserted: bytes, cut: int
) -> None:
    value = encode(event)
    at %= len(value)
    value = value[:at] + inserted + value[at + cut :]
    message = Message(topic_of(event), event.subject.encode(), value)
    check(decode(message, now=NOW_AT, tokeniser=TOKENISER))


@pytest.mark.parametrize(
    "field",
    [
        f"+{SECRET}",
        f"x - at `+{SECRET}",
        f"x - at `$.{SECRET}",
        f"x - at `$.{SECRET}`",
        f"$.{SECRET}`",
    ],
)
def test_a_field_named_like_a_number_does_not_get_into_the_reason(field: str) -> None:
    data = {"queue": "loans", field: 1}
    attributes = {"id": "1", "source": "s", "subject": "c", "time": "2026-09-01T09:59:00Z"}
    wire = {**attributes, "type": "call.offered", "data": data}
    headers = [(f"ce_{name}", text.encode()) for name, text in attributes.items()]
    headers.append(("ce_type", b"call.offered"))
    structured = Message("ringside.calls", b"c", json.dumps(wire).encode())
    binary = Message("ringside.calls", b"c", json.dumps(data).encode(), headers)
    for message in (structured, binary):
        outcome = decode(message, now=NOW_AT, tokeniser=TOKENISER)
        assert outcome == Rejected(Reason.INVALID, "$.data")


def test_a_type_named_like_a_number_does_not_get_into_the_reason() -> None:
    wire = {"type": f"x - at `$.{SECRET}", "id": "1", "source": "s", "subject": "c", "data": {}}
    message = Message("ringside.calls", b"c", json.dumps(wire).encode())
    outcome = decode(message, now=NOW_AT, tokeniser=TOKENISER)
    assert outcome == Rejected(Reason.UNKNOWN_TYPE, "$.type")
