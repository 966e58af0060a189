"""The SQL files of agents/sql, and how to run one."""

import re
from importlib.resources import files
from typing import Any

import asyncpg
from alembic import op
from sqlalchemy import Connection

_FOLDER = files("agents.sql")


def script(name: str) -> str:
    """Return the text of `agents/sql/<name>`."""
    return _FOLDER.joinpath(*name.split("/")).read_text(encoding="utf-8")


def named_statements(name: str) -> dict[str, str]:
    """Return the statements of a file in which each stands under a line `-- its_name --`."""
    _, *parts = re.split(r"^-- (\w+) --$", script(name), flags=re.MULTILINE)
    return {key: text.strip() for key, text in zip(parts[::2], parts[1::2], strict=True)}


def run(connection: Connection, sql: str) -> None:
    """Run a whole script, as many statements as it has, within the present transaction.

    SQLAlchemy would prepare it, and PostgreSQL prepares only single statements.
    """

    async def execute(driver: "asyncpg.Connection[asyncpg.Record]") -> None:
        await driver.execute(sql)

    adapter: Any = connection.connection.dbapi_connection
    adapter.run_async(execute)


def run_in_alembic(name: str) -> None:
    """Run `agents/sql/<name>` from within a revision."""
    run(op.get_bind(), script(name))
