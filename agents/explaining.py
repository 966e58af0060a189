"""Why a number is what it is: what is stored, and what the log says when it is folded again."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from confluent_kafka import Consumer

from agents.kafka import config
from agents.kafka.ranges import read_range
from agents.kafka.reading import ends
from agents.postgres.explained import Reference
from agents.settings import Settings
from schemas.codec import Decoded, decode_record
from schemas.customers import Tokeniser
from schemas.notes import Notes, decode_notes
from schemas.topics import CUSTOMERS
from streams.explanation import Part, Question, added_up, parts
from streams.facts import Amount
from streams.ghosts import GhostLimits

_NO_KEY = Tokeniser(b"no number matters here")
"""Whose call it is adds to no number, so the customers' key is not needed."""


@dataclass(frozen=True, slots=True)
class Span:
    """What was read of one partition: [read_from, read_to), of what should have been."""

    reference: Reference
    read_from: int
    read_to: int
    log_begins_at: int

    @property
    def removed(self) -> int:
        """How many offsets of the part that made the number retention has removed."""
        first = self.reference.first_offset or 0
        return max(0, min(self.log_begins_at, self.reference.last_offset) - first)


@dataclass(slots=True)
class Explanation:
    """What is stored of a number, and what of it the log still tells."""

    question: Question
    stored: dict[str, Amount]
    parts: list[Part] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)

    @property
    def found(self) -> dict[str, Amount]:
        """What the parts add up to, by term."""
        return added_up(self.parts)

    @property
    def is_whole(self) -> bool:
        """Whether the log gives what is stored."""
        found = self.found
        return found.keys() == self.stored.keys() and all(
            abs(found[name] - amount) < 1e-6 for name, amount in self.stored.items()
        )

    @property
    def removed(self) -> int:
        """How many offsets retention has removed, over all partitions."""
        return sum(span.removed for span in self.spans)


def explain(
    settings: Settings,
    question: Question,
    stored: dict[str, Amount],
    references: Sequence[Reference],
    ghost_limits: GhostLimits,
) -> Explanation:
    """Fold again what the references name, and if that is not all, from the log's beginning.

    What came to an entity before its first fact (a rep's state of the day before, an answer that
    was told before the call) lies before the reference.

    Raises:
        BrokerError: Kafka does not answer.
    """
    consumer = Consumer(config.consumer(settings, f"{settings.app_id}-explain"))
    try:
        fold = partial(_folded, settings, question, consumer, ghost_limits)
        told = Explanation(question, stored)
        for is_far in (False, True):
            told.parts, told.spans = [], []
            for reference in references:
                fold(told, reference, is_far)
            if told.is_whole:
                break
    finally:
        consumer.close()
    return told


def _folded(  # noqa: PLR0913, PLR0917 - bound in one place
    settings: Settings,
    question: Question,
    consumer: Consumer,
    ghost_limits: GhostLimits,
    told: Explanation,
    reference: Reference,
    is_far: bool,  # noqa: FBT001 - a loop's variable
) -> None:
    topic, partition = reference.topic, reference.partition
    begin, end = ends(consumer, topic)[partition]
    first = begin if is_far else max(begin, reference.first_offset or 0)
    last = min(end, reference.last_offset)
    told.spans.append(Span(reference, first, last, begin))
    told.parts += parts(
        question,
        topic,
        _messages(consumer, topic, partition, first, last),
        lateness_seconds=settings.lateness_of(topic),
        ghost_limits=ghost_limits,
    )


def _messages(
    consumer: Consumer, topic: str, partition: int, first: int, last: int
) -> Iterator[tuple[Decoded | Notes, int]]:
    decode: Callable[..., Decoded | Notes]
    decode = decode_notes if topic == CUSTOMERS.name else decode_record
    for read in read_range(consumer, topic, partition, first, last):
        # By the clock of when it was written: a little before the worker's when it counted it.
        yield decode(read.message, topic, read.written_at, _NO_KEY), read.offset
