"""Snapshots into PostgreSQL: absolute values, fenced, one transaction at a time."""

from collections.abc import Callable, Sequence

from agents.postgres.pool import Database
from agents.postgres.rows import batches
from agents.postgres.tables import TABLES
from streams.snapshot import Snapshot

_UPSERT = {table.name: table.upsert for table in TABLES}


class PostgresSink:
    """Writes snapshots. A row is replaced only by one that counts further, so repeating is safe."""

    def __init__(self, database: Database, *, lateness_of: Callable[[str], float]) -> None:
        self._database = database
        self._lateness_of = lateness_of

    async def write(self, snapshots: Sequence[Snapshot]) -> None:
        """Write all of them, or nothing. The snapshots must not change meanwhile.

        Raises:
            DatabaseError: it is not known to be written; write it again.
        """
        async with self._database.transaction() as connection:
            for table, columns in batches(snapshots, lateness_of=self._lateness_of):
                await connection.execute(_UPSERT[table.name], *columns)
