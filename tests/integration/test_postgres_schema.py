"""Migrations lead to the schema, in one step or several, and refuse what they must."""

from __future__ import annotations

import asyncio
import re
import subprocess
from pathlib import Path

import pytest
from postgres_support import Users, prepared, quietly, read, session, sink_on, snapshot

from agents.__main__ import run
from agents.embedded.postgres import HOST, Database, Postgres
from agents.errors import DatabaseError
from agents.postgres.errors import NoRightsError, SchemaAheadError, SchemaBehindError
from agents.postgres.migrate import VIEW_SCRIPTS, migrate
from agents.postgres.revisions import known
from agents.postgres.scripts import script
from schemas.measure import Unit
from schemas.measures import HISTOGRAMS, MEASURES

NEWEST = known()[0]
"""The revision of this release: the newest migration, whatever its number."""

COLUMNS = """
    SELECT column_name::text, format_type(atttypid, atttypmod), is_nullable::text
    FROM information_schema.columns
    JOIN pg_attribute ON attrelid = 'ringside.pane'::regclass AND attname = column_name
    WHERE table_schema = 'ringside' AND table_name = 'pane'
    ORDER BY ordinal_position"""


@pytest.fixture
async def users(database: Database) -> Users:
    return await prepared(database)


def dump(server: Postgres, database: Database) -> str:
    """The schema as pg_dump writes it, without what differs from run to run."""
    command = (
        *(str(server.programs / "pg_dump"), "--schema-only", "--schema=ringside"),
        *("--no-privileges", "--exclude-table=ringside.alembic_version"),
        *("-h", HOST, "-p", str(database.port), "-U", "postgres", "-d", database.name),
    )
    env = {"PGPASSWORD": database.admin_password}
    text = subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout  # noqa: S603
    return re.sub(r"^\\(un)?restrict .*$", "", text, flags=re.MULTILINE)


async def test_migrations_and_schema_file_lead_to_the_same(
    postgres: Postgres, database: Database, users: Users
) -> None:
    other = postgres.create_database(f"{database.name}_b")
    try:
        async with session(other.admin_url) as connection:
            await connection.execute(script("roles.sql"))
            await connection.execute("SET ROLE ringside_migrator")
            await connection.execute(script("schema.sql"))
            await connection.execute("SET search_path = ringside")
            for name in VIEW_SCRIPTS:
                await connection.execute(script(name))
        migrated = dump(postgres, database)
        assert "CREATE TABLE ringside.pane (" in migrated
        assert migrated == dump(postgres, other)
        for table in ("roster_version", "roster_activity_volume"):
            query = f"TABLE ringside.{table}"
            assert await read(users.admin_url, query) == await read(other.admin_url, query)
    finally:
        postgres.drop_database(other.name)


async def test_a_pane_has_a_column_for_each_measure_and_histogram_of_the_catalogue(
    users: Users,
) -> None:
    types = {Unit.SECONDS: "double precision", Unit.COUNT: "bigint"}
    expected = [(measure.name, types[measure.unit], "NO") for measure in MEASURES]
    expected += [(histogram.name, "bigint[]", "YES") for histogram in HISTOGRAMS]
    columns = await read(users.admin_url, COLUMNS)
    expected.append(("first_offset", "bigint", "YES"))
    assert sorted(columns[10:]) == sorted(expected)


async def test_every_table_and_every_column_of_the_catalogue_says_what_it_is(users: Users) -> None:
    silent = await read(
        users.admin_url,
        """SELECT relname, attname FROM pg_class
           JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
           WHERE relnamespace = 'ringside'::regnamespace AND relkind = 'r'
             AND relname <> 'alembic_version'
             AND (obj_description(pg_class.oid, 'pg_class') IS NULL
                  OR relname = 'pane' AND col_description(pg_class.oid, attnum) IS NULL)""",
    )
    assert silent == []


