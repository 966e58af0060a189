"""Fold the source topics into a state of its own, while live traffic goes on.

It is an installation of another name: with changelogs of its own, so that it is interrupted and
resumed as a worker is, and with tables of its own. It joins no group and commits no offset.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any, Protocol

from confluent_kafka import Consumer, KafkaError, TopicPartition
from confluent_kafka.admin import AdminClient

from agents import clock
from agents.changelog import Changelog
from agents.errors import BrokerError
from agents.kafka import config, topics
from agents.kafka.admin import REQUEST_SECONDS
from agents.kafka.deadletters import from_record
from agents.kafka.reading import ends, read_to_end
from agents.settings import Settings
from agents.state import ChangelogTopics, Restorer, to_records
from schemas.codec import Message, Reason, Rejected
from schemas.decoding import TOGETHER, decode_folded
from schemas.topics import DEAD_LETTERS, FOLDED
from streams.fold import Fold
from streams.snapshot import Snapshot

BATCH_RECORDS = 10_000
_POLL_SECONDS = 0.2
_CLOCK_DECIDED = frozenset({str(Reason.TIME_IN_FUTURE), str(Reason.TOO_LATE)})

Place = tuple[str, int]
Refused = Mapping[Place, Mapping[int, Reason]]
Report = Callable[[int, int], None]
"""Is told how many messages are folded, and how many there are."""


class Rows(Protocol):
    """Where the rows go: agents.replay.tables, or a list in a test."""

    def write(self, snapshots: list[Snapshot]) -> None:
        """Write all of them; returns once they are there."""

    def reached(self) -> Mapping[Place, int]:
        """Return up to which offset they are there, by topic and partition."""


def replay_settings(settings: Settings) -> Settings:
    """Return the settings of the installation in which the replay keeps its state."""
    return settings.model_copy(update={"app_id": f"{settings.app_id}-replay"})


def refused_by_the_clock(settings: Settings) -> dict[Place, dict[int, Reason]]:
    """Return which messages the live workers refused for what their clock said.

    Whether a message comes from the future, or too late after a quiet hour, cannot be told from the
    log alone; what was decided then is what the dead letters say.
    """
    found: dict[Place, dict[int, Reason]] = {}
    consumer = Consumer(config.consumer(settings, f"{settings.app_id}-replay"))
    with closing(consumer):
        for record in read_to_end(consumer, DEAD_LETTERS.name):
            letter = from_record(record.message)
            if letter is None or letter.reason not in _CLOCK_DECIDED:
                continue
            origin = letter.origin
            place = found.setdefault((origin.topic, origin.partition), {})
            place[origin.offset] = Reason(letter.reason)
    return found


def build(
    settings: Settings, admin: AdminClient, rows: Rows, *, epoch: int, report: Report
) -> dict[Place, int]:
    """Fold all there is now; return up to which offset, by topic and partition. Resumes.

    Raises:
        BrokerError: Kafka stopped answering; run it again, it goes on where it was.
    """
    own = replay_settings(settings)
    plan = topics.compare(admin, own)
    topics.apply(admin, own, plan, alter=False)
    refused = refused_by_the_clock(settings)
    reached: dict[Place, int] = {}
    for shard in range(settings.partitions):
        builder = _Shard(settings, own, shard, rows, epoch)
        builder.run(refused, report)
        reached |= builder.reached
    return reached


class _Shard:
    """One shard: partition *i* of every source topic."""

    def __init__(
        self, settings: Settings, own: Settings, shard: int, rows: Rows, epoch: int
    ) -> None:
        self._settings, self._own, self._shard = settings, own, shard
        self._rows = rows
        self._topics = ChangelogTopics(own.app_id)
        self._changelog = Changelog(own, shard)
        self._tokeniser = settings.tokeniser()
        restorer = Restorer(
            shard, lateness_of=settings.lateness_of, epoch=epoch, tokeniser=self._tokeniser
        )
        self._changelog.open()
        for entries in self._changelog.read():
            restorer.add(entries)
        self._folds: dict[str, Fold] = dict(restorer.finish())

    @property
    def reached(self) -> dict[Place, int]:
        """The first offset that is not folded, of each topic."""
        return {
            (topic, self._shard): fold.ledger.next_offset for topic, fold in self._folds.items()
        }

    def run(self, refused: Refused, report: Report) -> None:
        """Fold until nothing is left of what there was at the beginning."""
        # Rows of a run that was interrupted between its changelog and its tables.
        there = self._rows.reached()
        behind = (
            topic for topic in self._folds if there.get((topic, self._shard)) != self._next(topic)
        )
        self._rows.write([self._folds[topic].whole() for topic in behind if self._next(topic)])
        consumer = Consumer(config.consumer(self._settings, self._own.app_id))
        with closing(consumer):
            left = self._left(consumer)
            total = sum(end - self._next(topic) for topic, end in left.items())
            done = 0
            consumer.assign(
                [TopicPartition(topic, self._shard, self._next(topic)) for topic in left]
            )
            for messages in _fetched(consumer, left):
                for topic, some in _together(messages):
                    self._fold(topic, some, refused.get((topic, self._shard), {}))
                self._keep()
                done += len(messages)
                report(done, total)
        self._changelog.close()

    def _next(self, topic: str) -> int:
        return self._folds[topic].ledger.next_offset

    def _left(self, consumer: Consumer) -> dict[str, int]:
        """Return the topics in which there is more, and where it ends."""
        found = {}
        for topic in FOLDED:
            first, end = ends(consumer, topic.name)[self._shard]
            if max(first, self._next(topic.name)) < end:
                found[topic.name] = end
        return found

    def _fold(self, topic: str, messages: Sequence[Any], refused: Mapping[int, Reason]) -> None:
        """Fold some messages of a topic, but those that the live worker's clock refused."""
        fold = self._folds[topic]
        new = [raw for raw in messages if raw.offset() >= fold.ledger.next_offset]
        offsets = [raw.offset() for raw in new]
        records = [
            Message(topic, raw.key(), raw.value(), tuple(raw.headers() or ())) for raw in new
        ]
        events = decode_folded(records, topic, clock.now(), self._tokeniser)
        reasons = map(refused.get, offsets)
        fold.take(
            [
                event if reason is None else Rejected(reason, "$.time")
                for event, reason in zip(events, reasons, strict=True)
            ],
            offsets,
        )

    def _keep(self) -> None:
        """Write what changed: first the state, so that rows are never ahead of it."""
        # What partitions tell each other was told by the live workers; it is read, not told again.
        changes = [change for fold in self._folds.values() if (change := fold.take_changes())]
        self._changelog.write(to_records(changes, self._topics, self._shard))
        self._rows.write([change.snapshot for change in changes])
        for change in changes:
            self._folds[change.topic].release(change.ledger.next_offset)


