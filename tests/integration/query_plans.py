"""What PostgreSQL reads to answer a query: counted by itself, so no clock is needed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import asyncpg


async def rows_read(connection: asyncpg.Connection, query: str, table: str) -> float:
    """Run a query; return how many rows of a table are read, those left out afterwards too."""
    text = await connection.fetchval(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {query}")
    read = 0.0
    for node in _nodes(json.loads(text)[0]["Plan"]):
        if node.get("Relation Name") == table:
            left_out = node.get("Rows Removed by Filter", 0)
            left_out += node.get("Rows Removed by Index Recheck", 0)
            read += node["Actual Loops"] * (node["Actual Rows"] + left_out)
    return read


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)


_TOUCHED = """
    SELECT relname::text, seq_tup_read + coalesce(idx_tup_fetch, 0)
    FROM pg_stat_xact_user_tables WHERE schemaname = 'ringside'"""


async def rows_touched(connection: asyncpg.Connection, query: str) -> dict[str, int]:
    """Run a query; return how many rows of each table were read, within functions, too."""
    async with connection.transaction():
        # What the session has not told the server yet of queries before is counted on.
        before = dict(await connection.fetch(_TOUCHED))
        await connection.fetch(query)
        found = await connection.fetch(_TOUCHED)
    return {table: read - before[table] for table, read in found if read > before[table]}
