"""A question about one day reads the panes of about that day, not all there are."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from boards import Asked, with_macros
from postgres_support import Users, prepared, session
from query_plans import rows_read

from agents.embedded.postgres import Postgres
from dashboards.queries import queries

END = datetime(2026, 9, 30, tzinfo=UTC)
DAYS = 30
FILL = """
    INSERT INTO ringside.pane (topic, partition, start_at, queue, rep, direction, kind, source,
        epoch, last_offset, calls_offered, calls_answered)
    SELECT 'ringside.calls', 0, at, 'q' || (n % 5), 'r' || n, 'inbound', '', '', 1, 1, 1, 1
    FROM generate_series($1::timestamptz - make_interval(days => $2::int),
        $1::timestamptz - interval '15 minutes', interval '15 minutes') AS at,
        generate_series(1, 10) AS n
"""
PANES = DAYS * 96 * 10
VIEWS = ("kpi_day", "kpi_queue_day", "kpi_team_day", "kpi_rep_day")


@pytest.fixture(scope="module")
def filled(postgres: Postgres) -> Iterator[Users]:
    database = postgres.create_database(f"days_{secrets.token_hex(6)}")
    users = asyncio.run(prepared(database))
    asyncio.run(_fill(users.admin_url))
    yield users
    postgres.drop_database(database.name)


async def _fill(url: str) -> None:
    async with session(url) as connection:
        await connection.execute(FILL, END, DAYS)
        await connection.execute("ANALYZE ringside.pane")


@pytest.mark.parametrize("view", VIEWS)
async def test_one_day_of_a_day_view_reads_the_panes_near_it(filled: Users, view: str) -> None:
    day = (END - timedelta(days=9)).date()
    async with session(filled.reader_url) as connection:
        query = f"SELECT * FROM ringside.{view} WHERE day = '{day}'"  # noqa: S608
        read = await rows_read(connection, query, "pane")
        total = len(await connection.fetch(query))
    # The roster is empty: all is of the time zone UTC, and of the team "unknown".
    assert total == {"kpi_queue_day": 5, "kpi_team_day": 1}.get(view, 10)
    assert 0 < read <= (14 + 36) / 24 * PANES / DAYS + 2  # and the first and the last one


async def test_all_days_are_what_their_quarters_add_up_to(filled: Users) -> None:
    async with session(filled.reader_url) as connection:
        found = await connection.fetchrow(
            "SELECT count(DISTINCT day), sum(calls_answered)::int FROM ringside.kpi_day"
        )
    assert tuple(found) == (DAYS, PANES)


async def test_no_board_that_looks_at_a_day_reads_all_panes(filled: Users) -> None:
    asked = Asked("", filled.reader_url, END - timedelta(days=9), timedelta(days=1))
    async with session(filled.reader_url) as connection:
        for query in queries():
            if query.datasource == "postgres":
                read = await rows_read(connection, with_macros(query.expression, asked), "pane")
                assert read <= PANES / 4, f"{query.board}, {query.panel}: {read:,.0f} panes"
