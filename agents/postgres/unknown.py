"""Which reps and queues the roster does not have, as the database has seen them."""

from datetime import UTC, datetime
from typing import NamedTuple

from agents.postgres.connection import Connection
from agents.postgres.scripts import script


class UnknownName(NamedTuple):
    """A name without an entry in the roster, and when something was counted for it."""

    kind: str
    name: str
    quarters: int
    """In how many quarters of an hour."""
    since: datetime
    until: datetime


async def unknown_names(connection: Connection, *, since_at: float) -> list[UnknownName]:
    """Return at most 1,000 names, the busiest first, of panes from *since_at* on."""
    since = datetime.fromtimestamp(since_at, UTC)
    return [UnknownName(*row) for row in await connection.fetch(script("unknown.sql"), since)]
