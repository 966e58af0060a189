"""Connecting for a command: patient with a server that is still starting, plain about the rest."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

import asyncpg
import stamina

from agents.postgres.errors import UnreachableError, explained

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Say = Callable[[str], None]

CONNECT_SECONDS = 30.0


async def open_connection(url: str, *, application: str) -> Connection:
    """Connect once.

    Raises:
        DatabaseError: says what is wrong; UnreachableError if trying again may help.
    """
    with explained(url):
        return await asyncpg.connect(
            url,
            timeout=CONNECT_SECONDS,
            # A statement here is planned once: compiling it costs more than it saves.
            server_settings={"application_name": application, "jit": "off"},
        )


async def open_patiently(url: str, *, patience_seconds: float, say: Say) -> Connection:
    """Connect, waiting up to `patience_seconds` for a server that does not answer yet.

    Raises:
        DatabaseError: as `open_connection`.
    """
    if not patience_seconds:
        return await open_connection(url, application="ringside db")
    retries = stamina.retry_context(
        on=UnreachableError, attempts=None, timeout=patience_seconds, wait_max=2.0
    )
    async for attempt in retries:
        with attempt:
            try:
                return await open_connection(url, application="ringside db")
            except UnreachableError as error:
                if attempt.num == 1:
                    say(f"{error}. Waiting for it, up to {patience_seconds:.0f} s ...")
                raise
    raise UnreachableError  # not reached: the last attempt raises


@asynccontextmanager
async def connected(url: str, *, patience_seconds: float, say: Say) -> AsyncIterator[Connection]:
    """Hold a connection, patiently opened, for the length of a command; explain its errors."""
    connection = await open_patiently(url, patience_seconds=patience_seconds, say=say)
    try:
        with explained(url):
            yield connection
    finally:
        await connection.close(timeout=CONNECT_SECONDS)
