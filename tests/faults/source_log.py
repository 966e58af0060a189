"""Read what was produced: every message of the source topics, from the first to the last."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from confluent_kafka import Consumer, Message, TopicPartition

from agents.kafka.admin import patiently

TOPICS = ("calls", "reps", "meetings", "deals", "activities")
"""Written down here once more, so that a topic that Ringside forgets is missed."""


class Produced(NamedTuple):
    """A message as Kafka keeps it. `written_at`: seconds since 1970, by its producer's clock."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    written_at: float

    @property
    def place(self) -> tuple[str, int, int]:
        """Where it stands: topic, partition, offset."""
        return self.topic, self.partition, self.offset


def read_log(bootstrap: str) -> list[Produced]:
    """Return all messages of the source topics, each partition's in its order."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": f"oracle-{secrets.token_hex(4)}",
            "enable.auto.commit": False,
            "log_level": 0,
        }
    )
    try:
        return sorted(_read(consumer), key=lambda one: one.place)
    finally:
        consumer.close()


def _read(consumer: Consumer) -> Iterator[Produced]:
    left = {}
    for topic in (f"ringside.{name}" for name in TOPICS):
        for partition in consumer.list_topics(topic, timeout=60).topics[topic].partitions:
            place = TopicPartition(topic, partition, 0)
            first, end = patiently(partial(consumer.get_watermark_offsets, place, timeout=30))
            assert first == 0, f"{topic}/{partition} has lost its beginning"
            if end:
                left[topic, partition] = end
    consumer.assign([TopicPartition(topic, partition, 0) for topic, partition in left])
    heard_at = time.monotonic()
    while left:
        assert time.monotonic() < heard_at + 30, f"silence at {left}"
        for message in consumer.consume(5000, 0.1):
            heard_at = time.monotonic()
            assert message.error() is None, message.error()
            one = _produced(message)
            end = left.get((one.topic, one.partition), 0)
            if one.offset < end:
                yield one
            if one.offset == end - 1:
                del left[one.topic, one.partition]


def _produced(message: Message) -> Produced:
    return Produced(
        message.topic(),
        message.partition(),
        message.offset(),
        message.key(),
        message.value(),
        tuple(message.headers() or ()),
        message.timestamp()[1] / 1000,
    )
