"""What waits for the database: nothing is lost, nothing goes back in time."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from agents.errors import DatabaseError
from agents.postgres.writer import SnapshotWriter
from streams.facts import Dims
from streams.ledger import Ledger
from streams.snapshot import PaneKey, Snapshot

A, B = PaneKey(0, Dims("a")), PaneKey(0, Dims("b"))


class Store:
    """A database in a dict: what each (partition, pane) holds."""

    def __init__(self) -> None:
        self.panes: dict[tuple[int, PaneKey], Any] = {}
        self.offsets: dict[int, int] = {}
        self.is_down = False
        self.writes = 0
        self.begun = asyncio.Event()
        self.may_end = asyncio.Event()
        self.may_end.set()

    async def write(self, snapshots: Sequence[Snapshot]) -> None:
        self.writes += 1
        self.begun.set()
        await self.may_end.wait()
        if self.is_down:
            raise DatabaseError("down")
        for snapshot in snapshots:
            self.offsets[snapshot.partition] = snapshot.ledger.next_offset
            for key, cells in snapshot.panes.items():
                self.panes[snapshot.partition, key] = cells["calls_offered"]


def snapshot(offset: int, panes: dict[PaneKey, int], partition: int = 0) -> Snapshot:
    cells = {key: {"calls_offered": count} for key, count in panes.items()}
    return Snapshot("ringside.calls", partition, Ledger(1, offset), cells)  # type: ignore[arg-type]


class Clock:
    """Time that stands still until it is moved."""

    at = 1000.0

    def __call__(self) -> float:
        return self.at


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.001)


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def writer(store: Store, clock: Clock) -> SnapshotWriter:
    return SnapshotWriter(store, snapshot_seconds=0.01, max_dirty_rows=5, now=clock)


async def test_snapshots_that_wait_are_folded_and_the_newest_value_counts(
    writer: SnapshotWriter, store: Store
) -> None:
    writer.put(snapshot(1, {A: 1, B: 1}))
    writer.put(snapshot(2, {A: 2}))
    assert await writer.write_pending()
    assert store.panes == {(0, A): 2, (0, B): 1}
    assert (store.offsets, store.writes) == ({0: 2}, 1)


async def test_the_snapshot_that_was_given_is_left_as_it_is(writer: SnapshotWriter) -> None:
    first = snapshot(1, {A: 1})
    writer.put(first)
    writer.put(snapshot(2, {B: 2}))
    assert first == snapshot(1, {A: 1})


async def test_partitions_are_kept_apart(writer: SnapshotWriter, store: Store) -> None:
    writer.put(snapshot(1, {A: 1}, partition=0))
    writer.put(snapshot(9, {A: 9}, partition=1))
    await writer.write_pending()
    assert store.panes == {(0, A): 1, (1, A): 9}


async def test_nothing_is_written_when_nothing_changed(
    writer: SnapshotWriter, store: Store
) -> None:
    assert await writer.write_pending()
    assert store.writes == 0


async def test_what_failed_is_kept_under_what_came_later(
    writer: SnapshotWriter, store: Store
) -> None:
    store.is_down = True
    writer.put(snapshot(1, {A: 1, B: 1}))
    assert not await writer.write_pending()
    writer.put(snapshot(2, {A: 2}))
    assert not await writer.write_pending()
    assert writer.failures == 2
    store.is_down = False
    assert await writer.write_pending()
    assert store.panes == {(0, A): 2, (0, B): 1}


@pytest.mark.parametrize("is_down", [True, False])
async def test_what_comes_in_during_a_write_is_not_lost(
    writer: SnapshotWriter, store: Store, *, is_down: bool
) -> None:
    writer.put(snapshot(1, {A: 1, B: 1}))
    store.may_end.clear()
    writing = asyncio.create_task(writer.write_pending())
    await store.begun.wait()
    writer.put(snapshot(2, {A: 2}))
    store.is_down = is_down
    store.may_end.set()
    assert await writing is not is_down
    store.is_down = False
    await writer.write_pending()
    assert store.panes == {(0, A): 2, (0, B): 1}
    assert store.offsets == {0: 2}
    assert writer.pending_rows == 0


async def test_a_write_that_is_cancelled_is_kept(writer: SnapshotWriter, store: Store) -> None:
    writer.put(snapshot(1, {A: 1}))
    store.may_end.clear()
    writing = asyncio.create_task(writer.write_pending())
    await store.begun.wait()
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    store.may_end.set()
    assert await writer.flush(30)
    assert store.panes == {(0, A): 1}


async def test_age_is_that_of_the_oldest_change_not_yet_written(
    writer: SnapshotWriter, store: Store, clock: Clock
) -> None:
    assert writer.age_seconds(clock.at) == 0
    store.is_down = True
    writer.put(snapshot(1, {A: 1}))
    clock.at = 1030.0
    writer.put(snapshot(2, {B: 1}))
    await writer.write_pending()
    assert writer.oldest_change_at == 1000
    assert writer.age_seconds(1042.0) == 42
    store.is_down = False
    await writer.write_pending()
    assert writer.age_seconds(1042.0) == 0


async def test_it_is_full_past_the_limit_and_no_more_once_written(writer: SnapshotWriter) -> None:
    writer.put(snapshot(1, {PaneKey(900 * n, Dims("a")): 1 for n in range(4)}))
    assert (writer.pending_rows, writer.is_full) == (5, False)  # four panes and the ledger
    writer.put(snapshot(2, {A: 2, B: 2}))
    assert (writer.pending_rows, writer.is_full) == (6, True)  # A was among the four
    await writer.write_pending()
    assert (writer.pending_rows, writer.is_full) == (0, False)


async def test_a_partition_that_went_elsewhere_is_forgotten_the_others_are_not(
    writer: SnapshotWriter, store: Store
) -> None:
    store.is_down = True
    writer.put(snapshot(1, {A: 1}, partition=0))
    writer.put(snapshot(1, {A: 1}, partition=1))
    store.may_end.clear()
    writing = asyncio.create_task(writer.write_pending())
    await store.begun.wait()
    writer.put(snapshot(2, {B: 1}, partition=0))
    writer.discard("ringside.calls", 0)
    store.may_end.set()
    await writing
    store.is_down = False
    await writer.write_pending()
    assert store.panes == {(1, A): 1}


async def test_it_goes_on_by_itself_when_the_database_is_back(
    writer: SnapshotWriter, store: Store
) -> None:
    store.is_down = True
    running = asyncio.create_task(writer.run())
    writer.put(snapshot(1, {A: 1}))
    await until(lambda: writer.failures >= 3)
    store.is_down = False
    await until(lambda: not writer.pending_rows)
    assert store.panes == {(0, A): 1}
    assert not running.done()
    running.cancel()


async def test_it_writes_at_once_when_it_is_full(store: Store) -> None:
    writer = SnapshotWriter(store, snapshot_seconds=3600, max_dirty_rows=1)
    running = asyncio.create_task(writer.run())
    await asyncio.sleep(0)
    writer.put(snapshot(1, {A: 1, B: 1}))
    async with asyncio.timeout(60):
        await store.begun.wait()
    running.cancel()


async def test_a_bug_is_not_mistaken_for_an_outage() -> None:
    class Broken:
        async def write(self, snapshots: Sequence[Snapshot]) -> None:
            raise TypeError(snapshots)

    writer = SnapshotWriter(Broken(), snapshot_seconds=0.01, max_dirty_rows=5)
    writer.put(snapshot(1, {A: 1}))
    with pytest.raises(TypeError):
        await writer.run()
    assert writer.pending_rows == 2


async def test_a_flush_gives_up_at_its_deadline_and_says_so(
    writer: SnapshotWriter, store: Store
) -> None:
    store.is_down = True
    writer.put(snapshot(1, {A: 1}))
    assert not await writer.flush(0.05)
    assert writer.pending_rows == 2


async def test_a_flush_does_not_wait_for_a_hanging_database(
    writer: SnapshotWriter, store: Store
) -> None:
    store.may_end.clear()
    writer.put(snapshot(1, {A: 1}))
    assert not await writer.flush(0.05)
    store.may_end.set()
    assert await writer.flush(30)
    assert store.panes == {(0, A): 1}


async def test_who_asks_is_told_what_is_written_and_nothing_before(store: Store) -> None:
    told: list[tuple[str, int, int]] = []
    writer = SnapshotWriter(
        store,
        snapshot_seconds=0.01,
        max_dirty_rows=5,
        on_written=lambda *written: told.append(written),
    )
    store.is_down = True
    writer.put(snapshot(1, {A: 1}))
    await writer.write_pending()
    assert told == []
    store.is_down = False
    writer.put(snapshot(2, {A: 2}))
    await writer.write_pending()
    assert told == [("ringside.calls", 0, 2)]


async def test_it_is_not_said_to_be_written_what_went_to_another_worker_meanwhile(
    store: Store,
) -> None:
    told: list[int] = []
    writer = SnapshotWriter(
        store,
        snapshot_seconds=0.01,
        max_dirty_rows=5,
        on_written=lambda _topic, partition, _offset: told.append(partition),
    )
    writer.put(snapshot(1, {A: 1}, partition=0))
    writer.put(snapshot(1, {A: 1}, partition=1))
    store.may_end.clear()
    writing = asyncio.create_task(writer.write_pending())
    await store.begun.wait()
    writer.discard("ringside.calls", 0)
    store.may_end.set()
    await writing
    assert told == [1]
