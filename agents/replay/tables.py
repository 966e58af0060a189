"""The replay's tables: made beside the live ones, filled, compared, and taken all at once."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from agents import clock
from agents.errors import RingsideError
from agents.postgres.connection import Connection
from agents.postgres.rows import batches
from agents.postgres.tables import TABLES, Table
from agents.settings import Settings
from schemas.measures import MEASURES
from streams.snapshot import Snapshot

SCHEMA = "ringside_replay"


class NoReplayError(RingsideError):
    """There is no replay. `ringside replay start` begins one."""


class Replay(NamedTuple):
    """The replay that is there."""

    epoch: int
    since: datetime
    """Rows before it stay as they are."""


class Difference(NamedTuple):
    """What taking the replay would change in a day (UTC) of one table."""

    day: str
    table: str
    added: int
    removed: int
    changed: int


class MeasureDifference(NamedTuple):
    """What taking the replay would make of a measure in a day (UTC)."""

    day: str
    measure: str
    live: float
    replayed: float


async def prepare(connection: Connection, since: datetime) -> Replay:
    """Return the replay that is there, or make an empty one whose rows count from *since* on."""
    try:
        return await current(connection)
    except NoReplayError:
        pass
    epoch = int(clock.now())
    async with connection.transaction():
        await connection.execute(f"CREATE SCHEMA {SCHEMA} AUTHORIZATION ringside_migrator")
        await connection.execute("SET LOCAL ROLE ringside_migrator")
        for table in TABLES:
            await connection.execute(
                f"CREATE TABLE {SCHEMA}.{table.name} (LIKE ringside.{table.name} INCLUDING ALL)"
            )
        await connection.execute(
            f"CREATE TABLE {SCHEMA}.replay (epoch bigint NOT NULL, since timestamptz NOT NULL)"
        )
        await connection.execute(
            f"INSERT INTO {SCHEMA}.replay VALUES ($1, $2)",  # noqa: S608 - a constant name
            epoch,
            since,
        )
    return Replay(epoch, since)


async def current(connection: Connection) -> Replay:
    """Return the replay that is there.

    Raises:
        NoReplayError: there is none.
    """
    if await connection.fetchval("SELECT to_regclass($1)", f"{SCHEMA}.replay") is None:
        raise NoReplayError
    row = await connection.fetchrow(f"SELECT epoch, since FROM {SCHEMA}.replay")  # noqa: S608 - a constant
    if row is None:
        raise NoReplayError
    return Replay(int(row["epoch"]), row["since"])


async def drop(connection: Connection) -> None:
    """Forget the replay; the live tables are not touched. Safe to repeat."""
    await connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")


class RowWriter:
    """Writes snapshots into the replay's tables, from a thread that may wait."""

    def __init__(self, runner: asyncio.Runner, connection: Connection, settings: Settings) -> None:
        self._runner, self._connection, self._settings = runner, connection, settings
        self._upserts = {
            table.name: table.upsert.replace("INTO ringside.", f"INTO {SCHEMA}.", 1)
            for table in TABLES
        }

    def write(self, snapshots: list[Snapshot]) -> None:
        """Write all of them, or nothing."""
        self._runner.run(self._write(snapshots))

    def reached(self) -> dict[tuple[str, int], int]:
        """Return up to which offset they are there, by topic and partition."""
        query = f"SELECT topic, partition, next_offset FROM {SCHEMA}.ledger"  # noqa: S608 - a constant
        rows = self._runner.run(self._connection.fetch(query))
        return {(row["topic"], row["partition"]): int(row["next_offset"]) for row in rows}

    async def _write(self, snapshots: list[Snapshot]) -> None:
        lateness_of = self._settings.lateness_of
        async with self._connection.transaction():
            for table, columns in batches(snapshots, lateness_of=lateness_of):
                await self._connection.execute(self._upserts[table.name], *columns)


def _at(table: Table) -> str | None:
    """Return the column that says when a row was; None: it is about now."""
    columns = table.columns
    if table.name == "rep_state":
        return None
    if table.name == "rep_turn":
        return "since"
    return next((name for name in ("start_at", "last_at") if name in columns), None)


def _keys(table: Table) -> str:
    return ", ".join(name for name, _ in table.key)


_MOVED_ON = """
    SELECT {keys} FROM ringside.{table} AS l
    WHERE NOT EXISTS (
        SELECT FROM {schema}.ledger AS g
        WHERE g.topic = l.topic AND g.partition = l.partition AND g.next_offset >= l.last_offset
    )
"""
"""What the live state has changed since the replay came to its end: it cannot be compared."""

