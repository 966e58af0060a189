"""What an empty Kafka and PostgreSQL need before a worker can start: topics, schema, users."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from agents.embedded.stack import Access
from agents.kafka import topics
from agents.kafka.admin import connect
from agents.postgres.connection import connected
from agents.postgres.migrate import migrate
from agents.postgres.users import create_user
from agents.settings import Settings

_PATIENCE_SECONDS = 90.0

Say = Callable[[str], None]


def prepare_database(access: Access, say: Say) -> None:
    """Create the schema, and the users `worker` and `grafana`.

    Raises:
        DatabaseError: PostgreSQL refuses.
    """
    say("Creating the database schema ...")
    asyncio.run(_prepare_database(access, say))


async def _prepare_database(access: Access, say: Say) -> None:
    url = access.admin_url
    await migrate(url, patience_seconds=_PATIENCE_SECONDS, say=say)
    async with connected(url, patience_seconds=_PATIENCE_SECONDS, say=say) as connection:
        await create_user(connection, "worker", "writer", access.writer_password)
        await create_user(connection, "grafana", "reader", access.reader_password)


def prepare_topics(settings: Settings, say: Say) -> None:
    """Create the topics that are missing.

    Raises:
        RingsideError: Kafka does not answer, or has the topics with other partition counts.
    """
    say("Creating the topics ...")
    admin = connect(settings, wait_seconds=_PATIENCE_SECONDS, progress=say)
    topics.apply(admin, settings, topics.compare(admin, settings), alter=False)
