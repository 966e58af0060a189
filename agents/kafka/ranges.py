"""Read a part of one partition back: from an offset to another, as far as the log has it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from confluent_kafka import Consumer, KafkaError, TopicPartition

from agents import clock
from agents.errors import BrokerError
from agents.kafka.admin import REQUEST_SECONDS
from schemas.codec import Message

_BATCH = 1000
_POLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Read:
    """A record, its offset, and when it was written (seconds since 1970)."""

    message: Message
    offset: int
    written_at: float


def read_range(
    consumer: Consumer, topic: str, partition: int, start: int, end: int
) -> Iterator[Read]:
    """Yield the records with start <= offset < end, or up to the end of the log.

    Raises:
        BrokerError: nothing came for REQUEST_SECONDS, though there is more.
    """
    if start >= end:
        return
    consumer.assign([TopicPartition(topic, partition, start)])
    heard_at = clock.monotonic()
    while clock.monotonic() <= heard_at + REQUEST_SECONDS:
        for raw in consumer.consume(_BATCH, timeout=_POLL_SECONDS):
            fault = raw.error()
            if fault is not None:
                if fault.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - public in its docs
                    return
                raise BrokerError(f"reading {topic} failed: {fault.str()}")
            heard_at = clock.monotonic()
            if raw.offset() >= end:
                return
            yield _read(raw)
    raise BrokerError(f"Kafka stopped answering while {topic} was read; run it again")


def _read(raw: Any) -> Read:  # noqa: ANN401 - confluent_kafka.Message is untyped
    message = Message(raw.topic(), raw.key(), raw.value(), tuple(raw.headers() or ()))
    return Read(message, raw.offset(), raw.timestamp()[1] / 1000)
