"""One migrated database for all tests of the views: `floor` takes back what it put in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import asyncpg
import pytest
import pytest_asyncio

from tests.integration.postgres_support import Users, prepared
from tests.integration.view_floor import Floor

if TYPE_CHECKING:
    from agents.embedded.postgres import Postgres


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def users(postgres: Postgres) -> AsyncIterator[Users]:
    database = postgres.create_database("test_views")
    yield await prepared(database)
    postgres.drop_database(database.name)


@pytest.fixture
async def floor(users: Users) -> AsyncIterator[Floor]:
    connection = await asyncpg.connect(users.admin_url)
    everything = connection.transaction()
    await everything.start()
    yield Floor(connection)
    await everything.rollback()
    await connection.close()
