"""Which revision of the schema this release knows, and which one a database has."""

from enum import StrEnum
from functools import cache
from typing import Any

import asyncpg
from alembic.config import Config
from alembic.script import ScriptDirectory

from agents.postgres.errors import SchemaAheadError, SchemaBehindError


class State(StrEnum):
    """How a database's schema stands to this release."""

    CURRENT = "current"
    BEHIND = "behind"
    AHEAD = "ahead"


def config() -> Config:
    """Return alembic's configuration; the migrations are in the package, not in a checkout."""
    made = Config()
    made.set_main_option("script_location", "agents.sql:migrations")
    made.set_main_option("version_locations", "agents.sql.migrations:versions")
    made.set_main_option("path_separator", "newline")
    return made


@cache
def known() -> tuple[str, ...]:
    """Return the revisions that this release knows, the newest first."""
    revisions = ScriptDirectory.from_config(config()).walk_revisions()
    return tuple(script.revision for script in revisions)


async def revision_of(connection: Any) -> str | None:  # noqa: ANN401 - asyncpg's, plain or pooled
    """Return the revision that a database has, or None if it has none."""
    try:
        found = await connection.fetchval("SELECT version_num FROM ringside.alembic_version")
    except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError):
        return None
    return str(found) if found is not None else None


def state_of(revision: str | None) -> State:
    """Return how a revision stands to this release."""
    if revision == known()[0]:
        return State.CURRENT
    return State.BEHIND if revision is None or revision in known() else State.AHEAD


def require_current(revision: str | None) -> None:
    """Pass if this release can use a database of that revision.

    Raises:
        SchemaBehindError: it is older, or there is none.
        SchemaAheadError: it is newer.
    """
    state = state_of(revision)
    if state is State.BEHIND:
        has = f"has revision {revision}" if revision else "has no schema of ours"
        raise SchemaBehindError(
            f"the database {has}; this release needs {known()[0]}. Run `ringside db migrate`"
        )
    if state is State.AHEAD:
        raise SchemaAheadError(
            f"the database has revision {revision}, which is newer than this release "
            f"({known()[0]}). Upgrade the service, then retry"
        )
