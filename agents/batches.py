"""Batch delivery: Faust's Kafka consumer, handing on fetched lists instead of single messages.

Faust delivers message by message, at four tasks each; that is its limit (docs/decisions/0002).
This consumer keeps its group membership, assignment and flow control, and replaces three things:

* a fetched list of one partition goes to that topic's agent as one `Batch`;
* what is committed is what a checkpoint says (`acknowledge`), never what was merely handed out;
* reading starts where the state ends, which is at or after the committed offset.

It reads committed transactions only: the workers' own notes to each other are part of checkpoints.
"""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Protocol

from aiokafka.consumer import fetcher
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from agents import clock, log
from agents.fetched import Batch, LeanRecords, RecordBatch, records_of

logger = log.get(__name__)


class Receiver(Protocol):
    """Takes the batches, and knows how far the state of each partition has come."""

    @property
    def reads_committed(self) -> bool:
        """Whether to read committed messages only, because the broker has transactions."""

    async def deliver(self, batch: Batch) -> None:
        """Take a batch; returns when there is room for the next."""

    def has_state(self, partition: int) -> bool:
        """Whether the state of these partitions is restored."""

    def next_offset(self, topic: str, partition: int) -> int:
        """Return the first offset that is not in the state."""

    def read_to(self, topic: str, partition: int) -> int:
        """Return the first offset that is not folded, and may hold a record."""

    async def settle(self) -> None:
        """Write and acknowledge everything folded so far: partitions are about to be given away."""

    def check_committed(self, topic: str, partition: int, committed: int) -> None:
        """Raise if more was committed than the state holds."""

    def confirm(self, asked_at: float) -> None:
        """Note that the group, asked at that moment, knows this worker. Called on a thread."""


FETCH_WAIT_MS = 100