async def test_migrating_again_changes_nothing(
    postgres: Postgres, database: Database, users: Users
) -> None:
    before = dump(postgres, database)
    again = await migrate(users.admin_url, patience_seconds=0, say=quietly)
    assert (again.before, again.after) == (NEWEST, NEWEST)
    assert dump(postgres, database) == before


async def test_an_older_schema_is_brought_up_to_date_and_keeps_its_rows(
    database: Database,
) -> None:
    async with session(database.admin_url) as connection:
        await connection.execute(script("roles.sql"))
        await connection.execute("SET ROLE ringside_migrator")
        await connection.execute(script("migrations/0001_facts.sql"))
        await connection.execute(
            """CREATE TABLE ringside.alembic_version (version_num varchar(32) PRIMARY KEY);
               INSERT INTO ringside.alembic_version VALUES ('0001');
               INSERT INTO ringside.rep_state
               VALUES ('ringside.reps', 0, 'mai', 1, 1, 'pbx', 'paused', '', now())"""
        )
    done = await migrate(database.admin_url, patience_seconds=0, say=quietly)
    assert (done.before, done.after) == ("0001", NEWEST)
    assert await read(database.admin_url, "SELECT rep FROM ringside.rep_state") == [("mai",)]
    assert await read(database.admin_url, "SELECT version FROM ringside.roster_version") == [(-1,)]


async def test_two_who_migrate_at_one_time_take_turns(database: Database) -> None:
    both = [migrate(database.admin_url, patience_seconds=0, say=quietly) for _ in range(2)]
    done = await asyncio.gather(*both)
    assert [one.after for one in done] == [NEWEST, NEWEST]


async def test_views_and_functions_of_an_older_release_are_gone_after_migrating(
    users: Users,
) -> None:
    async with session(users.admin_url) as connection:
        await connection.execute("CREATE VIEW ringside.of_old AS SELECT rep FROM ringside.pane")
        await connection.execute("CREATE VIEW ringside.on_that AS TABLE ringside.of_old")
        await connection.execute(
            "CREATE FUNCTION ringside.of_old(a int) RETURNS int LANGUAGE sql RETURN a"
        )
    await migrate(users.admin_url, patience_seconds=0, say=quietly)
    assert await read(users.admin_url, "SELECT to_regproc('ringside.of_old') IS NULL") == [(True,)]
    found = await read(
        users.admin_url,
        "SELECT viewname FROM pg_views WHERE viewname IN ('of_old', 'on_that')",
    )
    assert found == []


async def test_what_somebody_built_on_our_views_is_not_dropped_behind_his_back(
    users: Users,
) -> None:
    async with session(users.admin_url) as connection:
        await connection.execute("CREATE VIEW ringside.ours AS SELECT rep FROM ringside.pane")
        await connection.execute("CREATE VIEW public.theirs AS TABLE ringside.ours")
    with pytest.raises(DatabaseError, match=r"view public.theirs depends on view ours"):
        await migrate(users.admin_url, patience_seconds=0, say=quietly)
    assert await read(users.admin_url, "TABLE public.theirs") == []


