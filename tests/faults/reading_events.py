"""Which messages are events, by rules written down here once more, in plain Python.

It knows the types that the fault tests send; a message of another type is no event to it.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import NamedTuple

from tests.faults.source_log import Produced

MAX_BYTES = 65_536
MAX_AHEAD_SECONDS = 300.0
EARLIEST_AT = datetime(2000, 1, 1, tzinfo=UTC).timestamp()

TYPES: dict[str, tuple[str, dict[str, type], dict[str, type]]] = {
    "call.offered": ("ringside.calls", {"queue": str}, {"customer": str, "leg": int}),
    "call.answered": ("ringside.calls", {"rep": str}, {"leg": int}),
    "call.abandoned": ("ringside.calls", {}, {"leg": int}),
    "call.ended": ("ringside.calls", {}, {"leg": int}),
    "activity.logged": (
        "ringside.activities",
        {"rep": str, "kind": str},
        {"customer": str},
    ),
    "meeting.booked": ("ringside.meetings", {"rep": str, "starts_at": str}, {"customer": str}),
    "meeting.held": ("ringside.meetings", {}, {}),
}
"""By type: its topic, the fields that it must have, and those that it may have."""


class Told(NamedTuple):
    """An event, as far as the oracle needs it."""

    topic: str
    partition: int
    id: str
    type: str
    subject: str
    at: float
    queue: str
    rep: str


class NotAnEventError(Exception):
    """The message is none."""


def read_event(message: Produced) -> Told | None:
    """Return the event that a message holds, or None."""
    try:
        return _read(message)
    except (NotAnEventError, ValueError, RecursionError, OverflowError):
        return None


def _read(message: Produced) -> Told:
    value = message.value
    _must(value is not None and len(value) <= MAX_BYTES)
    told = json.loads(value.decode(), parse_constant=_no_number)
    _must(isinstance(told, dict))
    for name in ("id", "source", "subject", "type", "time"):
        _must_be_text(told.get(name))
    _must(told["type"] in TYPES and message.key == told["subject"].encode())
    topic, needed, optional = TYPES[told["type"]]
    data = told.get("data")
    _must(message.topic == topic and isinstance(data, dict))
    # What is null says nothing, whatever its name.
    given = {name: field for name, field in data.items() if field is not None}
    _must(needed.keys() <= given.keys() <= needed.keys() | optional.keys())
    for name, field in given.items():
        _must_be((needed | optional)[name], field)
    at = datetime.fromisoformat(told["time"])
    _must(at.tzinfo is not None)
    _must(EARLIEST_AT <= at.timestamp() <= message.written_at + MAX_AHEAD_SECONDS)
    return Told(
        message.topic,
        message.partition,
        f"{told['source']} {told['id']}",
        told["type"],
        told["subject"],
        at.timestamp(),
        data.get("queue", ""),
        data.get("rep", ""),
    )


def _must(condition: bool) -> None:
    if not condition:
        raise NotAnEventError


def _must_be_text(text: object) -> None:
    # A lone surrogate cannot be encoded: a UnicodeEncodeError is a ValueError.
    _must(isinstance(text, str) and 0 < len(text.encode()) <= 256 and text.isprintable())


def _must_be(type_: type, value: object) -> None:
    if type_ is str:
        _must_be_text(value)
    else:
        _must(type(value) is type_ and 1 <= value <= 99)


def _no_number(name: str) -> float:
    raise NotAnEventError(name)
