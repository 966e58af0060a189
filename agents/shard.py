"""One shard: the state of partition *i* of all source topics, while this worker owns it."""

import asyncio
from typing import Protocol

from agents.changelog import Changelog, Record
from agents.settings import Settings
from streams.changes import Changes
from streams.fold import Fold
from streams.snapshot import Snapshot

BACKLOG_SECONDS = 10.0
"""Messages that have waited longer in Kafka are a backlog."""
CATCHING_UP_FACTOR = 5
"""How much longer a checkpoint may take while a backlog is folded."""
COMES_IN_SECONDS = 60.0
"""A topic without a folded message for longer is quiet: the age of its events means nothing."""


class Exporter(Protocol):
    """Where checkpointed snapshots go: agents.postgres.writer."""

    @property
    def is_full(self) -> bool:
        """Whether Postgres is so far behind that the worker should stop reading."""

    def put(self, snapshot: Snapshot) -> None:
        """Take what changed; it is written some time later."""

    def discard(self, topic: str, partition: int) -> None:
        """Drop waiting changes of a partition that another worker has taken over."""


class Shard:
    """One shard, while this worker owns it."""

    def __init__(self, index: int, changelog: Changelog) -> None:
        self.index = index
        self.changelog = changelog
        self.folds: dict[str, Fold] = {}
        self.dead_letters: list[Record] = []
        self.recovery_seconds = 0.0
        self.checkpointed_at = 0.0
        self.record_at: dict[str, float] = {}
        """When the last folded message of each topic was written to Kafka."""
        self.folded_at: dict[str, float] = {}
        """When a message of each topic was last folded, by the monotonic clock."""
        self.idled_at: dict[str, float] = {}
        self.passed_to: dict[str, int] = {}
        """Where the last folded batch of each topic ended, whether or not by a record."""
        self.unwritten: dict[str, Changes] = {}
        self.unwritten_letters: list[Record] = []
        """Changes that a checkpoint took and Kafka has not confirmed yet, by topic."""
        self.is_open = False
        self.fenced_at: float | None = None
        """When another worker took it over, by the monotonic clock."""
        self.checkpointing = asyncio.Lock()
        self.room = asyncio.Condition()

    @property
    def dirty_count(self) -> int:
        """How many records the next checkpoint would write, at most."""
        return (
            len(self.dead_letters)
            + len(self.unwritten_letters)
            + sum(fold.dirty_count for fold in self.folds.values())
            + sum(changes.size for changes in self.unwritten.values())
        )

    def read_to(self, topic: str) -> int:
        """Return the first offset that is not folded, and may hold a record."""
        return max(self.folds[topic].ledger.next_offset, self.passed_to.get(topic, 0))

    def can_wait(self, settings: Settings, now: float, monotonic: float) -> bool:
        """Whether to leave this checkpoint out, because a backlog is being folded.

        A call that begins and ends between two checkpoints is written only once, and sent to its
        customer's partition only once. In a backlog most calls do.
        """
        return (
            now - self.checkpointed_at < CATCHING_UP_FACTOR * settings.checkpoint_seconds
            and self.dirty_count < settings.max_dirty_rows / 4
            and self.is_catching_up(now, monotonic)
        )

    def is_catching_up(self, now: float, monotonic: float) -> bool:
        """Whether it has folded, within the last second, messages that had waited long in Kafka."""
        return any(
            now - self.record_at[topic] > BACKLOG_SECONDS and monotonic - at < 1.0
            for topic, at in self.folded_at.items()
        )

    def event_lag_seconds(self, fold: Fold, now: float, monotonic: float) -> float:
        """Return how long ago the newest event of a topic happened; 0 if none arrive now.

        If it is more than seconds, the source lags, or its feed into Kafka, or its clock is slow.
        """
        folded_at, newest_at = self.folded_at.get(fold.topic), fold.watermark.newest_at
        if folded_at is None or newest_at is None or monotonic - folded_at > COMES_IN_SECONDS:
            return 0.0
        return max(0.0, now - newest_at)

    def take_changes(self) -> None:
        """Add the changes to those that Kafka did not confirm last time, replacing older ones."""
        for topic, fold in self.folds.items():
            changes = fold.take_changes()
            if changes is None:
                continue
            before = self.unwritten.get(topic)
            self.unwritten[topic] = changes if before is None else before.under(changes)
        letters, self.dead_letters = self.dead_letters, []
        self.unwritten_letters += letters
