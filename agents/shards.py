"""Shards: the state of the partitions that this worker owns, and their checkpoints.

Shard *i* is partition *i* of all source topics; Faust assigns them together. Everything here runs
on the event loop, except for reading and writing the changelog, which blocks and has a thread.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

from agents import log
from agents.changelog import Changelog, FencedError
from agents.changelog_ends import StateLostError
from agents.clock import Clock
from agents.errors import BrokerError
from agents.fetched import Batch
from agents.folding import BatchFolder
from agents.membership import REBALANCE_SECONDS, SESSION_SECONDS, Membership
from agents.settings import Settings
from agents.shard import Shard
from agents.state import ChangelogTopics, Restorer, to_records
from agents.telling import hand_over, note_records
from streams.fold import Fold
from streams.ghosts import GhostLimits
from streams.pipelines import EMPTY

logger = log.get(__name__)

TAKE_OVER_SECONDS = 5.0
"""How long a rebalance waits for takeovers: well below the group's rebalance time-out."""

USURPED_SECONDS = SESSION_SECONDS + REBALANCE_SECONDS + 8.0
"""If the group takes a partition from a fenced worker at all, it has done so by then."""

Acknowledge = Callable[[str, int, int], None]


class Shards:
    """All shards of this worker. Implements `agents.batches.Receiver`."""

    def __init__(
        self, settings: Settings, folder: BatchFolder, *, clock: Clock, monotonic: Clock
    ) -> None:
        self._settings = settings
        self.folder = folder
        self._clock = clock
        self._monotonic = monotonic
        self._topics = ChangelogTopics(settings.app_id)
        self._shards: dict[int, Shard] = {}
        self._generation = 0
        self._taking_over: set[asyncio.Future[None]] = set()
        self.membership = Membership(monotonic=monotonic)
        self.acknowledge: Acknowledge = lambda *_: None  # the consumer does not exist yet
        self.ghost_limits = GhostLimits()
        self.pipelines = EMPTY
        """The pipelines as known now; `agents.recounting` counts the funnels by them."""
        self.channels: dict[str, Any] = {}
        """The channel of each topic's agent."""

    @property
    def partition_count(self) -> int:
        """The number of shards of the installation, whichever workers own them."""
        return self._settings.partitions

    def __iter__(self) -> Iterator[Shard]:
        """Iterate over the shards that are open, in the order of their numbers."""
        return iter([shard for _, shard in sorted(self._shards.items()) if shard.is_open])

    def folds(self) -> list[Fold]:
        """Return the folds of all open shards; safe to call from another thread."""
        shards = list(self._shards.values())
        return [fold for shard in shards if shard.is_open for fold in list(shard.folds.values())]

    # Ownership

    async def own(self, indexes: Iterable[int], generation: int = 0) -> None:
        """Own exactly these shards: release the others, restore new ones.

        `generation` counts the assignments of the whole group. One that was missed may have given
        a shard of ours to another worker and back, so then everything is restored; 0 is not known.

        Raises:
            BrokerError: Kafka did not answer while the state was read.
        """
        asked_at = self._monotonic()
        wanted = set(indexes)
        is_next = generation == self._generation + 1
        for index in set(self._shards) - wanted if is_next else set(self._shards):
            self._close(self._shards.pop(index))
        kept = {index for index in wanted & set(self._shards) if self._shards[index].is_open}
        opened = [Shard(i, Changelog(self._settings, i)) for i in sorted(wanted - kept)]
        # Take over all of them before reading any, which may take long: see `settle`.
        await asyncio.gather(*(self._take_over(shard) for shard in opened))
        await asyncio.gather(*(self._restore(shard) for shard in opened))
        for shard in opened:
            self._shards[shard.index] = shard
            # Its last owner may have ended after a checkpoint and before writing it to Postgres.
            for fold in shard.folds.values():
                if self.folder.exporter is not None and fold.ledger.next_offset:
                    self.folder.exporter.put(fold.whole())
        self._generation = generation
        self.confirm(asked_at)

    def confirm(self, asked_at: float) -> None:
        """Note that the group, asked at that moment, knows this worker and its partitions."""
        self.membership.confirm(asked_at)

    def usurped(self) -> str | None:
        """Return which shard another took over while the group still gives it to us, or None."""
        now = self._monotonic()
        for shard in list(self._shards.values()):
            if shard.fenced_at is not None and now - shard.fenced_at > USURPED_SECONDS:
                return (
                    f"partition {shard.index} was taken over by another worker, though the group "
                    f"gives it to this one. Is there another service with "
                    f"RINGSIDE_APP_ID={self._settings.app_id}?"
                )
        return None

    async def _take_over(self, shard: Shard) -> None:
        taking = asyncio.get_running_loop().run_in_executor(None, shard.changelog.open)
        self._taking_over.add(taking)
        taking.add_done_callback(self._taking_over.discard)
        # The thread goes on when this task is cancelled, so its future must go on too.
        await asyncio.shield(taking)

    async def _restore(self, shard: Shard) -> None:
        started_at = self._monotonic()
        restorer = Restorer(
            shard.index,
            lateness_of=self._settings.lateness_of,
            epoch=int(self._clock()),
            ghost_limits=self.ghost_limits,
            tokeniser=self.folder.tokeniser,
        )
        shard.folds = await asyncio.to_thread(_read, shard.changelog, restorer)
        for fold in shard.folds.values() if self.folder.exporter is None else ():
            fold.without_database()
        if restorer.without_ledger is not None:
            raise StateLostError(
                f"there is state of {restorer.without_ledger} in partition {shard.index}, "
                "but no ledger that says up to where it counts",
                self._settings.app_id,
            )
        hand_over(shard.folds, self.folder.tokeniser)
        shard.recovery_seconds = self._monotonic() - started_at
        shard.checkpointed_at = self._clock()
        shard.is_open = True
        took = {"entries": restorer.entries, "seconds": round(shard.recovery_seconds, 3)}
        logger.info("shard restored", shard=shard.index, **took)

    def _close(self, shard: Shard) -> None:
        shard.is_open = False
        shard.changelog.close()
        if self.folder.exporter is not None:
            for topic in shard.folds:
                self.folder.exporter.discard(topic, shard.index)

    def close(self) -> None:
        """Release everything. The next owner reads again what was not checkpointed."""
        for shard in self._shards.values():
            shard.is_open = False
            shard.changelog.close()
        self._shards.clear()

    # Folding

    @property
    def reads_committed(self) -> bool:
        """Whether checkpoints are transactions: other workers' notes count once committed."""
        return self._settings.kafka_transactions

    async def deliver(self, batch: Batch) -> None:
        """Hand a batch to the agent of its topic; returns when there is room for the next."""
        await self.channels[batch.topic].put(batch)

    def has_state(self, partition: int) -> bool:
        """Whether the shard of that number is open."""
        shard = self._shards.get(partition)
        return shard is not None and shard.is_open

    def next_offset(self, topic: str, partition: int) -> int:
        """Return the first offset that is not in the state."""
        shard = self._shards.get(partition)
        return shard.folds[topic].ledger.next_offset if shard is not None and shard.is_open else 0

    def read_to(self, topic: str, partition: int) -> int:
        """Return the first offset that is not folded, and may hold a record."""
        shard = self._shards.get(partition)
        return shard.read_to(topic) if shard is not None and shard.is_open else 0

    def check_committed(self, topic: str, partition: int, committed: int) -> None:
        """Raise StateLostError if more was committed than the state holds."""
        held = self.next_offset(topic, partition)
        if committed > held:
            raise StateLostError(
                f"{topic} was processed up to offset {committed}, but the state of partition "
                f"{partition} ends at {held}",
                self._settings.app_id,
            )

    async def fold(self, batch: Batch) -> None:
        """Fold a batch, if its shard is still ours."""
        if self.has_state(batch.partition):
            await self.folder.fold(self._shards[batch.partition], batch)

    # Checkpoints

    async def run(self, stopped: asyncio.Event) -> None:
        """Checkpoint all shards every `checkpoint_seconds`, until stopped."""
        while not stopped.is_set():
            try:
                await asyncio.wait_for(stopped.wait(), self._settings.checkpoint_seconds)
            except TimeoutError:
                await self._checkpoint_all(self._is_due)

    def _is_due(self, shard: Shard) -> bool:
        return not shard.can_wait(self._settings, self._clock(), self._monotonic())

    async def settle(self) -> None:
        """Checkpoint everything folded so far; called before partitions are given away.

        Also waits for takeovers under way: after the next assignment they would fence the
        shard's new owner.
        """
        if self._taking_over:
            await asyncio.wait(self._taking_over, timeout=TAKE_OVER_SECONDS)
        await self._checkpoint_all()

    async def _checkpoint_all(self, is_due: Callable[[Shard], bool] = lambda _: True) -> None:
        for shard in self:
            self._idle(shard)
            if not is_due(shard):
                continue
            try:
                await self.checkpoint(shard)
            except BrokerError as error:
                logger.warning("checkpoint failed, will be tried again", why=str(error))

    async def checkpoint(self, shard: Shard) -> None:
        """Write the changes in one transaction, then commit offsets and pass on rows.

        Raises:
            BrokerError: Kafka did not confirm it. It is retried until it does, or is fenced.
        """
        async with shard.checkpointing:
            shard.take_changes()
            if shard.is_open and shard.unwritten:
                await self._write(shard)
            shard.checkpointed_at = self._clock()
        async with shard.room:
            shard.room.notify_all()

    async def _write(self, shard: Shard) -> None:
        changes = tuple(shard.unwritten.values())
        records = chain(
            shard.unwritten_letters,
            note_records(changes, self._settings.partitions, self.folder.tokeniser),
            to_records(changes, self._topics, shard.index),
        )
        try:
            await asyncio.to_thread(shard.changelog.write, records)
        except FencedError:
            # The worker that fenced us reads the log from the last checkpoint: nothing is lost.
            shard.is_open = False
            shard.fenced_at = self._monotonic()
            logger.warning("another worker has taken over", shard=shard.index)
            return
        shard.unwritten.clear()
        shard.unwritten_letters.clear()
        for change in changes:
            self.acknowledge(change.topic, change.partition, change.ledger.next_offset)
            if self.folder.exporter is None:
                shard.folds[change.topic].release(change.ledger.fence)
            else:
                self.folder.exporter.put(change.snapshot)

    def exported(self, topic: str, partition: int, fence: int) -> None:
        """Forget entities and panes that are over and written to Postgres."""
        shard = self._shards.get(partition)
        if shard is not None and shard.is_open:
            shard.folds[topic].release(fence)

    def _idle(self, shard: Shard) -> None:
        """Advance event time in partitions that have been idle for a while."""
        monotonic, now = self._monotonic(), self._clock()
        for topic, fold in shard.folds.items():
            since = max(shard.folded_at.get(topic, 0.0), shard.idled_at.get(topic, 0.0))
            if not since:
                shard.idled_at[topic] = monotonic
            elif monotonic - since >= self._settings.idle_seconds:
                fold.idle(monotonic - since, now=now)
                shard.idled_at[topic] = monotonic


def _read(changelog: Changelog, restorer: Restorer) -> dict[str, Fold]:
    for entries in changelog.read():
        restorer.add(entries)
    return dict(restorer.finish())
