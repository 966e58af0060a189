"""The embedded programs themselves: started, stopped, killed, started again."""

from __future__ import annotations

import asyncpg
import pytest

from agents.embedded.kafka import Broker, fences_zombies
from agents.embedded.postgres import Database, Postgres


@pytest.mark.needs_transactions
def test_a_producer_is_shut_out_once_another_has_its_transactional_id(kafka: Broker) -> None:
    assert fences_zombies(kafka.bootstrap)


async def test_a_fresh_database_is_empty(database: Database) -> None:
    connection = await asyncpg.connect(database.admin_url)
    try:
        count = await connection.fetchval(
            "select count(*) from pg_class where relnamespace = 'public'::regnamespace"
        )
    finally:
        await connection.close()
    assert count == 0


async def test_a_wrong_password_is_refused(postgres: Postgres) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(postgres.database.url("postgres", "wrong"))
