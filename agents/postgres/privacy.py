"""Take a customer's token out of PostgreSQL, or renew it, wherever a table has a column for it."""

from collections.abc import Callable

from agents.postgres.connection import Connection

_COLUMNS = """
SELECT relname AS name, attnotnull AS is_needed
FROM pg_attribute
    JOIN pg_class ON pg_class.oid = attrelid
    JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE nspname = $1 AND relkind = 'r' AND attname = 'customer' AND NOT attisdropped
ORDER BY relname
"""

_QUOTED = "SELECT format('%I.%I', $1::text, $2::text)"


async def erase(
    connection: Connection, tokens: list[str], *, schema: str = "ringside"
) -> dict[str, int]:
    """Return, by table, how many rows forgot these tokens. All of it or nothing; safe to repeat.

    A row that is about something else loses the token; one that is only about the customer goes.
    """
    found: dict[str, int] = {}
    async with connection.transaction():
        for name, is_needed in await connection.fetch(_COLUMNS, schema):
            table = await connection.fetchval(_QUOTED, schema, name)
            change = (
                f"DELETE FROM {table}"  # noqa: S608 - quoted by the server
                if is_needed
                else f"UPDATE {table} SET customer = NULL"  # noqa: S608 - quoted by the server
            )
            done = await connection.execute(f"{change} WHERE customer = ANY($1)", tokens)
            found[name] = int(done.split()[-1])
    return found


async def renew(
    connection: Connection, newest: Callable[[str], str], *, schema: str = "ringside"
) -> dict[str, int]:
    """Return, by table, how many rows have the newest token of their customer now.

    `newest` gives it. Safe to repeat. What is only about a customer is the workers' to renew.
    """
    found: dict[str, int] = {}
    for name, is_needed in await connection.fetch(_COLUMNS, schema):
        if is_needed:
            continue
        table = await connection.fetchval(_QUOTED, schema, name)
        held = f"SELECT DISTINCT customer FROM {table} WHERE customer IS NOT NULL"  # noqa: S608 - quoted by the server
        tokens = [token for (token,) in await connection.fetch(held)]
        pairs = [(old, new) for old in tokens if (new := newest(old)) != old]
        done = await connection.execute(
            f"UPDATE {table} AS t SET customer = pair.new"  # noqa: S608 - quoted by the server
            " FROM unnest($1::text[], $2::text[]) AS pair (old, new) WHERE t.customer = pair.old",
            [old for old, _ in pairs],
            [new for _, new in pairs],
        )
        found[name] = int(done.split()[-1])
    return found


async def has_read(connection: Connection, offsets: dict[tuple[str, int], int]) -> bool:
    """Return whether what workers have written counts these offsets, by topic and partition."""
    rows = await connection.fetch("SELECT topic, partition, next_offset FROM ringside.ledger")
    next_offsets = {(row["topic"], row["partition"]): row["next_offset"] for row in rows}
    return all(next_offsets.get(place, 0) > offset for place, offset in offsets.items())
