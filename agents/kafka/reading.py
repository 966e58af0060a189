"""Read a topic from some offsets to the end that it has now, with librdkafka."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from agents import clock
from agents.errors import BrokerError, TopicsError
from agents.kafka.admin import REQUEST_SECONDS, patiently, reason
from schemas.codec import Message

_BATCH = 1000
_POLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Record:
    """A record and where it stands in its topic."""

    message: Message
    partition: int
    offset: int


def ends(consumer: Consumer, topic: str) -> dict[int, tuple[int, int]]:
    """Return the first offset of each partition, and the one after its last.

    Raises:
        TopicsError: there is no such topic.
        BrokerError: the broker does not answer.
    """
    try:
        found = consumer.list_topics(topic, timeout=REQUEST_SECONDS).topics[topic]
        if found.error is not None:
            raise TopicsError(f"topic {topic} does not exist. Run `ringside topics apply`")
        places = [TopicPartition(topic, partition) for partition in found.partitions]
        return {
            place.partition: patiently(
                partial(consumer.get_watermark_offsets, place, timeout=REQUEST_SECONDS)
            )
            for place in places
        }
    except KafkaException as error:
        raise BrokerError(f"Kafka does not answer about {topic}: {reason(error)}") from None


def read_to_end(
    consumer: Consumer, topic: str, starts: Mapping[int, int] | None = None
) -> Iterator[Record]:
    """Yield what *topic* holds, from *starts* (left out: the first) to its end at this moment.

    Raises:
        BrokerError: nothing came for REQUEST_SECONDS, though there is more.
    """
    left = _unread(ends(consumer, topic), starts or {})
    partitions = [TopicPartition(topic, number, start) for number, (start, _) in left.items()]
    if not partitions:
        return
    consumer.assign(partitions)
    heard_at = clock.monotonic()
    while left:
        for raw in consumer.consume(_BATCH, timeout=_POLL_SECONDS):
            number, fault = raw.partition(), raw.error()
            if fault is not None:
                _raise_unless_end(topic, fault)
                left.pop(number, None)
                continue
            heard_at = clock.monotonic()
            offset = raw.offset()
            if number in left and offset < left[number][1]:
                yield Record(_message(raw), number, offset)
            if number in left and offset >= left[number][1] - 1:
                del left[number]
        if clock.monotonic() > heard_at + REQUEST_SECONDS:
            raise BrokerError(f"Kafka stopped answering while {topic} was read; run it again")


def _unread(
    watermarks: Mapping[int, tuple[int, int]], starts: Mapping[int, int]
) -> dict[int, tuple[int, int]]:
    """Return for each partition that has more to read where to begin and where to end."""
    spans = {
        partition: (max(first, starts.get(partition, first)), end)
        for partition, (first, end) in watermarks.items()
    }
    return {partition: span for partition, span in spans.items() if span[0] < span[1]}


def _raise_unless_end(topic: str, error: Any) -> None:  # noqa: ANN401 - KafkaError is untyped
    if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public constants
        return
    raise BrokerError(f"reading {topic} failed: {error.str()}")


def _message(raw: Any) -> Message:  # noqa: ANN401 - confluent_kafka.Message is untyped
    return Message(raw.topic(), raw.key(), raw.value(), tuple(raw.headers() or ()))
