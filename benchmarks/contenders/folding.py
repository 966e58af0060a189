"""The folds of a whole worker without Kafka: fed from a file, checkpointed by event time."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from zlib import crc32

from agents import clock
from agents.settings import Settings
from benchmarks.settings import PARTITIONS, settings_for
from schemas.codec import Message, Rejected, decode
from schemas.topics import SOURCES, Topic
from streams.changes import Changes
from streams.fold import Fold
from streams.ledger import Ledger
from streams.quarters import Parts
from streams.snapshot import Entity, PaneKey

_PART_ENTITIES = 10_000


def folds_of(topics: Iterable[Topic], settings: Settings) -> dict[tuple[str, int], Fold]:
    """Return a fold for each partition of these topics, by both; nothing is counted yet."""
    return {
        (topic.name, partition): Fold(
            topic.name,
            partition,
            ledger=Ledger(1),
            lateness_seconds=settings.lateness_of(topic.name),
        )
        for topic in topics
        for partition in range(PARTITIONS)
    }


class Folding:
    """Four shards, each with a fold for every topic of the sources."""

    def __init__(self) -> None:
        settings = settings_for("127.0.0.1:9", "folding")
        self.folds = folds_of(SOURCES, settings)
        self.events = 0
        self._tokeniser = settings.tokeniser()

    def checkpoints(
        self, path: Path, *, every_seconds: float
    ) -> Iterator[dict[int, list[Changes]]]:
        """Fold a file and yield, at each checkpoint, what changed, by shard.

        What is over is let go of after each, as by a worker that has written it.
        """
        checkpoint_at = 0.0
        for message in read(path):
            at = self._take(message)
            if at >= checkpoint_at:
                yield self._changes()
                checkpoint_at = at + every_seconds
        yield self._changes()

    def _take(self, message: Message) -> float:
        event = decode(message, now=clock.now(), tokeniser=self._tokeniser)
        assert not isinstance(event, Rejected), event
        fold = self.folds[message.topic, crc32(message.key or b"") % PARTITIONS]
        assert fold.apply(event, fold.ledger.next_offset) is None
        self.events += 1
        return event.at

    def _changes(self) -> dict[int, list[Changes]]:
        by_shard: dict[int, list[Changes]] = {}
        for (_, partition), fold in self.folds.items():
            changes = fold.take_changes()
            if changes is not None:
                by_shard.setdefault(partition, []).append(changes)
                fold.release(changes.ledger.next_offset)
        return by_shard


def compacted(fold: Fold) -> Iterator[Changes]:
    """Yield, in parts, what compaction leaves of all that a worker wrote about a partition."""
    panes: dict[PaneKey, Parts | None] = {
        PaneKey(start, dims): quarter.parts(dims)
        for start, quarter in fold.grains.quarters.slots.items()
        for dims in quarter.dims
    }
    keys = iter(fold.entities)
    while some := list(islice(keys, _PART_ENTITIES)):
        entities: dict[str, Entity | None] = {key: fold.entities[key] for key in some}
        yield Changes(fold.topic, fold.partition, fold.ledger, entities, panes, [], 0, [])
        panes = {}
    yield Changes(fold.topic, fold.partition, fold.ledger, {}, panes, [], 0, [])


def write(path: Path, messages: Iterator[Message]) -> int:
    """Write a file that `read` reads; return how many messages are in it."""
    count = 0
    with path.open("wb") as file:
        for message in messages:
            # JSON holds no tabs nor line breaks but as escapes, and neither do our ids.
            fields = (message.topic.encode(), message.key or b"", message.value or b"")
            file.write(b"\t".join(fields) + b"\n")
            count += 1
    return count


def read(path: Path) -> Iterator[Message]:
    """Yield the messages of a file, one at a time."""
    with path.open("rb") as file:
        for line in file:
            topic, key, value = line.rstrip(b"\n").split(b"\t")
            yield Message(topic.decode(), key, value)
