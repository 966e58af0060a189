"""What PBXs count beside what we do, in a worker: read now and then, shown on its metrics page."""

import asyncio

from agents import log
from agents.errors import RingsideError
from agents.postgres.pool import Database
from agents.postgres.reconciliation import Compared, latest

LOOK_SECONDS = 60.0

_log = log.get(__name__)


class Reconciler:
    """Holds the last interval of each source and queue. Every worker has one; one shows it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.latest: tuple[Compared, ...] = ()

    async def run(self) -> None:
        """Look again and again until cancelled. A database that fails is no reason to end."""
        while True:
            try:
                await self.look()
            except RingsideError as error:
                _log.warning("reconciliation not up to date", why=str(error))
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Read the last intervals.

        Raises:
            DatabaseError: the database does not answer.
        """
        async with self._database.transaction() as connection:
            self.latest = tuple(await latest(connection))
