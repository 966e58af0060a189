"""Views over calls in a real PostgreSQL: across midnight, and a span of intervals."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import asyncpg
import pytest
import pytest_asyncio
from boards import Asked, with_macros
from postgres_support import Users, prepared, read

from dashboards.queries import queries

if TYPE_CHECKING:
    from agents.embedded.postgres import Postgres


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def users(postgres: Postgres) -> AsyncIterator[Users]:
    database = postgres.create_database("test_views_of_calls")
    yield await prepared(database)
    postgres.drop_database(database.name)


@pytest.fixture
async def connection(users: Users) -> AsyncIterator[asyncpg.Connection]:
    opened = await asyncpg.connect(users.admin_url)
    everything = opened.transaction()
    await everything.start()
    yield opened
    await everything.rollback()
    await opened.close()


async def call(connection: asyncpg.Connection, name: str, queue: str, **at: datetime) -> None:
    """A call with these instants, `offered_at` among them."""
    row: dict[str, object] = {"topic": "ringside.calls", "partition": 0, "call_id": name, "leg": 1}
    row |= {"epoch": 1, "last_offset": 1, "source": "pbx", "queue": queue, "rep": ""}
    row |= {"direction": "inbound", "holds": 0, "last_at": max(at.values())}
    row |= {"outcome": "abandoned" if "abandoned_at" in at else "answered"} | at
    places = ", ".join(f"${index}" for index in range(1, len(row) + 1))
    await connection.execute(
        f"INSERT INTO ringside.call ({', '.join(row)}) VALUES ({places})",  # noqa: S608
        *row.values(),
    )


async def located(connection: asyncpg.Connection, queue: str, site: str, zone: str) -> None:
    always = "'-infinity', 'infinity'"
    await connection.execute(
        f"INSERT INTO ringside.roster_site VALUES ($1, {always}, $2, '{{}}', '{{}}')",  # noqa: S608
        *(site, zone),
    )
    await connection.execute(
        f"INSERT INTO ringside.roster_queue VALUES ($1, {always}, $2, 20, 5)",  # noqa: S608
        *(queue, site),
    )


async def test_a_call_is_across_midnight_by_the_clock_of_its_queues_site(
    connection: asyncpg.Connection,
) -> None:
    # Midnight of 10 to 11 March in Hanoi is 17:00 UTC; that of UTC is no midnight there. In New
    # York clocks go ahead on the 8th at 07:00 UTC: midnight is at 05:00 before, 04:00 after.
    def utc(day: int, hour: int, minute: int) -> datetime:
        return datetime(2026, 3, day, hour, minute, tzinfo=UTC)

    await located(connection, "sales", "hanoi", "Asia/Ho_Chi_Minh")
    await located(connection, "west", "ny", "America/New_York")
    lives: dict[str, tuple[str, dict[str, datetime]]] = {
        "talks over it": ("sales", {"offered_at": utc(10, 16, 50), "ended_at": utc(10, 17, 5)}),
        "gives up after it": (
            *("sales",),
            {"offered_at": utc(10, 16, 59), "abandoned_at": utc(10, 17, 0)},
        ),
        "ends before it": ("sales", {"offered_at": utc(10, 16, 50), "ended_at": utc(10, 16, 59)}),
        "midnight of UTC only": (
            "sales",
            {"offered_at": utc(10, 23, 50), "ended_at": utc(11, 0, 9)},
        ),
        "before the change": ("west", {"offered_at": utc(8, 4, 50), "ended_at": utc(8, 5, 10)}),
        "after the change": ("west", {"offered_at": utc(9, 3, 50), "ended_at": utc(9, 4, 10)}),
        "an hour off": ("west", {"offered_at": utc(9, 4, 50), "ended_at": utc(9, 5, 10)}),
        "passed on, then ends": (
            "west",
            {
                "offered_at": utc(9, 3, 50),
                "transferred_at": utc(9, 3, 55),
                "ended_at": utc(9, 4, 10),
            },
        ),
        "of nobody knows where": ("x", {"offered_at": utc(10, 23, 59), "ended_at": utc(11, 0, 1)}),
    }
    for name, (queue, at) in lives.items():
        await call(connection, name, queue, **at)
    found = await connection.fetch(
        "SELECT day, site, queue, calls FROM ringside.call_across_midnight ORDER BY day, site"
    )
    assert [tuple(row) for row in found] == [
        # 23:50 on the 7th and on the 8th in New York.
        (date(2026, 3, 7), "ny", "west", 1),
        (date(2026, 3, 8), "ny", "west", 1),
        (date(2026, 3, 10), "hanoi", "sales", 2),
        (date(2026, 3, 10), "unknown", "x", 1),
    ]


async def test_of_a_thousand_intervals_those_that_end_within_the_span_are_reconciled(
    connection: asyncpg.Connection,
) -> None:
    await connection.execute(
        """INSERT INTO ringside.call (
            topic, partition, call_id, leg, epoch, last_offset, source, queue, rep, direction,
            holds, outcome, offered_at, answered_at, ended_at, last_at, wait_seconds
        )
        SELECT 'ringside.calls', 0, n::text, 1, 1, n, 'pbx', 'sales', '', 'inbound', 0, 'answered',
            at, at, at + interval '1 minute', at, 0
        FROM generate_series(1, 20000) AS n
        CROSS JOIN LATERAL (
            SELECT '2026-03-01Z'::timestamptz + n * interval '1 minute' AS at
        ) AS t"""
    )
    await connection.execute(
        """INSERT INTO ringside.pbx_counters
        SELECT 'ringside.counters', 0, 'pbx', 'sales', at, at + interval '15 minutes', 1, n, 15, 0,
            NULL, NULL, 'answered_of_answered', at
        FROM generate_series(0, 1000) AS n
        CROSS JOIN LATERAL (
            SELECT '2026-03-01 12:00Z'::timestamptz + n * interval '15 minutes' AS at
        ) AS t"""
    )
    await connection.execute(
        """INSERT INTO ringside.ledger VALUES
        ('ringside.calls', 0, 1, 1, 1, 1, 0, 0, 0, 0, '2027-01-01Z', '2027-01-01Z', '{}')"""
    )
    await connection.execute("ANALYZE ringside.call, ringside.pbx_counters")
    asked = "ringside.reconciled('2026-03-05Z', '2026-03-05 01:00Z')"
    rows = await connection.fetch(f"SELECT completed, completed_difference FROM {asked}")  # noqa: S608
    assert [tuple(row) for row in rows] == [(15, 0)] * 4


async def test_the_writer_and_the_reader_may_ask_for_an_interval(users: Users) -> None:
    for url in (users.writer_url, users.reader_url):
        assert await read(url, "SELECT * FROM ringside.reconciled('-infinity', 'infinity')") == []


async def test_a_shift_is_told_by_the_states_that_are_kept_and_before_them_by_the_calls(
    connection: asyncpg.Connection,
) -> None:
    # Linh: 08:00 to 08:10, then after-call work to 08:12. Two at once, 09:00 to 09:10 and 09:05 to
    # 09:20, after-call work of the first to 09:25. One of 11:00 to 11:05, where states are kept:
    # available from 10:30, paused from 11:00. Nobody answered f; Mai has no state at all.
    def at(hour: int, minute: int = 0) -> datetime:
        return datetime(2026, 9, 14, hour, minute, tzinfo=UTC)

    for name, rep, start, over, done in (
        ("a", "linh", at(8), at(8, 10), at(8, 12)),
        ("b", "linh", at(9), at(9, 10), at(9, 25)),
        ("c", "linh", at(9, 5), at(9, 20), None),
        ("d", "linh", at(11), at(11, 5), None),
        ("e", "mai", at(8), at(8, 3), None),
    ):
        times = {"offered_at": start, "answered_at": start, "ended_at": over}
        await call(
            connection, name, "loans", **times, **({"wrapup_ended_at": done} if done else {})
        )
        await connection.execute("UPDATE ringside.call SET rep = $2 WHERE call_id = $1", name, rep)
    await call(connection, "f", "loans", offered_at=at(8), abandoned_at=at(9))
    await connection.execute(
        """INSERT INTO ringside.rep_state (topic, partition, rep, epoch, last_offset, source, state,
               reason, since)
           VALUES ('ringside.reps', 0, 'linh', 1, 1, 'pbx', 'paused', 'lunch', $1),
               ('ringside.reps', 0, 'an', 1, 1, 'pbx', 'offline', '', $1)""",
        at(11),
    )
    for rep, since, until, state, reason in (
        ("linh", at(10, 30), at(11), "available", ""),
        ("linh", at(10, 45), at(10, 45), "", ""),  # taken back
        ("linh", at(11), None, "paused", "lunch"),
        ("an", at(2), at(6, 30), "paused", "training"),  # over before the chosen time
        ("an", at(6, 30), at(9), "paused", "training"),  # from 07:00 on it is in it
        ("an", at(9), at(9, 5), "on_call", ""),
        ("an", at(9, 5), at(9, 20), "paused", "training"),
        ("an", at(9, 20), None, "offline", ""),
    ):
        await connection.execute(
            """INSERT INTO ringside.rep_turn
               VALUES ('ringside.reps', 0, $1, $2, 1, 1, $3, $4, $5, 'pbx')""",
            *(rep, since, until, state, reason),
        )
    (query,) = (one for one in queries() if (one.board, one.panel) == ("rep", "States"))
    asked = Asked("", "", at(12), timedelta(hours=5))
    found = [tuple(row) for row in await connection.fetch(with_macros(query.expression, asked))]
    assert [(time, state) for time, rep, state in found if rep == "linh"] == [
        (at(8), "on_call"),
        (at(8, 10), "after_call_work"),
        (at(8, 12), "between_calls"),
        (at(9), "on_call"),
        (at(9, 5), "on_call"),
        (at(9, 10), "on_call"),
        (at(9, 20), "after_call_work"),
        (at(9, 25), "between_calls"),
        (at(10, 30), "available"),
        (at(11), "paused: lunch"),
    ]
    assert [(time, state) for time, rep, state in found if rep == "an"] == [
        (at(7), "paused: training"),
        (at(9), "on_call"),
        (at(9, 5), "paused: training"),
        (at(9, 20), "offline"),
    ]
    assert [(time, state) for time, rep, state in found if rep == "mai"] == [
        (at(8), "on_call"),
        (at(8, 3), "between_calls"),
    ]
    assert {rep for _, rep, _ in found} == {"linh", "mai", "an"}

    (query,) = (one for one in queries() if (one.board, one.panel) == ("rep", "Paused, by reason"))
    found = [tuple(row) for row in await connection.fetch(with_macros(query.expression, asked))]
    # Of an 07:00 to 09:00 and 09:05 to 09:20; of linh an hour, to the end of the chosen time.
    assert found == [
        ("an", "training", 2, 7200, 8100),
        ("linh", "lunch", 1, 3600, 3600),
    ]
