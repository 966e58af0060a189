"""Who may do what: the worker writes its tables, Grafana reads, neither does more."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator

import asyncpg
import pytest
from postgres_support import SALES, Users, prepared, read, session, sink_on, snapshot

from agents.embedded.postgres import Database, Postgres
from agents.errors import DatabaseError
from agents.postgres.errors import AccessRefusedError, NoRightsError
from agents.postgres.users import create_user

REFUSED = asyncpg.InsufficientPrivilegeError
EVERYTHING = """
    SELECT relname::text FROM pg_class
    WHERE relnamespace = 'ringside'::regnamespace AND relkind IN ('r', 'v') ORDER BY 1"""


@pytest.fixture(scope="module")
def database(postgres: Postgres) -> Iterator[Database]:
    """One for all: nobody here can change what it holds."""
    made = postgres.create_database(f"roles_{secrets.token_hex(6)}")
    yield made
    postgres.drop_database(made.name)


@pytest.fixture(scope="module")
def users(database: Database) -> Users:
    return asyncio.run(prepared(database))


async def attempt(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_a_reader_reads_every_table_and_view(users: Users) -> None:
    names = [str(name) for (name,) in await read(users.admin_url, EVERYTHING)]
    assert "pane" in names
    for name in names:
        await read(users.reader_url, f"SELECT * FROM ringside.{name} LIMIT 1")  # noqa: S608


async def test_a_reader_finds_the_tables_without_naming_the_schema(users: Users) -> None:
    assert await read(users.reader_url, "SELECT rep FROM pane") == []


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO ringside.roster_activity_volume VALUES ('x')",
        "UPDATE ringside.ledger SET consumed = 0",
        "DELETE FROM ringside.pane",
        "TRUNCATE ringside.pane",
        "CREATE TABLE ringside.mine (a int)",
        "CREATE TABLE public.mine (a int)",
        "DROP TABLE ringside.pane",
    ],
)
async def test_a_reader_cannot_write_even_when_it_says_it_may(users: Users, statement: str) -> None:
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        await attempt(users.reader_url, statement)
    with pytest.raises(REFUSED):
        await attempt(users.reader_url, "SET default_transaction_read_only = off", statement)


async def test_a_readers_statement_ends_after_half_a_minute(users: Users) -> None:
    assert await read(users.reader_url, "SHOW statement_timeout") == [("30s",)]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM ringside.pane",
        "TRUNCATE ringside.pane",
        "SELECT * FROM ringside.roster_rep",
        "UPDATE ringside.alembic_version SET version_num = '0'",
        "UPDATE ringside.roster_queue SET target_seconds = 1",
        "DELETE FROM ringside.roster_version",
        "DELETE FROM ringside.deal_stay",
        "UPDATE ringside.deal_journey SET stays = 0",
        "SELECT ringside.follow_deals('{}')",
        "INSERT INTO ringside.alembic_version VALUES ('0')",
        "CREATE TABLE ringside.mine (a int)",
        "CREATE TABLE public.mine (a int)",
        "ALTER TABLE ringside.pane ADD COLUMN mine int",
        "DROP TABLE ringside.pane",
        "SET ROLE ringside_migrator",
        "CREATE ROLE mine",
    ],
)
async def test_a_writer_can_do_nothing_but_write_its_tables(users: Users, statement: str) -> None:
    with pytest.raises(REFUSED):
        await attempt(users.writer_url, statement)


async def test_a_writer_reads_no_view_but_those_that_it_learns_from(users: Users) -> None:
    views = await read(
        users.admin_url, "SELECT viewname::text FROM pg_views WHERE schemaname = 'ringside'"
    )
    for allowed in ("pane_located", "reconciliation"):
        views.remove((allowed,))
    for (view,) in views:
        with pytest.raises(REFUSED):
            await attempt(users.writer_url, f"SELECT * FROM ringside.{view} LIMIT 1")  # noqa: S608


async def test_the_worker_is_told_when_it_was_given_the_readers_url(users: Users) -> None:
    async with sink_on(users.reader_url) as sink:
        with pytest.raises(DatabaseError, match="read-only transaction"):
            await sink.write([snapshot(1, {SALES: {"calls_offered": 1}})])


async def test_a_new_password_replaces_the_old_one(database: Database, users: Users) -> None:
    name = f"changing_{database.name}"
    async with session(users.admin_url) as connection:
        assert await create_user(connection, name, "reader", "the first one")
        assert not await create_user(connection, name, "reader", "the \"second\" 'one'")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await read(database.url(name, "the first one"), "SELECT 1")
    assert await read(database.url(name, "the \"second\" 'one'"), "SELECT 1") == [(1,)]


async def test_a_user_that_becomes_a_reader_writes_no_more(
    database: Database, users: Users
) -> None:
    name = f"demoted_{database.name}"
    delete = "INSERT INTO ringside.ledger SELECT * FROM ringside.ledger"
    async with session(users.admin_url) as connection:
        await create_user(connection, name, "writer", "secret")
        await attempt(database.url(name, "secret"), delete)
        await create_user(connection, name, "reader", "secret")
    writing = ("SET default_transaction_read_only = off", delete)
    with pytest.raises(REFUSED):
        await attempt(database.url(name, "secret"), *writing)


async def test_two_users_made_at_one_time_are_both_there(database: Database, users: Users) -> None:
    names = [f"twin{n}_{database.name}" for n in range(2)]

    async def make(name: str) -> bool:
        async with session(users.admin_url) as connection:
            return await create_user(connection, name, "writer", "secret")

    assert await asyncio.gather(*map(make, names)) == [True, True]


@pytest.mark.parametrize(
    "name", ["postgres", "ringside_writer", "ringside_mine", "pg_mine", "pg_monitor"]
)
async def test_a_name_that_is_not_ours_to_give_is_refused(users: Users, name: str) -> None:
    async with session(users.admin_url) as connection:
        with pytest.raises(DatabaseError, match="choose another"):
            await create_user(connection, name, "reader", "secret")


async def test_somebody_elses_user_is_left_alone(database: Database, users: Users) -> None:
    name = f"theirs_{database.name}"
    async with session(users.admin_url) as connection:
        await connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'theirs'")
        with pytest.raises(DatabaseError, match="choose another"):
            await create_user(connection, name, "reader", "ours")
    assert await read(database.url(name, "theirs"), "SELECT 1") == [(1,)]


@pytest.mark.parametrize("password", ["", "two\nlines", "mật khẩu"])
async def test_a_password_that_cannot_be_typed_everywhere_is_refused(
    users: Users, password: str
) -> None:
    async with session(users.admin_url) as connection:
        with pytest.raises(DatabaseError, match="one line of printable ASCII"):
            await create_user(connection, "somebody", "reader", password)


async def test_a_writer_may_not_make_users(users: Users) -> None:
    with pytest.raises(NoRightsError, match="more rights"):
        async with session(users.writer_url) as connection:
            await create_user(connection, "somebody_new", "reader", "secret")


async def test_a_wrong_password_of_the_worker_is_named_as_such(
    database: Database, users: Users
) -> None:
    url = database.url("postgres", "wrong")
    assert url != users.admin_url
    async with sink_on(url) as sink:
        with pytest.raises(AccessRefusedError, match="password"):
            await sink.write([snapshot(1)])
