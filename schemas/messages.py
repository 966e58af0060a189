"""What a message is on its way through the codec, and why one is refused."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

from schemas.erasures import Erasure
from schemas.events import Event

MAX_BYTES = 65_536

Headers = Sequence[tuple[str, bytes | None]]
"""Kafka's headers; a header may have no value."""


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


class Message(msgspec.Struct, frozen=True, gc=False):
    """What of a Kafka record matters here: its topic, key, value and headers."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
