"""The worker's connections: made when first needed, so that it starts without a database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import asyncpg

from agents.postgres.errors import explained
from agents.postgres.revisions import require_current, revision_of

PoolConnection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
_Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"

_CONNECT_SECONDS = 10.0


class Database:
    """A pool that connects lazily and refuses a schema of another release."""

    def __init__(
        self,
        url: str,
        *,
        application: str = "ringside worker",
        connections: int = 2,
        statement_seconds: float = 30.0,
    ) -> None:
        self.url = url
        self._application = application
        self._connections = connections
        self._statement_seconds = statement_seconds
        self._pool: _Pool | None = None
        self._opening = asyncio.Lock()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[PoolConnection]:
        """Hold a connection in a transaction: committed at the end, rolled back on any error.

        Raises:
            DatabaseError: whatever the database or the way to it did wrong; where the connection
                was lost during the commit it is not known whether that happened.
        """
        with explained(self.url):
            pool = await self._opened()
            acquired = pool.acquire(timeout=_CONNECT_SECONDS)
            async with acquired as connection, connection.transaction():
                yield connection

    async def close(self) -> None:
        """Close all connections, at once where somebody still uses one."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.terminate()

    async def _opened(self) -> _Pool:
        async with self._opening:
            if self._pool is None:
                # A minimum of none: nothing is connected yet. The server gives up on a statement
                # a little before we do, so that no statement runs on for nobody.
                limit_ms = str(int(self._statement_seconds * 900))
                self._pool = await asyncpg.create_pool(
                    self.url,
                    min_size=0,
                    max_size=self._connections,
                    timeout=_CONNECT_SECONDS,
                    command_timeout=self._statement_seconds,
                    init=_require_current,
                    server_settings={
                        "application_name": self._application,
                        "statement_timeout": limit_ms,
                        "jit": "off",
                    },
                )
            return self._pool


async def _require_current(connection: Any) -> None:  # noqa: ANN401 - a proxy, or its connection
    require_current(await revision_of(connection))
