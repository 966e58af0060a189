"""How long the panels of boards take a PostgreSQL of their own, filled as a worker does."""

import re
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agents import clock
from agents.embedded.postgres import Database, Postgres
from agents.postgres.connection import Connection, connected
from agents.postgres.migrate import migrate
from agents.postgres.pool import Database as Pool
from agents.postgres.users import create_user
from benchmarks.report import say
from dashboards.queries import Query

_PATIENCE_SECONDS = 30.0


@contextmanager
def served(home: Path) -> Iterator[Database]:
    """Start a server with an empty database in it; stop it at the end."""
    server = Postgres.create(home)
    server.start()
    try:
        yield server.create_database("ringside")
    finally:
        server.stop()


async def writer_of(database: Database) -> Pool:
    """Migrate, make a writer and a reader, and return what the writer writes through."""
    password = secrets.token_hex(16)
    await migrate(database.admin_url, patience_seconds=_PATIENCE_SECONDS, say=say)
    async with admin(database) as connection:
        await create_user(connection, "writer", "writer", password)
        await create_user(connection, "reader", "reader", "reader")
    return Pool(database.url("writer", password), statement_seconds=300.0)


def admin(database: Database) -> AbstractAsyncContextManager[Connection]:
    """Connect as the administrator."""
    return connected(database.admin_url, patience_seconds=_PATIENCE_SECONDS, say=say)


async def seconds_of(
    database: Database, wanted: Iterable[Query], span: Mapping[str, timedelta]
) -> dict[Query, float]:
    """Return how long each query took the second time, when the server is warm.

    `span`: by board, the time range that ends now.
    """
    now, seconds = datetime.fromtimestamp(clock.now(), UTC), {}
    async with connected(
        database.url("reader", "reader"), patience_seconds=_PATIENCE_SECONDS, say=say
    ) as connection:
        await connection.execute("SET statement_timeout = 0")  # measure even what is too slow
        for query in wanted:
            text = _at(query, now - span[query.board], now)
            await connection.fetch(text)
            began_at = time.monotonic()
            rows = await connection.fetch(text)
            seconds[query] = time.monotonic() - began_at
            say(f"{seconds[query]:8.3f} s  {len(rows):6} rows  {query.board}: {query.panel}")
    return seconds


def _at(query: Query, since_at: datetime, until_at: datetime) -> str:
    """Return the SQL with Grafana's macros replaced."""
    since, until = (f"'{at:%Y-%m-%dT%H:%M:%SZ}'" for at in (since_at, until_at))
    text = query.expression.replace("$__timeFrom()", since).replace("$__timeTo()", until)
    text = re.sub(r"\$__timeFilter\((.+?)\)", rf"\1 BETWEEN {since} AND {until}", text)
    return re.sub(r"\$__timeGroupAlias\((.+?), '1h'\)", r"date_trunc('hour', \1) AS time", text)
