"""A question about one interval reads the calls that ended then, not all there are."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from postgres_support import Users, prepared, session
from query_plans import rows_read

from agents.embedded.postgres import Postgres

END = datetime(2026, 9, 30, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)
QUEUES = 5
CALLS = 20_000
"""One a minute, each answered after 10 s and over after 60 s; two weeks of them."""
FILL = """
    INSERT INTO ringside.call (topic, partition, call_id, leg, epoch, last_offset, source, queue,
        rep, direction, offered_at, answered_at, ended_at, wait_seconds, outcome, last_at, holds)
    SELECT 'ringside.calls', 0, 'c' || n, 1, 1, n, 'pbx', 'q' || (n % 5), 'r', 'inbound',
        at, at + interval '10 s', at + interval '60 s', 10, 'answered', at + interval '60 s', 0
    FROM generate_series(1, $2::int) AS n,
        LATERAL (SELECT $1::timestamptz - make_interval(mins => n) AS at) AS came
"""
COUNTERS = """
    INSERT INTO ringside.pbx_counters (topic, partition, source, queue, from_at, to_at, epoch,
        last_offset, completed, abandoned, service_level_rule, told_at)
    SELECT 'ringside.calls', 0, 'pbx', 'q' || queue, to_at - interval '30 min', to_at, 1, 1, 6,
        0, '', to_at
    FROM generate_series(0, 4) AS queue,
        generate_series($1::timestamptz - interval '13 days', $1, interval '30 min') AS to_at
"""


@pytest.fixture(scope="module")
def filled(postgres: Postgres) -> Iterator[Users]:
    database = postgres.create_database(f"reconciled_{secrets.token_hex(6)}")
    users = asyncio.run(prepared(database))
    asyncio.run(_fill(users.admin_url))
    yield users
    postgres.drop_database(database.name)


async def _fill(url: str) -> None:
    async with session(url) as connection:
        await connection.execute(FILL, END, CALLS)
        await connection.execute(COUNTERS, END)
        await connection.execute("ANALYZE ringside.call")
        await connection.execute("ANALYZE ringside.pbx_counters")


async def _calls_read(users: Users, since: datetime, until: datetime, plan_for: str) -> float:
    """Return how many calls are read, those left out afterwards among them."""
    async with session(users.reader_url) as connection, connection.transaction():
        await connection.execute(f"SET LOCAL plan_cache_mode = force_{plan_for}_plan")
        await connection.execute(
            "PREPARE asked(timestamptz, timestamptz) AS SELECT * FROM ringside.reconciled($1, $2)"
        )
        execute = f"EXECUTE asked('{since.isoformat()}', '{until.isoformat()}')"
        read = await rows_read(connection, execute, "call")
        assert len(await connection.fetch(execute)) == QUEUES * (until - since) / HALF_HOUR
        await connection.execute("DEALLOCATE asked")
    return read


# The plan for any two instants is the one of a worker that asks again and again.
@pytest.mark.parametrize("plan_for", ["custom", "generic"])
@pytest.mark.parametrize("half_hours", [1, 48])
async def test_an_interval_reads_the_calls_that_ended_in_it(
    filled: Users, half_hours: int, plan_for: str
) -> None:
    until = END - timedelta(days=5)
    read = await _calls_read(filled, until - half_hours * HALF_HOUR, until, plan_for)
    assert read == 30 * half_hours
