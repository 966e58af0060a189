"""What is fetched stays packed until it is folded, and nothing of it is left out or read twice."""

from __future__ import annotations

import asyncio
import struct
from typing import Any, cast

import pytest
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import calc_crc32c
from faust.types import TP
from pydantic import SecretStr

from agents.changelog import Changelog
from agents.fetched import Batch, LeanRecords, RecordBatch, records_of
from agents.folding import BatchFolder
from agents.settings import Settings
from agents.shard import Shard
from schemas.customers import Tokeniser
from streams.sources import SourceLimits
from tests.streams.lives import new_fold

CALLS = TP("ringside.calls", 0)
LZ4 = 3
READ_COMMITTED = 1
ABORT = b"\0\0\0\0"
"""The key of the control record that ends a transaction in vain: version 0, type 0."""


def packed(
    first: int, *values: bytes, producer: int = -1, is_control: bool = False, lasts: int = 0
) -> bytes:
    """Return a record batch as a broker sends it; `lasts`: offsets at its end without a record."""
    in_transaction = int(producer >= 0)
    codec = 0 if is_control else LZ4
    builder = DefaultRecordBatchBuilder(2, codec, in_transaction, producer, 0, 0, 1_000_000)
    for place, value in enumerate(values):
        key = ABORT if is_control else b"k"
        builder.append(place, 1_000 + place, key, value, [("h", b"1")])
    raw = bytearray(builder.build())
    struct.pack_into(">q", raw, 0, first)
    (attributes,) = struct.unpack_from(">h", raw, 21)
    struct.pack_into(">hi", raw, 21, attributes | 0x20 * is_control, len(values) - 1 + lasts)
    # The checksum is of all that follows it.
    struct.pack_into(">I", raw, 17, calc_crc32c(bytes(raw[21:])))
    return bytes(raw)


def fetched(
    *batches: bytes, tp: TP = CALLS, offset: int = 0, aborted: tuple[Any, ...] = ()
) -> tuple[list[Any], int]:
    """Return what aiokafka hands on of these, and from which offset it fetches next."""
    raw = MemoryRecords(b"".join(batches))
    records = LeanRecords(tp, raw, list(aborted), offset, None, None, True, READ_COMMITTED)
    return list(records), records.next_fetch_offset


def read(batches: list[RecordBatch], start: int) -> list[tuple[int, bytes]]:
    return [(record.offset, record.value) for record in records_of(batches, start)]


def test_records_are_unpacked_when_they_are_read_and_their_batch_is_let_go_of() -> None:
    batches, next_offset = fetched(packed(5, b"a", b"b"), packed(7, b"c"), offset=5)
    assert [(type(one), one.next_offset) for one in batches] == [(RecordBatch, 7), (RecordBatch, 8)]
    assert next_offset == 8
    records = records_of(batches, 5)
    first = next(records)
    assert (first.offset, first.timestamp, first.key, first.value) == (5, 1_000, b"k", b"a")
    assert first.headers == [("h", b"1")]
    assert len(batches) == 1
    assert [record.value for record in records] == [b"b", b"c"]
    assert batches == []


def test_reading_begins_in_the_midst_of_a_record_batch() -> None:
    batches, next_offset = fetched(packed(5, b"a", b"b", b"c"), packed(8, b"d"), offset=6)
    assert read(batches, 6) == [(6, b"b"), (7, b"c"), (8, b"d")]
    assert next_offset == 9
    # One that ends before what was asked for is not handed on at all.
    batches, _ = fetched(packed(5, b"a"), packed(6, b"b"), offset=6)
    assert len(batches) == 1


def test_aborted_transactions_are_left_out() -> None:
    batches, next_offset = fetched(
        packed(0, b"in vain", producer=7),
        packed(1, b"of another", producer=8),
        packed(2, b"", producer=7, is_control=True),
        packed(3, b"once more", producer=7),
        aborted=((7, 0),),
    )
    assert read(batches, 0) == [(1, b"of another"), (3, b"once more")]
    assert next_offset == 4


def test_a_wrong_checksum_is_found_before_anything_is_handed_on() -> None:
    raw = bytearray(packed(0, b"a"))
    raw[-1] ^= 1
    with pytest.raises(CorruptRecordException):
        fetched(bytes(raw))


def test_of_a_topic_that_is_not_folded_records_are_handed_on() -> None:
    records, _ = fetched(packed(0, b"a", b"b"), tp=TP("ringside.roster", 0))
    assert [(record.topic, record.value) for record in records] == [
        ("ringside.roster", b"a"),
        ("ringside.roster", b"b"),
    ]


def test_offsets_without_a_record_at_the_end_of_a_batch_are_no_gap() -> None:
    shard = Shard(0, cast("Changelog", None))
    fold = shard.folds[CALLS.topic] = new_fold(CALLS.topic)
    shard.is_open = True
    key = "a key for these tests"
    folder = BatchFolder(
        Settings(customer_key=SecretStr(key)),
        tokeniser=Tokeniser(key.encode()),
        limits=SourceLimits(),
        clock=lambda: 2_000.0,
        monotonic=lambda: 50.0,
    )

    def take(start: int, *batches: bytes) -> None:
        some, until = fetched(*batches, offset=start)
        batch = Batch(CALLS.topic, 0, start, until, records_of(some, start))
        asyncio.run(folder.fold(shard, batch))

    start = fold.ledger.next_offset
    # Compaction has removed the last two records of the batch.
    take(start, packed(start, b"{}", b"{}", lasts=2))
    assert (fold.ledger.consumed, fold.ledger.next_offset) == (2, start + 2)
    assert shard.read_to(CALLS.topic) == start + 4
    assert shard.record_at[CALLS.topic] == 1.001
    take(start + 4, packed(start + 4, b"{}"))
    assert (fold.ledger.consumed, fold.ledger.next_offset) == (3, start + 5)
    assert len(shard.dead_letters) == 3
    with pytest.raises(AssertionError, match="a gap before offset"):
        take(start + 6, packed(start + 6, b"{}"))
