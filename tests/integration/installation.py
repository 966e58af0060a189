"""An installation for a test: topics on an empty broker, the schema in an empty database, users."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from agents.embedded.broker import Broker
from agents.embedded.postgres import Database
from agents.embedded.prepare import prepare_topics
from agents.postgres.connection import connected
from agents.postgres.migrate import migrate
from agents.postgres.users import Role, create_user
from tests.integration.pipeline import Pipeline, wait_until

CUSTOMER_KEY = "a key for the tests"


def remove_topics(bootstrap: str) -> None:
    """Delete every topic but Kafka's own, and return when they are gone."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})

    def names() -> list[str]:
        return [name for name in admin.list_topics(timeout=60).topics if name[:2] != "__"]

    def gone() -> bool:
        found = names()
        if found:
            for answer in admin.delete_topics(found, operation_timeout=60).values():
                try:
                    answer.result()
                except KafkaException:  # already being deleted; looked at again
                    continue
        return not found

    wait_until(gone, "the broker keeps its topics")


def new_pipeline(
    broker: Broker,
    database: Database,
    folder: Path,
    env: Mapping[str, str],
    *,
    under: tuple[str, ...] = (),
    **settings: str,
) -> Pipeline:
    """Make an installation on an empty broker and an empty database; no worker yet."""
    remove_topics(broker.bootstrap)
    users = database_users(database)
    folder.mkdir(parents=True, exist_ok=True)
    ours = {
        "APP_ID": f"test-{secrets.token_hex(4)}",
        "KAFKA_BOOTSTRAP": broker.bootstrap,
        "KAFKA_TRANSACTIONS": str(broker.supports_transactions).lower(),
        "DATABASE_URL": users["writer"],
        "DATABASE_ADMIN_URL": database.admin_url,
        "CUSTOMER_KEY": CUSTOMER_KEY,
        "SNAPSHOT_SECONDS": "0.5",
        "CHECKPOINT_SECONDS": "0.5",
        "LOG_FORMAT": "console",
        **{name.upper(): value for name, value in settings.items()},
    }
    child_env = {name: value for name, value in env.items() if not name.startswith("RINGSIDE_")}
    child_env |= {f"RINGSIDE_{name}": value for name, value in ours.items()}
    urls = users["writer"], users["reader"]
    made = Pipeline(broker.bootstrap, database, *urls, folder, child_env, under)
    prepare_topics(made.settings, _quietly)
    return made


def database_users(database: Database) -> dict[str, str]:
    """Make the schema and two users, and return the URL of each by its role."""
    return asyncio.run(_prepare(database))


async def _prepare(database: Database) -> dict[str, str]:
    await migrate(database.admin_url, patience_seconds=20, say=_quietly)
    urls = {}
    roles: tuple[Role, ...] = ("writer", "reader")
    async with connected(database.admin_url, patience_seconds=20, say=_quietly) as connection:
        for role in roles:
            name, password = f"{role}_{secrets.token_hex(4)}", secrets.token_hex(8)
            await create_user(connection, name, role, password)
            urls[role] = database.url(name, password)
    return urls


def _quietly(_: str) -> None:
    """Progress that nobody reads."""
