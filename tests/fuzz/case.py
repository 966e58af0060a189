"""A fuzzing case: a Kafka record as one string of bytes, which any fuzzer can cut and splice."""

from collections.abc import Sequence

import msgspec

from schemas.codec import Message
from schemas.topics import SOURCES

_CUT = b"\n--\n"
_TOPICS = [topic.name for topic in SOURCES]


class _Envelope(msgspec.Struct):
    subject: str


_envelope = msgspec.json.Decoder(_Envelope)


def pack(
    topic: str, value: bytes, headers: Sequence[tuple[str, bytes]] = (), key: bytes = b""
) -> bytes:
    """Return the case of a record; without a key it has the right one."""
    lines = [name.encode() + b":" + text for name, text in headers]
    return _CUT.join([bytes([_TOPICS.index(topic)]) + key, value, *lines])


def unpack(case: bytes) -> Message:
    """Return the record that a case stands for. Any bytes are a case."""
    head, *rest = case.split(_CUT)
    topic = _TOPICS[head[0] % len(_TOPICS)] if head else _TOPICS[0]
    value = rest[0] if rest else None
    headers = []
    for line in rest[1:]:
        name, colon, text = line.partition(b":")
        # Kafka's clients hand over names as text; a header may have no value.
        headers.append((name.decode("utf-8", "replace"), text if colon else None))
    return Message(topic, head[1:] or _right_key(value, headers), value, tuple(headers))


def _right_key(value: bytes | None, headers: Sequence[tuple[str, bytes | None]]) -> bytes | None:
    for name, text in headers:
        if name == "ce_subject":
            return text
    try:
        return _envelope.decode(value or b"").subject.encode("utf-8", "replace")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
