"""Folding batches into a shard: slice by slice, so that heartbeats and health are served."""

import asyncio
from collections.abc import Mapping
from typing import Any

from agents import log
from agents.batches import Batch
from agents.changelog import Record
from agents.clock import Clock
from agents.kafka.deadletters import Origin, to_record
from agents.settings import Settings
from agents.shard import Exporter, Shard
from schemas.codec import Message, Rejected, decode_record
from schemas.customers import Tokeniser
from schemas.events import Event
from schemas.notes import decode_notes
from schemas.topics import CUSTOMERS
from streams.fold import Fold
from streams.sources import SourceLimits

logger = log.get(__name__)

NOTES_OF_A_RECORD = 20
"""About so much a record of notes may weigh, beside one with an event."""

MAX_HEARD = 1000
"""Most sources whose last sign of life is kept."""


class BatchFolder:
    """Decodes and folds; keeps what is refused for the next checkpoint."""

    def __init__(
        self,
        settings: Settings,
        *,
        tokeniser: Tokeniser,
        limits: SourceLimits,
        clock: Clock,
        monotonic: Clock,
    ) -> None:
        self._settings = settings
        self.tokeniser = tokeniser
        self._clock = clock
        self._monotonic = monotonic
        self.limits = limits
        self.exporter: Exporter | None = None
        """Who writes to Postgres; without one nothing waits for it."""
        self.heard_at: dict[str, float] = {}
        """When each source last sent something good, by Kafka's clock; since the start."""

    async def fold(self, shard: Shard, batch: Batch) -> None:
        """Fold a batch, slice by slice, while the shard is ours.

        Any error is a bug: the shard is given up without a checkpoint, so the message that caused
        it is the first one after the next start.

        Raises:
            AssertionError: the batch starts behind a gap.
        """
        fold = shard.folds[batch.topic]
        for first in range(0, len(batch.records), self._slice_records(batch.topic)):
            await self._wait_for_room(shard)
            if not shard.is_open:
                return
            self._fold_slice(shard, fold, batch, first)
            await asyncio.sleep(0)

    def _slice_records(self, topic: str) -> int:
        """Return how many records to fold before others have their turn."""
        records = self._settings.batch_records
        return max(1, records // NOTES_OF_A_RECORD) if topic == CUSTOMERS.name else records

    def _fold_slice(self, shard: Shard, fold: Fold, batch: Batch, first: int) -> None:
        if batch.start_offset > fold.ledger.next_offset and not first:
            gap = f"{batch.topic}/{batch.partition}: a gap before offset {batch.start_offset}"
            raise AssertionError(gap)
        topic, now, tokeniser = batch.topic, self._clock(), self.tokeniser
        accepted: dict[str, int] = {}
        known_offset, apply = fold.ledger.next_offset, fold.apply
        decode = decode_record if topic != CUSTOMERS.name else decode_notes
        for record in batch.records[first : first + self._slice_records(topic)]:
            offset = record.offset
            if offset < known_offset:
                continue
            try:
                event = decode(record, topic, now, tokeniser)
                rejected = apply(event, offset)
            except BaseException:
                # The state may be half changed: it must not be written.
                shard.is_open = False
                where = {"topic": topic, "partition": shard.index, "offset": offset}
                logger.exception("a message cannot be folded; this is our fault", **where)
                raise
            if rejected is not None:
                self._refuse(shard, topic, record, rejected)
            elif type(event) is Event:
                accepted[event.source] = accepted.get(event.source, 0) + 1
        self._took_in(shard, batch, accepted)

    def _took_in(self, shard: Shard, batch: Batch, accepted: Mapping[str, int]) -> None:
        """Take note of when, and of how many good messages of which source."""
        at = batch.records[-1].timestamp / 1000
        shard.record_at[batch.topic] = at
        shard.folded_at[batch.topic] = self._monotonic()
        if batch.topic == CUSTOMERS.name:  # which is our own
            return
        self.limits.accept(accepted)
        for source in accepted:
            if source in self.heard_at or len(self.heard_at) < MAX_HEARD:
                self.heard_at[source] = max(at, self.heard_at.get(source, at))

    def _refuse(
        self,
        shard: Shard,
        topic: str,
        record: Any,  # noqa: ANN401 - aiokafka's
        rejected: Rejected,
    ) -> None:
        refused = Message(topic, record.key, record.value, tuple(record.headers))
        origin = Origin(topic, shard.index, record.offset, self._clock())
        letter = to_record(refused, rejected, origin)
        shard.dead_letters.append(
            Record(letter.topic, letter.key, letter.value, headers=list(letter.headers))
        )
        self.limits.refuse(refused)

    async def _wait_for_room(self, shard: Shard) -> None:
        """Wait while too much is not checkpointed, or Postgres is too far behind."""
        while shard.is_open and (
            shard.dirty_count > self._settings.max_dirty_rows
            or (self.exporter is not None and self.exporter.is_full)
        ):
            async with shard.room:
                try:
                    await asyncio.wait_for(shard.room.wait(), 1.0)
                except TimeoutError:
                    continue