async def test_a_newer_schema_is_refused_by_command_and_worker(
    users: Users, capsys: pytest.CaptureFixture[str]
) -> None:
    async with session(users.admin_url) as connection:
        await connection.execute("UPDATE ringside.alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaAheadError, match="Upgrade the service"):
        await migrate(users.admin_url, patience_seconds=0, say=quietly)
    async with sink_on(users.writer_url) as sink:
        with pytest.raises(SchemaAheadError):
            await sink.write([snapshot(1)])
    assert await asyncio.to_thread(check, users.writer_url) == 1
    assert (
        f"has revision 9999, which is newer than this release ({NEWEST})" in capsys.readouterr().err
    )


async def test_an_empty_database_is_refused_by_command_and_worker(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    async with sink_on(database.admin_url) as sink:
        with pytest.raises(SchemaBehindError, match="ringside db migrate"):
            await sink.write([snapshot(1)])
    assert await asyncio.to_thread(check, database.admin_url) == 1
    assert "Run `ringside db migrate`" in capsys.readouterr().err


def check(url: str) -> int:
    return run(["db", "check"], {"RINGSIDE_DATABASE_URL": url})


def test_the_commands_do_what_they_say_from_nothing_to_a_user(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    env = {"RINGSIDE_DATABASE_ADMIN_URL": database.admin_url}
    password = tmp_path / "password"
    password.write_text("correct horse\n", encoding="utf-8")
    user = ["db", "create-user", f"grafana_{database.name}", "--role", "reader"]
    assert run(["db", "migrate"], env) == 0
    assert f"migrated from nothing to revision {NEWEST}" in capsys.readouterr().out
    assert run(["db", "migrate"], env) == 0
    assert f"the schema is current (revision {NEWEST})" in capsys.readouterr().out
    assert run([*user, "--password-file", str(password)], env) == 0
    assert "(reader) created" in capsys.readouterr().out
    assert run([*user, "--password-file", str(password)], env) == 0
    assert "already there" in capsys.readouterr().out
    assert check(database.url(f"grafana_{database.name}", "correct horse")) == 0
    assert database.admin_password not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("user", "password", "name", "message"),
    [
        ("postgres", "wrong", None, "Correct the user or the password"),
        ("nobody_here", "wrong", None, "Correct the user or the password"),
        ("postgres", None, "no_such_database", "Create it: CREATE DATABASE"),
    ],
)
def test_a_wrong_url_is_explained_and_the_password_not_shown(  # noqa: PLR0917
    postgres: Postgres,
    capsys: pytest.CaptureFixture[str],
    user: str,
    password: str | None,
    name: str | None,
    message: str,
) -> None:
    database = Database(name or "postgres", postgres.port, postgres.admin_password)
    url = database.url(user, password or postgres.admin_password)
    assert run(["db", "migrate"], {"RINGSIDE_DATABASE_ADMIN_URL": url}) == 1
    errors = capsys.readouterr().err
    assert message in errors
    assert "Traceback" not in errors
    assert postgres.admin_password not in errors


def test_a_server_that_does_not_answer_is_waited_for_then_reported(
    new_postgres: Postgres, capsys: pytest.CaptureFixture[str]
) -> None:
    url = new_postgres.database.admin_url
    new_postgres.stop()
    arguments = ["db", "migrate", "--wait", "1"]
    assert run(arguments, {"RINGSIDE_DATABASE_ADMIN_URL": url}) == 1
    errors = capsys.readouterr().err
    assert "Waiting for it, up to 1 s" in errors
    assert "error: " in errors
    assert "PostgreSQL does not answer: start it, or correct the URL" in errors


async def test_who_may_not_make_roles_is_told_so_and_nothing_is_left_behind(
    users: Users, new_postgres: Postgres
) -> None:
    with pytest.raises(NoRightsError, match="more rights"):
        await migrate(users.writer_url, patience_seconds=0, say=quietly)
    new_postgres.run_sql("create role plain login password 'plain'")
    plain = new_postgres.database.url("plain", "plain")
    with pytest.raises(NoRightsError, match="permission denied to create role"):
        await migrate(plain, patience_seconds=0, say=quietly)
    assert new_postgres.run_sql("select to_regnamespace('ringside') is null") == "t"


async def test_an_owner_who_is_no_superuser_can_migrate(new_postgres: Postgres) -> None:
    new_postgres.run_sql("create role owner login createrole password 'owner'")
    new_postgres.run_sql("create database shop owner owner")
    url = Database("shop", new_postgres.port, "").url("owner", "owner")
    for before in (None, NEWEST):
        done = await migrate(url, patience_seconds=0, say=quietly)
        assert (done.before, done.after) == (before, NEWEST)