def _together(messages: Iterable[Any]) -> Iterator[tuple[str, list[Any]]]:
    """Yield the messages topic by topic, so many as are to be decoded, then folded."""
    by_topic: dict[str, list[Any]] = {}
    for raw in messages:
        by_topic.setdefault(raw.topic(), []).append(raw)
    for topic, there in by_topic.items():
        for first in range(0, len(there), TOGETHER):
            yield topic, there[first : first + TOGETHER]


def _fetched(consumer: Consumer, left: dict[str, int]) -> Iterator[list[Any]]:
    """Yield lists of messages until the end of each topic is passed."""
    heard_at = clock.monotonic()
    waiting = dict(left)
    while waiting:
        messages = []
        for raw in consumer.consume(BATCH_RECORDS, _POLL_SECONDS):
            heard_at = clock.monotonic()
            if raw.error() is None:
                messages.append(raw)
            elif raw.error().code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public constant
                waiting.pop(raw.topic(), None)
            else:
                raise BrokerError(f"the source topics cannot be read: {raw.error()}")
        if messages:
            yield messages
        _pass(consumer, waiting)
        if clock.monotonic() > heard_at + REQUEST_SECONDS:
            raise BrokerError("Kafka stopped answering while it was replayed; run it again")


def _pass(consumer: Consumer, waiting: dict[str, int]) -> None:
    """Strike out the topics whose end was reached; the last offsets may hold no message."""
    for place in _positions(consumer.position(consumer.assignment())):
        end = waiting.get(place.topic)
        if end is not None and place.offset >= end:
            del waiting[place.topic]


def _positions(places: Iterable[TopicPartition]) -> Iterator[TopicPartition]:
    return (place for place in places if place.offset >= 0)
