"""What is old enough goes, in small transactions, beside running workers.

Nothing that a worker may still write is touched: the least that may be set is longer than any pane
or entity stays open. Should a deal that was pruned change after all, its worker writes it again as
it is: rows are absolute.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from agents.postgres.connection import Connection

What = Literal["panes", "entities", "alerts"]
SLICE = timedelta(hours=1)
"""So much of a table's time is deleted in one transaction."""
DEAL_DAYS = 366
"""A worker keeps an ended deal for a year, and might write it again until then."""
_LOCK_KEY = 7_246_391_002
"""Of the advisory lock that lets one prune at a time; any number that nobody else uses."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a table that may go, and by which setting."""

    table: str
    what: What
    at: str
    """The column of the time by which they go; it has an index."""
    condition: str = "true"
    """What else must hold; $1 is before when."""


PRUNED = (
    Rows("pane", "panes", "start_at"),
    Rows("correction", "panes", "start_at"),
    Rows("pbx_counters", "panes", "to_at"),
    Rows("call", "entities", "offered_at", "last_at < $1"),
    Rows("meeting", "entities", "starts_at", "last_at < $1"),
    Rows("activity", "entities", "logged_at"),
    Rows("rep_turn", "entities", "since", "coalesce(until, since) < $1"),
    Rows("customer", "entities", "last_at"),
    Rows("deal", "entities", "last_at", "status <> 'open'"),
    Rows("alert", "alerts", "starts_at", "ends_at < $1"),
)
_WITHOUT_TIME = {
    "call": "offered_at IS NULL AND last_at < $1",
    "meeting": "starts_at IS NULL AND last_at < $1",
    "activity": "logged_at IS NULL AND $1::timestamptz IS NOT NULL",
}
"""What has no time: its arrival was never told, or it was taken back."""


async def is_alone(connection: Connection) -> bool:
    """Whether nobody else prunes; then nobody else can, until the connection is closed."""
    return bool(await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK_KEY))


async def old_rows(connection: Connection, rows: Rows, before: datetime) -> int:
    """Return how many rows would go."""
    condition = f"({rows.at} < $1 AND {rows.condition})"
    if rows.table in _WITHOUT_TIME:
        condition += f" OR ({_WITHOUT_TIME[rows.table]})"
    query = f"SELECT count(*) FROM ringside.{rows.table} WHERE {condition}"  # noqa: S608
    count: int = await connection.fetchval(query, before)
    return count


async def prune(
    connection: Connection, rows: Rows, before: datetime, progress: Callable[[int], None]
) -> int:
    """Delete rows in small transactions, oldest first; return how many. Safe to end, to repeat."""
    table, at = f"ringside.{rows.table}", rows.at
    oldest = (
        f"SELECT {at} FROM {table} WHERE {at} < $1 AND {rows.condition}"  # noqa: S608
        f" ORDER BY {at} LIMIT 1"
    )
    delete = (
        f"DELETE FROM {table} WHERE {at} >= $2 AND {at} < $3"  # noqa: S608
        f" AND {at} < $1 AND {rows.condition}"
    )
    deleted = 0
    while (start := await connection.fetchval(oldest, before)) is not None:
        deleted += _count(await connection.execute(delete, before, start, start + SLICE))
        progress(deleted)
    if rows.table in _WITHOUT_TIME:
        rest = f"DELETE FROM {table} WHERE {_WITHOUT_TIME[rows.table]}"  # noqa: S608
        deleted += _count(await connection.execute(rest, before))
    return deleted


def _count(status: str) -> int:
    """Return the number in what PostgreSQL says of a statement: `DELETE 12`."""
    return int(status.rpartition(" ")[2])