_BOTH = """
WITH moved_on AS ({moved_on}),
live AS (
    SELECT {keys}, {at} AS at, to_jsonb(t) - 'epoch' - 'first_offset' - 'last_offset' AS content
    FROM ringside.{table} AS t
    WHERE ({at} >= $1) AND ({keys}) NOT IN (SELECT * FROM moved_on)
),
replayed AS (
    SELECT {keys}, {at} AS at, to_jsonb(t) - 'epoch' - 'first_offset' - 'last_offset' AS content
    FROM {schema}.{table} AS t
    WHERE ({at} >= $1) AND ({keys}) NOT IN (SELECT * FROM moved_on)
),
both_ AS (
    SELECT
        (coalesce(live.at, replayed.at) AT TIME ZONE 'UTC')::date AS day,
        live.content AS was, replayed.content AS is_
    FROM live FULL JOIN replayed USING ({keys})
    WHERE live.content IS DISTINCT FROM replayed.content
)
"""

_ROWS = """
SELECT
    day::text,
    count(*) FILTER (WHERE was IS NULL) AS added,
    count(*) FILTER (WHERE is_ IS NULL) AS removed,
    count(*) FILTER (WHERE was IS NOT NULL AND is_ IS NOT NULL) AS changed
FROM both_ GROUP BY day ORDER BY day
"""

_SUMS = """
SELECT day::text, measure, sum(coalesce((was ->> measure)::float8, 0)) AS live,
    sum(coalesce((is_ ->> measure)::float8, 0)) AS replayed
FROM both_, unnest($2::text[]) AS measure
GROUP BY day, measure
HAVING sum(coalesce((was ->> measure)::float8, 0))
    <> sum(coalesce((is_ ->> measure)::float8, 0))
ORDER BY day, measure
"""


def _both(table: Table) -> str:
    at = _at(table) or "now()"
    names = {"keys": _keys(table), "table": table.name, "schema": SCHEMA, "at": at}
    return _BOTH.format(moved_on=_MOVED_ON.format(**names), **names)


async def differences(connection: Connection) -> list[Difference]:
    """Return, by day and table, how many rows taking the replay would add, remove and change."""
    since = (await current(connection)).since
    found: list[Difference] = []
    for table in _compared():
        rows = await connection.fetch(_both(table) + _ROWS, since)
        found += [Difference(row["day"], table.name, *row[1:]) for row in rows]
    return sorted(found)


async def measure_differences(connection: Connection) -> list[MeasureDifference]:
    """Return, by day, the measures whose sums taking the replay would change."""
    since = (await current(connection)).since
    pane = next(table for table in TABLES if table.name == "pane")
    names = [measure.name for measure in MEASURES]
    rows = await connection.fetch(_both(pane) + _SUMS, since, names)
    return [MeasureDifference(*row) for row in rows]


def _compared() -> Iterator[Table]:
    return (table for table in TABLES if table.name != "ledger")


async def take(connection: Connection) -> dict[str, int]:
    """Put the replay's rows in place of the live ones, in one transaction; return how many.

    Whoever reads sees all of the old or all of the new. Rows before the replay's beginning stay.
    The replay's own tables stay too, so that it can be asked again. Safe to repeat.
    """
    since = (await current(connection)).since
    taken: dict[str, int] = {}
    async with connection.transaction():
        await connection.execute("SET LOCAL lock_timeout = '60s'")
        for table in TABLES:
            taken[table.name] = await _take(connection, table, since)
    return taken


async def _take(connection: Connection, table: Table, since: datetime) -> int:
    at = _at(table)
    condition = f"{at} >= $1" if at is not None else "$1::timestamptz IS NOT NULL"
    columns = ", ".join(table.columns)
    sets = ", ".join(f"{name} = excluded.{name}" for name, _ in table.values)
    await connection.execute(f"DELETE FROM ringside.{table.name} WHERE {condition}", since)  # noqa: S608 - names of ours
    done = await connection.execute(
        f"INSERT INTO ringside.{table.name} ({columns})"  # noqa: S608 - names of ours
        f" SELECT {columns} FROM {SCHEMA}.{table.name} WHERE {condition}"
        f" ON CONFLICT ({_keys(table)}) DO UPDATE SET {sets}",
        since,
    )
    return int(done.split()[-1])


def instant(text: str) -> datetime:
    """Return the instant that an ISO 8601 text names; without a zone it is UTC.

    Raises:
        ValueError: it is none.
    """
    found = datetime.fromisoformat(text)
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
