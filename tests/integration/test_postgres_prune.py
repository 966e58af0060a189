"""`ringside db prune`: what is old goes, and nothing else; beside a worker, again, and by whom."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
from postgres_support import SALES, prepared, read, session, sink_on, snapshot

from agents.__main__ import run
from agents.embedded.postgres import Database, Postgres

KEPT = {"RINGSIDE_KEEP_PANES_DAYS": "100", "RINGSIDE_KEEP_ENTITIES_DAYS": "60"}
AGES = """
    INSERT INTO ringside.pane (topic, partition, start_at, queue, rep, direction, kind, source,
        epoch, last_offset)
    SELECT 't', 0, now() - make_interval(days => age), 'q', 'r' || n, '', '', '', 1, 1
    FROM unnest(ARRAY[1, 99, 101, 400]) AS age, generate_series(1, 3) AS n;
    INSERT INTO ringside.meeting (topic, partition, meeting_id, epoch, last_offset, source, rep,
        starts_at, times_moved, last_at)
    SELECT 't', 0, id, 1, 1, '', '', now() - starts, 0, now() - last
    FROM (VALUES ('old', interval '70 d', interval '70 d'), ('new', '50 d', '50 d'),
        ('old, with news', '70 d', '3 d'), ('ahead', '-3 d', '70 d'), ('never booked', NULL, '70 d')
    ) AS of (id, starts, last);
    INSERT INTO ringside.activity (topic, partition, activity_id, epoch, last_offset, source, rep,
        kind, logged_at)
    SELECT 't', 0, id, 1, 1, '', '', '', now() - age
    FROM (VALUES ('old', interval '61 d'), ('new', '59 d'), ('taken back', NULL)) AS of (id, age);
    INSERT INTO ringside.rep_turn (topic, partition, rep, since, epoch, last_offset, until, state,
        reason, source)
    SELECT 't', 0, id, now() - since, 1, 1, now() - until, 'paused', '', ''
    FROM (VALUES ('old', interval '70 d', interval '69 d'), ('long', '70 d', '50 d'),
        ('left', '90 d', NULL), ('now', '5 d', NULL)) AS of (id, since, until);
    INSERT INTO ringside.deal (topic, partition, deal_id, epoch, last_offset, source, rep, pipeline,
        status, last_at, stage, moves, segment, owners, turns, is_cut)
    SELECT 't', 0, id, 1, 1, '', '', '', status, now() - age, '', '[]', '', '[]', '[]', false
    FROM (VALUES ('won long ago', 'won', interval '400 d'), ('won', 'won', '300 d'),
        ('open for years', 'open', '900 d')) AS of (id, status, age);
"""


@dataclass(frozen=True)
class Pruned:
    """A database with rows of many ages, and who may prune it."""

    admin_url: str
    writer_url: str
    env: dict[str, str]

    def names(self, table: str, column: str) -> list[str]:
        query = f"SELECT {column} FROM ringside.{table} ORDER BY 1"  # noqa: S608
        return [str(name) for (name,) in asyncio.run(read(self.admin_url, query))]

    def panes(self) -> int:
        ((count,),) = asyncio.run(read(self.admin_url, "SELECT count(*) FROM ringside.pane"))
        assert isinstance(count, int)
        return count


@pytest.fixture
def pruned(postgres: Postgres, tmp_path: Path) -> Iterator[Pruned]:
    database: Database = postgres.create_database(f"prune_{secrets.token_hex(6)}")
    users = asyncio.run(prepared(database))
    asyncio.run(_fill(users.admin_url))
    name, file = f"pruner_{secrets.token_hex(4)}", tmp_path / "password"
    file.write_text("a password\n", encoding="utf-8")
    made = ["db", "create-user", name, "--role", "pruner", "--password-file", str(file)]
    assert run(made, {"RINGSIDE_DATABASE_ADMIN_URL": users.admin_url}) == 0
    env = {"RINGSIDE_DATABASE_URL": database.url(name, "a password")}
    yield Pruned(users.admin_url, users.writer_url, env)
    postgres.drop_database(database.name)


async def _fill(url: str) -> None:
    async with session(url) as connection:
        await connection.execute(AGES)


def test_what_is_older_than_it_is_to_be_kept_goes_and_nothing_else(
    pruned: Pruned, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert run(["db", "prune"], pruned.env) == 2
    assert "RINGSIDE_KEEP_PANES_DAYS" in capsys.readouterr().err

    env = pruned.env | KEPT
    assert run(["db", "prune", "--dry-run"], env) == 0
    told = capsys.readouterr().out
    # 6 panes, 2 meetings, 2 activities, 2 states of reps, 1 deal.
    assert "pane: 6 rows" in told
    assert "13 rows would go" in told
    assert pruned.panes() == 12

    assert run(["db", "prune"], env) == 0
    assert "13 rows deleted" in capsys.readouterr().out
    assert pruned.panes() == 6
    assert pruned.names("meeting", "meeting_id") == ["ahead", "new", "old, with news"]
    assert pruned.names("activity", "activity_id") == ["new"]
    assert pruned.names("rep_turn", "rep") == ["long", "now"]
    assert pruned.names("deal", "deal_id") == ["open for years", "won"]

    assert run(["db", "prune"], env) == 0
    assert "\n0 rows deleted" in capsys.readouterr().out


def test_it_waits_for_no_worker_and_no_worker_for_it(
    pruned: Pruned, capsys: pytest.CaptureFixture[str]
) -> None:
    async def beside_a_worker() -> int:
        async with sink_on(pruned.writer_url) as sink, session(pruned.writer_url) as writer:
            async with writer.transaction():
                # Uncommitted, as in the middle of a checkpoint.
                await writer.execute("UPDATE ringside.pane SET last_offset = 2 WHERE rep = 'r1'"
                    " AND start_at > now() - interval '50 days'")  # fmt: skip
                code = await asyncio.to_thread(run, ["db", "prune"], pruned.env | KEPT)
                assert code == 0
            await sink.write([snapshot(1, {SALES: {"calls_offered": 1}})])
        return code

    assert asyncio.run(beside_a_worker()) == 0
    assert "13 rows deleted" in capsys.readouterr().out
    assert pruned.panes() == 7


def test_one_prunes_at_a_time(pruned: Pruned, capsys: pytest.CaptureFixture[str]) -> None:
    async def beside_another() -> int:
        async with session(pruned.env["RINGSIDE_DATABASE_URL"]) as other:
            await other.fetchval("SELECT pg_advisory_lock(7246391002)")
            return await asyncio.to_thread(run, ["db", "prune"], pruned.env | KEPT)

    assert asyncio.run(beside_another()) == 1
    assert "somebody else prunes" in capsys.readouterr().err
    assert pruned.panes() == 12


FORBIDDEN = (
    "SELECT customer FROM ringside.call",
    "UPDATE ringside.pane SET calls_offered = 0",
    "INSERT INTO ringside.alert (name) VALUES ('x')",
    "DELETE FROM ringside.ledger",
    "DELETE FROM ringside.roster_rep",
    "SELECT * FROM ringside.kpi_day",
)


def test_a_pruner_may_do_nothing_else(pruned: Pruned) -> None:
    async def attempt(statement: str) -> None:
        connection = await asyncpg.connect(pruned.env["RINGSIDE_DATABASE_URL"])
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    for statement in FORBIDDEN:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            asyncio.run(attempt(statement))
