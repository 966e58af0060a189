"""Send dead letters back to where they came from, each of them once.

Progress is kept in Kafka, as the committed offsets of a consumer group. A retry may be limited to
one reason or one topic, so an offset alone cannot say what is done: its metadata holds, for each
(reason, topic) that is further than the offset, how far it is.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from confluent_kafka import Consumer, KafkaException, TopicPartition

from agents.errors import BrokerError
from agents.kafka import reading
from agents.kafka.admin import REQUEST_SECONDS, patiently, reason
from agents.kafka.deadletters import DeadLetter, from_record
from agents.kafka.sending import Sender
from schemas.topics import DEAD_LETTERS, SOURCES

COMMIT_RECORDS = 1000
_SOURCES = frozenset(topic.name for topic in SOURCES)


def group(app_id: str) -> str:
    """Return the consumer group that holds what has been retried."""
    return f"{app_id}-deadletters-retry"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which dead letters are meant; None: whatever it is."""

    reason: str | None = None
    topic: str | None = None

    @property
    def is_everything(self) -> bool:
        """Whether no dead letter is left out."""
        return self.reason is None and self.topic is None

    def takes(self, letter: DeadLetter) -> bool:
        """Return whether *letter* is meant."""
        return self.reason in {None, letter.reason} and self.topic in {None, letter.origin.topic}


@dataclass(slots=True)
class Progress:
    """How far the retries of one partition are: everything before `offset`, and some beyond."""

    offset: int = 0
    beyond: dict[str, int] = field(default_factory=dict)

    def has(self, letter: DeadLetter, offset: int) -> bool:
        """Return whether the letter at *offset* has been retried."""
        return offset < max(self.offset, self.beyond.get(_kind(letter), 0))

    def pass_all(self, offset: int) -> None:
        """Everything up to and with *offset* is done."""
        self.offset = max(self.offset, offset + 1)
        self.beyond = {kind: end for kind, end in self.beyond.items() if end > self.offset}

    def pass_kind(self, letter: DeadLetter, offset: int) -> None:
        """Letters like this one are done up to and with *offset*."""
        kind = _kind(letter)
        self.beyond[kind] = max(self.beyond.get(kind, 0), offset + 1)

    def metadata(self) -> str:
        """Return what goes beside the offset. Kinds are few: reasons times source topics."""
        return json.dumps(self.beyond, separators=(",", ":")) if self.beyond else ""

    @classmethod
    def read(cls, offset: int, metadata: str | None) -> "Progress":
        """Return what `metadata` and its offset stand for; a negative offset is none yet."""
        beyond = json.loads(metadata) if metadata else {}
        return cls(max(offset, 0), {str(kind): int(end) for kind, end in beyond.items()})


def _kind(letter: DeadLetter) -> str:
    return f"{letter.reason} {letter.origin.topic}"


@dataclass(slots=True)
class Tally:
    """What a retry did."""

    sent: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By reason and topic."""
    strangers: int = 0
    """Dead letters of topics that are none of ours; they are left."""


def retry(consumer: Consumer, sender: Sender, wanted: Filter) -> Tally:
    """Republish what has not been retried yet, and commit that it has been.

    A message goes to its old partition with its old key, value and headers. What is refused again
    comes back as a new dead letter, after the end that this run reads to.

    Raises:
        DeliveryError: Kafka did not take something; what it took before is not sent again, or at
            most the last COMMIT_RECORDS are.
        BrokerError: the broker does not answer.
    """
    name = DEAD_LETTERS.name
    counts = {topic: len(reading.ends(consumer, topic)) for topic in sorted(_SOURCES)}
    progress = read_progress(consumer, list(reading.ends(consumer, name)))
    tally = Tally()
    starts = {number: done.offset for number, done in progress.items()}
    for seen, record in enumerate(reading.read_to_end(consumer, name, starts), 1):
        letter = from_record(record.message)
        done = progress[record.partition]
        if letter is not None and wanted.takes(letter):
            if not done.has(letter, record.offset):
                _resend(letter, sender, counts, tally)
            done.pass_kind(letter, record.offset)
        if wanted.is_everything:
            done.pass_all(record.offset)
        if seen % COMMIT_RECORDS == 0:
            sender.finish()
            commit(consumer, progress)
    sender.finish()
    commit(consumer, progress)
    return tally


def _resend(letter: DeadLetter, sender: Sender, counts: Mapping[str, int], tally: Tally) -> None:
    topic, partition = letter.origin.topic, letter.origin.partition
    if topic not in counts:
        tally.strangers += 1
        return
    # In its old partition its repeats are known; a topic made anew may have fewer.
    sender.send(letter.message, partition=partition if partition < counts[topic] else -1)
    tally.sent[letter.reason, topic] += 1


def read_progress(consumer: Consumer, partitions: list[int]) -> dict[int, Progress]:
    """Return how far each partition is."""
    asked = [TopicPartition(DEAD_LETTERS.name, number) for number in partitions]
    try:
        found = patiently(lambda: consumer.committed(asked, timeout=REQUEST_SECONDS))
    except KafkaException as error:
        raise BrokerError(f"Kafka does not say what was retried: {reason(error)}") from None
    return {place.partition: Progress.read(place.offset, place.metadata) for place in found}


def commit(consumer: Consumer, progress: Mapping[int, Progress]) -> None:
    """Keep how far each partition is."""
    places = [
        TopicPartition(DEAD_LETTERS.name, number, done.offset, done.metadata())
        for number, done in progress.items()
    ]
    try:
        patiently(lambda: consumer.commit(offsets=places, asynchronous=False))
    except KafkaException as error:
        raise BrokerError(
            f"Kafka did not keep what was retried: {reason(error)}. A next retry sends it again, "
            "which is harmless: repeats are recognised"
        ) from None
