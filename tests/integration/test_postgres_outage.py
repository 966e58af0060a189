"""The database goes away and comes back: the writer keeps everything and doubles nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from postgres_support import LATENESS_SECONDS, SALES, Users, prepared, read, snapshot

from agents.embedded.postgres import Postgres
from agents.postgres.pool import Database
from agents.postgres.sink import PostgresSink
from agents.postgres.writer import SnapshotWriter
from streams.facts import Amount, Dims
from streams.snapshot import PaneKey, Snapshot

TOTAL = "SELECT partition, last_offset, calls_offered FROM ringside.pane ORDER BY partition"


@pytest.fixture
async def users(new_postgres: Postgres) -> Users:
    return await prepared(new_postgres.database)


@pytest.fixture
async def writer(users: Users) -> AsyncIterator[SnapshotWriter]:
    """A running writer that tries often."""
    database = Database(users.writer_url)
    sink = PostgresSink(database, lateness_of=lambda _: LATENESS_SECONDS)
    writer = SnapshotWriter(sink, snapshot_seconds=0.05, max_dirty_rows=1000)
    running = asyncio.create_task(writer.run())
    yield writer
    assert not running.done()
    running.cancel()
    await database.close()


def offered(next_offset: int, count: int, partition: int = 0) -> Snapshot:
    return snapshot(next_offset, {SALES: {"calls_offered": count}}, partition=partition)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(180):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.005)


async def test_what_was_counted_while_the_database_was_away_arrives_once(
    new_postgres: Postgres, users: Users, writer: SnapshotWriter
) -> None:
    writer.put(offered(1, 1))
    await until(lambda: writer.pending_rows == 0)
    assert writer.failures == 0
    await asyncio.to_thread(new_postgres.stop)
    writer.put(offered(2, 2))
    writer.put(offered(7, 4, partition=1))
    await until(lambda: writer.failures > 0)
    writer.put(offered(3, 3))
    assert writer.oldest_change_at is not None
    assert writer.pending_rows >= 4
    await asyncio.to_thread(new_postgres.start)
    await until(lambda: writer.pending_rows == 0)
    assert writer.oldest_change_at is None
    assert await read(users.reader_url, TOTAL) == [(0, 3, 3), (1, 7, 4)]


async def test_a_worker_that_starts_before_its_database_catches_up(
    new_postgres: Postgres, users: Users
) -> None:
    await asyncio.to_thread(new_postgres.stop)
    database = Database(users.writer_url)
    sink = PostgresSink(database, lateness_of=lambda _: LATENESS_SECONDS)
    writer = SnapshotWriter(sink, snapshot_seconds=0.05, max_dirty_rows=1000)
    writer.put(offered(1, 1))
    assert not await writer.flush(0.2)
    await asyncio.to_thread(new_postgres.start)
    assert await writer.flush(120)
    assert await read(users.reader_url, TOTAL) == [(0, 1, 1)]
    await database.close()


async def test_kill_minus_nine_of_the_server_in_the_middle_loses_and_doubles_nothing(
    new_postgres: Postgres, users: Users, writer: SnapshotWriter
) -> None:
    # 400 panes, each put 60 times with a greater count while the server is killed three times.
    keys = [PaneKey(900 * n, Dims("sales")) for n in range(400)]
    for count in range(1, 61):
        panes: dict[PaneKey, dict[str, Amount]] = {key: {"calls_offered": count} for key in keys}
        writer.put(snapshot(count, panes))
        if count in {10, 30, 50}:
            # Kill it while it writes.
            await until(lambda: bool(writer._writing))
            await asyncio.to_thread(new_postgres.kill)
            failures = writer.failures
            # Had the write just ended, nothing would be left to fail.
            writer.put(snapshot(count, panes))
            await until(lambda before=failures: writer.failures > before)
            await asyncio.to_thread(new_postgres.start)
        await asyncio.sleep(0)
    await until(lambda: writer.pending_rows == 0)
    assert writer.failures >= 3
    found = await read(
        users.reader_url,
        "SELECT count(*), min(calls_offered), max(calls_offered), min(last_offset) FROM pane",
    )
    assert found == [(400, 60, 60, 60)]


async def test_a_table_locked_for_long_is_an_outage_too(
    users: Users, new_postgres: Postgres
) -> None:
    database = Database(users.writer_url, statement_seconds=0.5)
    sink = PostgresSink(database, lateness_of=lambda _: LATENESS_SECONDS)
    writer = SnapshotWriter(sink, snapshot_seconds=0.05, max_dirty_rows=1000)
    holder = Database(new_postgres.database.admin_url)
    writer.put(offered(1, 1))
    async with holder.transaction() as connection:
        await connection.execute("LOCK TABLE ringside.pane")
        assert not await writer.write_pending()
    assert await writer.flush(120)
    assert await read(users.reader_url, TOTAL) == [(0, 1, 1)]
    await database.close()
    await holder.close()
