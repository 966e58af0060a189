"""Folds batches into a shard, slice by slice, so that heartbeats and health checks get a turn."""

import asyncio
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from agents import log
from agents.changelog import Record
from agents.clock import Clock
from agents.fetched import Batch
from agents.kafka.deadletters import Origin, to_record
from agents.settings import Settings
from agents.shard import Exporter, Shard
from schemas.codec import Message, Rejected
from schemas.customers import Tokeniser
from schemas.decoding import TOGETHER, decode_folded
from schemas.events import Event
from schemas.topics import CUSTOMERS
from streams.fold import Fold
from streams.sources import SourceLimits

logger = log.get(__name__)

NOTES_OF_A_RECORD = 20
"""About how many times the work of an event's record a record of notes may take."""

MAX_HEARD = 1000
"""The most sources for which the last sign of life is kept."""


class BatchFolder:
    """Decodes and folds messages; keeps the refused ones for the next checkpoint."""

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
        """Writes to Postgres; if there is none, folding never waits for it."""
        self.heard_at: dict[str, float] = {}
        """Time of each source's last good message since the start: Kafka's, seconds since 1970."""

    async def fold(self, shard: Shard, batch: Batch) -> None:
        """Fold a batch, slice by slice, while the shard is ours.

        Any error is a bug: the shard is given up without a checkpoint, so the message that caused
        it is read again after the next start.

        Raises:
            AssertionError: there is a gap before the batch.
        """
        fold, read_to = shard.folds[batch.topic], shard.read_to(batch.topic)
        if batch.start_offset > read_to:
            gap = f"{batch.topic}/{batch.partition}: a gap before offset {batch.start_offset}"
            raise AssertionError(gap)
        records, is_more = iter(batch.records), True
        while is_more:
            await self._wait_for_room(shard)
            if not shard.is_open:
                return
            is_more = self._fold_slice(shard, fold, records)
            await asyncio.sleep(0)
        shard.passed_to[batch.topic] = batch.next_offset

    def _slice_records(self, topic: str) -> int:
        """Return how many records to fold before other tasks get a turn."""
        records = self._settings.batch_records
        return max(1, records // NOTES_OF_A_RECORD) if topic == CUSTOMERS.name else records

    def _fold_slice(self, shard: Shard, fold: Fold, records: Iterator[Any]) -> bool:
        """Fold the next of a batch's records; return whether there may be more."""
        left = self._slice_records(fold.topic)
        accepted: dict[str, int] = {}
        last = None
        while left and (some := list(islice(records, min(left, TOGETHER)))):
            self._take(shard, fold, some, accepted)
            last, left = some[-1], left - len(some)
        if last is not None:
            self._took_in(shard, fold.topic, last.timestamp / 1000, accepted)
        return not left

    def _take(
        self, shard: Shard, fold: Fold, records: Sequence[Any], accepted: dict[str, int]
    ) -> None:
        """Decode and fold; count the good messages by source in *accepted*."""
        topic, now, tokeniser = fold.topic, self._clock(), self.tokeniser
        known_offset = fold.ledger.next_offset
        if records[0].offset < known_offset:
            records = [record for record in records if record.offset >= known_offset]
        offsets = [record.offset for record in records]
        try:
            events = decode_folded(records, topic, now, tokeniser)
            refused = fold.take(events, offsets)
        except BaseException:
            # The state may be half changed: it must not be written.
            shard.is_open = False
            where = {"topic": topic, "partition": shard.index, "offset": fold.ledger.next_offset}
            logger.exception("a message cannot be folded; this is our fault", **where)
            raise
        for event in events:
            if type(event) is Event:
                source = event.source
                accepted[source] = accepted[source] + 1 if source in accepted else 1
        for offset, rejected in refused:
            index = bisect_left(offsets, offset)
            self._refuse(shard, topic, records[index], rejected)
            event = events[index]
            if type(event) is Event:  # good, but too late
                accepted[event.source] -= 1
                if not accepted[event.source]:
                    del accepted[event.source]

    def _took_in(self, shard: Shard, topic: str, at: float, accepted: Mapping[str, int]) -> None:
        """Note the time of the last record, and the number of good messages by source."""
        shard.record_at[topic] = at
        shard.folded_at[topic] = self._monotonic()
        if topic == CUSTOMERS.name:  # our own topic, not a source
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
        """Wait while too many changes are not checkpointed, or Postgres is too far behind."""
        while shard.is_open and (
            shard.dirty_count > self._settings.max_dirty_rows
            or (self.exporter is not None and self.exporter.is_full)
        ):
            async with shard.room:
                try:
                    await asyncio.wait_for(shard.room.wait(), 1.0)
                except TimeoutError:
                    continue
