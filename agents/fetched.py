"""What is fetched from Kafka, unpacked only as it is folded.

aiokafka unpacks all that was fetched of a partition at once: 4 MiB of compressed record batches
become tens of thousands of records, of which the last is folded a second later. They take a hundred
times the memory of a slice, the garbage collector walks them, and by the time they are decoded they
have left the processor's cache. So what it hands on is Kafka's own record batches, checked (their
checksums; aborted transactions are left out) but still packed.
"""

from collections.abc import Iterable, Iterator
from itertools import chain, dropwhile
from typing import Any, NamedTuple, cast

from aiokafka.consumer import fetcher
from faust.types import TP

from schemas.topics import FOLDED

_FOLDED = frozenset(topic.name for topic in FOLDED)


class Batch(NamedTuple):
    """Records fetched from one partition, from `start_offset` up to `next_offset`, without a gap.

    `start_offset` is where the previous batch ended, so the batch includes offsets without a
    record (compacted ones, transaction markers).
    """

    topic: str
    partition: int
    start_offset: int
    next_offset: int
    records: Iterable[Any]
    """To be read once: each has offset, timestamp, key, value and headers."""


class RecordBatch:
    """One of Kafka's record batches. To aiokafka it is a batch of one record: of itself."""

    __slots__ = (
        "base_offset",
        "is_control_batch",
        "is_transactional",
        "next_offset",
        "offset",
        "packed",
        "producer_id",
        "validate_crc",
    )

    def __init__(self, packed: Any) -> None:  # noqa: ANN401 - aiokafka's
        self.packed = packed
        """Unpacks itself when it is iterated over."""
        self.next_offset: int = packed.next_offset
        self.offset = self.next_offset - 1
        self.producer_id = packed.producer_id
        # Batches of the formats before 2 have none, and are in no transaction.
        self.base_offset = getattr(packed, "base_offset", None)
        self.is_control_batch = packed.is_control_batch
        self.is_transactional = packed.is_transactional
        self.validate_crc = packed.validate_crc

    def __iter__(self) -> "Iterator[RecordBatch]":
        return iter((self,))


class LeanRecords(fetcher.PartitionRecords):  # type: ignore[misc]  # aiokafka has no types
    """aiokafka's unpacking of a fetched partition, which leaves the unpacking to `records_of`."""

    def __init__(self, tp: TP, records: Any, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        packed = _Packed(records) if tp.topic in _FOLDED else records
        super().__init__(tp, packed, *args, **kwargs)

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the record batches; of a topic that we do not fold, over records."""
        return cast("Iterator[Any]", self._records_iterator)

    def _consumer_record(self, tp: TP, record: Any) -> Any:  # noqa: ANN401 - aiokafka's
        return record if tp.topic in _FOLDED else super()._consumer_record(tp, record)


class _Packed:
    """aiokafka's list of the record batches that were fetched."""

    def __init__(self, fetched: Any) -> None:  # noqa: ANN401 - aiokafka's
        self.has_next = fetched.has_next
        self._next_batch = fetched.next_batch

    def next_batch(self) -> Any:  # noqa: ANN401 - aiokafka's
        batch = self._next_batch()
        # aiokafka looks into those itself: they say how transactions ended.
        return batch if batch.is_control_batch else RecordBatch(batch)


def records_of(fetched: list[RecordBatch], start_offset: int) -> Iterator[Any]:
    """Unpack record batches as they are read, from *start_offset* on. Uses up the list."""
    records = chain.from_iterable(_used_up(fetched))
    # What is fetched begins with a whole record batch, though it was asked for from its midst.
    return dropwhile(lambda record: record.offset < start_offset, records)


def _used_up(fetched: list[RecordBatch]) -> Iterator[Iterable[Any]]:
    """Yield each and let go of it: unpacked it takes many times the memory."""
    fetched.reverse()
    while fetched:
        yield fetched.pop().packed
