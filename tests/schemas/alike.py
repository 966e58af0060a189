"""One message decoded in both ways: by the compiled codec, if it will, and in Python."""

import json
from typing import Any

from schemas.codec import Message, decode_record
from schemas.events import TYPES
from schemas.topics import TOPIC_OF_TYPE
from tests.schemas.event_strategies import NOW_AT
from tests.schemas.wires import MINIMAL, TOKENISER, wire

SMALLEST: dict[str, dict[str, object]] = {
    **{type_: MINIMAL.get(type_, {}) for type_ in TYPES},
    "meeting.booked": {"rep": "linh", "starts_at": "2026-09-08T09:00:00Z"},
    "meeting.rescheduled": {"starts_at": "2026-09-08T09:00:00Z"},
}
"""Data of each type without its optional fields, and its instants in UTC."""


def is_accepted(message: Message, *, now: float = NOW_AT) -> bool:
    """Return whether the compiled codec reads a message itself.

    Raises:
        AssertionError: it reads another event than Python does, or one that Python refuses.
    """
    from schemas import fast_codec  # noqa: PLC0415 - it may be missing

    event = fast_codec.accept(message, message.topic, now, TOKENISER)
    if event is None:
        return False
    expected = decode_record(message, message.topic, now, TOKENISER)
    # 1 equals 1.0, and an instant the same one in another zone; as texts they differ.
    assert (event, repr(event)) == (expected, repr(expected)), message.value
    return True


def message_of(type_: str, data: dict[str, object], **attributes: object) -> Message:
    """Return a message about `call-1`, in the right topic."""
    if type_.endswith("retracted"):
        attributes = {"causationid": "id-0"} | attributes
    raw = json.dumps(wire(type=type_, data=data, **attributes)).encode()
    return Message(TOPIC_OF_TYPE[type_], b"call-1", raw)


def with_value(message: Message, field: str, text: str) -> Message:
    """Return the message with *text* as the value of a field, whatever that makes of its JSON."""
    parts: dict[str, Any] = json.loads(message.value or b"")
    parts["data"][field] = "PUT IT HERE"
    raw = json.dumps(parts).replace('"PUT IT HERE"', text).encode()
    return Message(message.topic, message.key, raw)