class PromptThread(driver.AIOKafkaConsumerThread):  # type: ignore[misc]  # faust has no types
    """Faust's thread around aiokafka, with less patience.

    A fetch leaves out partitions whose last records are not taken yet, and the broker gets no other
    fetch until it returns. With Faust's fixed 1.5 s an event could wait that long for others that
    do not come.
    """

    logger = logging.getLogger("faust.consumer")

    def _create_worker_consumer(self, transport: Any) -> Any:  # noqa: ANN401 - as Faust's
        # aiokafka has no setting for it: its fetcher makes one for each fetched partition.
        fetcher.PartitionRecords = LeanRecords
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS  # noqa: SLF001 - Faust has no setting for it
        if self.consumer.receiver.reads_committed:
            # Faust's setting for this would also make its own producers transactional.
            consumer._isolation_level = "read_committed"  # noqa: SLF001
        return consumer

    async def on_start(self) -> None:
        """Start aiokafka's consumer, and listen to the answers to its heartbeats."""
        await super().on_start()
        coordinator = self._consumer._coordinator  # noqa: SLF001 - aiokafka tells nobody
        heartbeat = coordinator._do_heartbeat  # noqa: SLF001
        confirm = self.consumer.receiver.confirm

        async def noted() -> bool:
            asked_at = clock.monotonic()
            is_known = bool(await heartbeat())
            if is_known:
                confirm(asked_at)
            return is_known

        coordinator._do_heartbeat = noted  # noqa: SLF001

    def _stopped_set(self) -> None:
        # After a crash the thread may have closed its loop, on which nobody waits then. mode would
        # raise, end the stop half way, and log a traceback beside the reason for the crash.
        with suppress(RuntimeError):
            super()._stopped_set()

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Log it if fetching has stopped. `/live` reports whether fetched records are folded.

        Faust would look for events in its streams, which batches never pass, and after five minutes
        call every partition with unread records stuck.
        """
        self._verify_aiokafka_event_path(now, tp)

    def position_now(self, tp: TP) -> int | None:
        """Return the offset from which the next fetch reads; any thread may ask."""
        assignment = self._ensure_consumer()._subscription.subscription.assignment  # noqa: SLF001
        state = assignment.state_value(tp) if assignment is not None else None
        return int(state.position) if state is not None and state.has_valid_position else None


class BatchConsumer(driver.Consumer):  # type: ignore[misc]  # faust has no types
    """See the module."""

    # Without this, mode would log under another name, which the level set for Faust misses.
    logger = logging.getLogger("faust.consumer")

    receiver: Receiver
    """Set on the class that `batch_transport` makes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as Faust's
        super().__init__(*args, **kwargs)
        self._positions: dict[TP, int] = {}
        self._checkpointed: dict[TP, int] = {}
        self._fetched: set[TP] = set()
        """Partitions with fetched records that are not handed on yet."""
        self._seeks = 0
        """Records fetched before or during a seek are not the next ones after it."""

    def _new_consumer_thread(self) -> PromptThread:
        return PromptThread(self, loop=self.loop, beacon=self.beacon)

    def acknowledge(self, topic: str, partition: int, next_offset: int) -> None:
        """Let everything under *next_offset* be committed: its state is safe."""
        tp = TP(topic, partition)
        self._checkpointed[tp] = next_offset
        # Faust asks only for the partitions that stand in here.
        self._acked[tp] = [next_offset]

    def lag_events(self, topic: str, partition: int) -> int | None:
        """Return how many events of an assigned partition are not folded yet, if it is known."""
        tp = TP(topic, partition)
        highwater = self.highwater(tp) if tp in self.assignment() else None
        if highwater is None:
            return None
        folded = self.receiver.read_to(topic, partition)
        if highwater > folded and self._positions.get(tp) == folded and tp not in self._fetched:
            # Everything fetched is folded. The offsets that the consumer has passed since hold no
            # message: the end of a transaction, or an aborted one.
            folded = max(folded, self._thread.position_now(tp) or 0)
        return max(0, int(highwater) - folded)

    async def perform_seek(self) -> None:
        """Go to where the state ends. Called by Faust before reading starts, and after a pause."""
        committed: Mapping[TP, int | None] = await self.seek_to_committed()
        self._seeks += 1
        for tp in self.assignment():
            # In a rebalance some have no state yet; Faust calls again when they do.
            if not self.receiver.has_state(tp.partition):
                continue
            self.receiver.check_committed(tp.topic, tp.partition, committed.get(tp) or 0)
            offset = self.receiver.next_offset(tp.topic, tp.partition)
            # To 0, too: something may have been fetched and dropped before anything was committed.
            # If the log begins later, the consumer goes on to where it does.
            await self._seek(tp, offset)
            self._positions[tp] = offset
            if committed.get(tp):
                self._committed_offset[tp] = committed[tp]

    async def wait_empty(self) -> None:
        """Settle before partitions are given away, or the worker ends."""
        await self.receiver.settle()
        await super().wait_empty()

    def _new_offset(self, tp: TP) -> int | None:
        return self._checkpointed.get(tp)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Forget what belongs to partitions that go."""
        await super().on_partitions_revoked(revoked)
        for tp in revoked:
            self._positions.pop(tp, None)
            self._checkpointed.pop(tp, None)

    async def _drain_messages(self, fetcher: Any) -> None:  # noqa: ANN401 - Faust's Fetcher
        """Hand on what is fetched until the consumer or the fetcher stops."""
        try:
            while not (self._stopped.is_set() or fetcher._stopped.is_set()):  # noqa: SLF001 - as Faust does
                await self._drain_once()
        except self.consumer_stopped_errors:
            if not self.app.should_stop:
                raise
        except asyncio.CancelledError:
            if not self.app.should_stop:
                raise

    async def _drain_once(self) -> None:
        seeks = self._seeks
        records, active = await self._wait_next_records(1.0)
        if records is None or self.should_stop:
            return
        if not self.flow_active or (records and self._seeks != seeks):
            # A whole rebalance may have passed during the fetch, and the records may be from before
            # or after it. They are dropped, so the consumer must go back to where they began.
            await self.perform_seek()
            return
        self._fetched = {TP(*tp) for tp, fetched in records.items() if fetched}
        for tp, fetched in records.items():
            if not self.flow_active or self._seeks != seeks:
                return
            if fetched and (active is None or tp in active):
                await self._hand_on(TP(*tp), fetched)
            self._fetched.discard(TP(*tp))

    async def _hand_on(self, tp: TP, fetched: list[RecordBatch]) -> None:
        start, until = self._positions.get(tp), fetched[-1].next_offset
        if start is None or until <= start:
            return
        records = records_of(fetched, start)
        batch, seeks = Batch(tp.topic, tp.partition, start, until, records), self._seeks
        # If the flow stops meanwhile, the batch is dropped, and read again after the seek.
        await self.wait_first(self.receiver.deliver(batch), self.suspend_flow.wait())
        if self.flow_active and self._seeks == seeks:
            self._positions[tp] = batch.next_offset


def batch_transport(receiver: Receiver) -> type[driver.Transport]:
    """Return Faust's Kafka transport with a consumer that delivers batches to *receiver*."""
    consumer = type("BatchConsumer", (BatchConsumer,), {"receiver": receiver})
    return type("BatchTransport", (driver.Transport,), {"Consumer": consumer})
