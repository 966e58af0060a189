"""The dead-letter record: the refused message byte for byte, and in headers why and where from."""

import math
from dataclasses import dataclass

from schemas.codec import Message, Rejected
from schemas.topics import DEAD_LETTERS

_NAMES = (
    "ringside-reason",
    "ringside-where",
    "ringside-topic",
    "ringside-partition",
    "ringside-offset",
    "ringside-at",
)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a message was read, and when it was refused (seconds since 1970)."""

    topic: str
    partition: int
    offset: int
    at: float


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A refused message: as it was, why, and where it stood."""

    message: Message
    reason: str
    where: str
    origin: Origin


def to_record(message: Message, rejected: Rejected, origin: Origin) -> Message:
    """Return the record for the dead-letter topic: same key, value and headers, and six more."""
    texts = (
        str(rejected.reason),
        rejected.where,
        origin.topic,
        str(origin.partition),
        str(origin.offset),
        f"{origin.at:.3f}",
    )
    mine = tuple((name, text.encode()) for name, text in zip(_NAMES, texts, strict=True))
    return Message(DEAD_LETTERS.name, message.key, message.value, (*message.headers, *mine))


def from_record(record: Message) -> DeadLetter | None:
    """Return what a record of the dead-letter topic holds; None if it is no dead letter.

    Only the last six headers count: a message that brought headers of the same names keeps them.
    """
    theirs, mine = record.headers[: -len(_NAMES)], record.headers[-len(_NAMES) :]
    if tuple(name for name, _ in mine) != _NAMES:
        return None
    try:
        reason, where, topic, partition, offset, at = ((text or b"").decode() for _, text in mine)
        origin = Origin(topic, int(partition), int(offset), float(at))
    except ValueError:  # a header that is no text, or no number
        return None
    if origin.partition < 0 or not math.isfinite(origin.at):
        return None
    message = Message(topic, record.key, record.value, tuple(theirs))
    return DeadLetter(message, reason, where, origin)
