"""Ours: the worker as it runs in production, without Postgres, over a load that waits in Kafka.

It ends when every event is folded and checkpointed: state and ledgers in the changelog, in
committed transactions.
"""

import argparse
import asyncio
import time
from collections.abc import Iterable
from pathlib import Path

import msgspec
import uvloop

from agents import log
from agents.changelog import Changelog, Record
from agents.fetched import Batch
from agents.worker import Worker
from benchmarks.contenders.measured import Measured, Stopwatch, tell
from benchmarks.contenders.profile import Sampler
from benchmarks.settings import settings_for
from schemas.topics import SOURCES

SOURCE_NAMES = frozenset(topic.name for topic in SOURCES)
"""What workers tell each other is no event of the load, though to fold it is in the time, too."""


class Observed:
    """Listens at the worker's seams: the first batch that comes in, the last checkpoint out."""

    def __init__(self, worker: Worker, events: int, sampler: Sampler | None) -> None:
        self._shards = worker._shards  # noqa: SLF001 - no seam is made for a benchmark
        self._events = events
        self._sampler = sampler
        self._done_to: dict[tuple[str, int], int] = {}
        self.checkpoint_records = 0
        self.changelog_cpu_seconds = 0.0
        self.watch = Stopwatch()
        self.finished = asyncio.Event()
        self._own = self._shards.own
        self._fold = self._shards.fold
        self._acknowledge = self._shards.acknowledge
        self._shards.own = self.own  # type: ignore[method-assign]
        self._shards.fold = self.fold  # type: ignore[method-assign]
        self._shards.acknowledge = self.acknowledge
        self._count_records()

    async def own(self, indexes: Iterable[int], generation: int = 0) -> None:
        """Time runs from here on: the partitions are assigned, their state (none) is restored."""
        await self._own(indexes, generation)
        if self._sampler is not None and not self.watch.is_running:
            self._sampler.start()
        self.watch.start()

    async def fold(self, batch: Batch) -> None:
        """Checkpoint at once after the last event, not only when the second is over."""
        await self._fold(batch)
        if batch.topic not in SOURCE_NAMES:
            return
        sources = [fold for fold in self._shards.folds() if fold.topic in SOURCE_NAMES]
        if sum(fold.ledger.consumed for fold in sources) == self._events:
            await self._shards.settle()

    def acknowledge(self, topic: str, partition: int, next_offset: int) -> None:
        """Time runs until everything has been acknowledged."""
        self._acknowledge(topic, partition, next_offset)
        if topic in SOURCE_NAMES:
            self._done_to[topic, partition] = next_offset
        if sum(self._done_to.values()) == self._events:
            self.watch.stop()
            if self._sampler is not None:
                self._sampler.stop()
            self.finished.set()

    def _count_records(self) -> None:
        write = Changelog.write

        def counted(changelog: Changelog, records: Iterable[Record]) -> None:
            began = time.thread_time()
            listed = list(records)
            write(changelog, listed)
            self.checkpoint_records += len(listed)
            self.changelog_cpu_seconds += time.thread_time() - began

        Changelog.write = counted  # type: ignore[assignment,method-assign]


async def measure(bootstrap: str, app_id: str, events: int, *, sampler: Sampler | None) -> Measured:
    """Run a worker until it has everything, and return what that took."""
    worker = Worker(settings_for(bootstrap, app_id))
    observed = Observed(worker, events, sampler)
    running = asyncio.create_task(worker.run())
    finished = asyncio.create_task(observed.finished.wait())
    await asyncio.wait({running, finished}, return_when=asyncio.FIRST_COMPLETED)
    worker._stop.set()  # noqa: SLF001 - as its signal handler does
    await running
    return msgspec.structs.replace(
        observed.watch.measured(events),
        checkpoint_records=observed.checkpoint_records,
        changelog_cpu_seconds=observed.changelog_cpu_seconds,
    )


def main() -> None:
    """Run from the command line; `benchmarks.run` does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--app-id", required=True)
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--profile", type=Path, help="file in which to write where the time goes")
    given = parser.parse_args()
    log.configure("console", "WARNING")
    sampler = Sampler() if given.profile else None
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        measured = runner.run(measure(given.bootstrap, given.app_id, given.events, sampler=sampler))
    if sampler is not None:
        given.profile.write_text(sampler.report(measured), encoding="utf-8")
    tell(measured)


if __name__ == "__main__":
    main()
