"""What tests of the SQL over deals share: deals in a database, written as a worker writes them."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from postgres_support import Users, prepared, session

from agents.embedded.postgres import Postgres
from agents.postgres.pool import Database as Pool
from agents.postgres.roster import RosterWriter
from agents.postgres.sink import PostgresSink
from schemas.events import Event
from schemas.pipelines import Pipelines
from schemas.roster import Roster
from schemas.topics import DEALS
from streams.fold import Fold
from streams.ledger import Ledger

_LATENESS_SECONDS = 2 * 365 * 86_400.0


@contextmanager
def database_of(
    postgres: Postgres, name: str, events: Iterable[Event], pipelines: Pipelines
) -> Iterator[Users]:
    """Make a database that holds these deals, and drop it afterwards."""
    made = postgres.create_database(f"{name}_{secrets.token_hex(6)}")
    users = asyncio.run(prepared(made))
    asyncio.run(_fill(users, folded(events), pipelines))
    yield users
    postgres.drop_database(made.name)


def folded(events: Iterable[Event]) -> Fold:
    """Take deals in; none of these events may be refused."""
    fold = Fold(DEALS.name, 0, ledger=Ledger(1), lateness_seconds=_LATENESS_SECONDS)
    for offset, event in enumerate(events):
        assert fold.apply(event, offset) is None
    return fold


async def write_deals(users: Users, fold: Fold) -> None:
    """Write all that a fold has, as a worker that takes its partition over."""
    pool = Pool(users.writer_url)
    await PostgresSink(pool, lateness_of=lambda _: 0.0).write([fold.whole()])
    await pool.close()


async def apply_pipelines(users: Users, pipelines: Pipelines) -> bool:
    """Return whether these were news."""
    pool = Pool(users.writer_url)
    is_news = await RosterWriter(pool).write(Roster(), 1, pipelines)
    await pool.close()
    return is_news


async def _fill(users: Users, fold: Fold, pipelines: Pipelines) -> None:
    assert await apply_pipelines(users, pipelines)
    await write_deals(users, fold)
    async with session(users.admin_url) as connection:
        await connection.execute("VACUUM ANALYZE")
