"""What stands between counting and writing: keeps what is not yet in PostgreSQL, and tries on."""

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import Protocol

from agents import clock, log
from agents.errors import DatabaseError
from streams.snapshot import Snapshot

MAX_PAUSE_SECONDS = 10.0

_log = log.get(__name__)
_Source = tuple[str, int]


class Sink(Protocol):
    """Where snapshots go: agents.postgres.sink, or a list in a test."""

    async def write(self, snapshots: Sequence[Snapshot]) -> None:
        """Write all of them; raise DatabaseError if they are not known to be written."""


OnWritten = Callable[[str, int, int], None]
"""Is told the topic, partition and fence up to which everything is in PostgreSQL now."""


def _nobody(topic: str, partition: int, fence: int) -> None:
    """Tell nobody."""


class SnapshotWriter:
    """Folds snapshots by key while they wait, and writes them every `snapshot_seconds`.

    Nothing is ever dropped: what could not be written is kept under what came later. Memory is
    bounded by the number of keys; past `max_dirty_rows`, `is_full` asks the worker to consume no
    more. All methods are called on one event loop.
    """

    def __init__(  # noqa: PLR0913 - settings by name, each with its default
        self,
        sink: Sink,
        *,
        snapshot_seconds: float,
        max_dirty_rows: int,
        now: clock.Clock = clock.now,
        seed: int | None = None,
        on_written: OnWritten = _nobody,
    ) -> None:
        self._sink = sink
        self._snapshot_seconds = snapshot_seconds
        self._max_dirty_rows = max_dirty_rows
        self._now = now
        self._on_written = on_written
        self._random = random.Random(seed)  # noqa: S311 - spreads retries, guards no secret
        self._one_at_a_time = asyncio.Lock()
        self._filled = asyncio.Event()
        self._pending: dict[_Source, Snapshot] = {}
        self._pending_since: float | None = None
        self._writing: dict[_Source, Snapshot] = {}
        self._writing_since: float | None = None
        self._failures_in_a_row = 0
        self.failures = 0
        """Writes that failed, since the start."""

    def put(self, snapshot: Snapshot) -> None:
        """Take in what changed. What it holds must not change any more."""
        source = (snapshot.topic, snapshot.partition)
        mine = self._pending.get(source)
        if mine is None:
            # Folding changes the snapshot that is folded into, so it has to be one of our own.
            first = snapshot.first_offset
            mine = self._pending[source] = Snapshot(*source, snapshot.ledger, first_offset=first)
        mine.absorb(snapshot)
        if self._pending_since is None:
            self._pending_since = self._now()
        if self.is_full:
            self._filled.set()

    def discard(self, topic: str, partition: int) -> None:
        """Forget what is not yet written of a partition that went to another worker.

        Call it when the partition is taken away. Its next owner writes all that it recovers, which
        includes this; folding this into what a later turn of ours counts would turn time back.
        """
        self._pending.pop((topic, partition), None)
        self._writing.pop((topic, partition), None)

    @property
    def pending_rows(self) -> int:
        """How many rows are not yet written; those that changed again meanwhile count twice."""
        waiting = (*self._pending.values(), *self._writing.values())
        return sum(snapshot.rows for snapshot in waiting)

    @property
    def is_full(self) -> bool:
        """Whether so much waits that the worker should stop consuming until it is written."""
        return self.pending_rows > self._max_dirty_rows

    @property
    def oldest_change_at(self) -> float | None:
        """When the oldest change that is not yet written came in; None if all is written."""
        waiting = (self._writing_since, self._pending_since)
        return min((since for since in waiting if since is not None), default=None)

    def age_seconds(self, now: float) -> float:
        """Return how old the oldest change is that is not yet written; 0 if all is written."""
        oldest_at = self.oldest_change_at
        return max(0.0, now - oldest_at) if oldest_at is not None else 0.0

    async def run(self) -> None:
        """Write until cancelled. A database that fails is no reason to end."""
        while True:
            await self._pause()
            await self.write_pending()

    async def flush(self, deadline_seconds: float) -> bool:
        """Write what is left, trying until the deadline; return whether all was written."""
        try:
            async with asyncio.timeout(deadline_seconds):
                while self.oldest_change_at is not None:
                    if not await self.write_pending():
                        await asyncio.sleep(min(0.2, self._snapshot_seconds))
        except TimeoutError:
            _log.warning("snapshot left behind", rows=self.pending_rows)
            return False
        return True

    async def write_pending(self) -> bool:
        """Write what waits now, once. Return False if it failed; it waits on then."""
        async with self._one_at_a_time:
            self._writing, self._pending = self._pending, {}
            self._writing_since, self._pending_since = self._pending_since, None
            try:
                if self._writing:
                    await self._sink.write(list(self._writing.values()))
                    self._succeeded()
            except DatabaseError as error:
                self._failed(error)
                return False
            finally:
                self._put_back()
        return True

    async def _pause(self) -> None:
        """Wait for the next turn: longer after each failure, less when there is much to write."""
        self._filled.clear()
        if not self._failures_in_a_row:
            try:
                await asyncio.wait_for(self._filled.wait(), self._snapshot_seconds)
            except TimeoutError:
                return
            return
        longest = max(MAX_PAUSE_SECONDS, self._snapshot_seconds)
        doubled = self._snapshot_seconds * 2.0 ** min(self._failures_in_a_row - 1, 10)
        # Workers that lost the database together should not come back together.
        await asyncio.sleep(min(doubled, longest) * self._random.uniform(0.5, 1.0))

    def _succeeded(self) -> None:
        if self._failures_in_a_row:
            _log.info("database back", attempts=self._failures_in_a_row + 1)
        for snapshot in self._writing.values():
            self._on_written(snapshot.topic, snapshot.partition, snapshot.ledger.fence)
        self._writing, self._writing_since = {}, None
        self._failures_in_a_row = 0

    def _failed(self, error: DatabaseError) -> None:
        self.failures += 1
        self._failures_in_a_row += 1
        _log.warning("snapshot not written", error=str(error), rows=self.pending_rows)

    def _put_back(self) -> None:
        """Lay what came in meanwhile over what could not be written."""
        for source, older in self._writing.items():
            newer = self._pending.get(source)
            if newer is not None:
                older.absorb(newer)
            self._pending[source] = older
        self._pending_since, self._writing_since = self.oldest_change_at, None
        self._writing = {}
