"""What the tests of PostgreSQL share: a migrated database, its users, and reading it."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncpg

from agents.postgres.connection import connected
from agents.postgres.migrate import migrate
from agents.postgres.pool import Database as Pool
from agents.postgres.sink import PostgresSink
from agents.postgres.users import Role, create_user
from streams.facts import Amount, Dims
from streams.ledger import Ledger
from streams.snapshot import PaneKey, Snapshot

if TYPE_CHECKING:
    from agents.embedded.postgres import Database
    from agents.postgres.connection import Connection

QUARTER_AT = 1_700_000_100
SALES = PaneKey(QUARTER_AT, Dims("sales", "mai", "inbound", "", "pbx/1"))
LATENESS_SECONDS = 3600.0


@dataclass(frozen=True)
class Users:
    """A migrated database, and the URLs of those who use it."""

    admin_url: str
    writer_url: str
    reader_url: str


def snapshot(
    next_offset: int,
    panes: dict[PaneKey, dict[str, Amount]] | None = None,
    *,
    partition: int = 0,
    epoch: int = 5,
) -> Snapshot:
    return Snapshot("ringside.calls", partition, Ledger(epoch, next_offset), panes or {})


def quietly(_: str) -> None:
    """Progress that nobody reads."""


async def prepared(database: Database) -> Users:
    """Migrate a database and make two users for it; users belong to the server, so new names."""
    await migrate(database.admin_url, patience_seconds=10, say=quietly)
    urls = {}
    roles: tuple[Role, ...] = ("writer", "reader")
    async with session(database.admin_url) as connection:
        for role in roles:
            name, password = f"{role}_{secrets.token_hex(4)}", secrets.token_hex(8)
            await create_user(connection, name, role, password)
            urls[role] = database.url(name, password)
    return Users(database.admin_url, urls["writer"], urls["reader"])


@asynccontextmanager
async def session(url: str) -> AsyncIterator[Connection]:
    async with connected(url, patience_seconds=10, say=quietly) as connection:
        yield connection


@asynccontextmanager
async def sink_on(url: str) -> AsyncIterator[PostgresSink]:
    pool = Pool(url)
    try:
        yield PostgresSink(pool, lateness_of=lambda _: LATENESS_SECONDS)
    finally:
        await pool.close()


async def read(url: str, query: str) -> list[tuple[object, ...]]:
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()
