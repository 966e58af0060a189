"""`ringside db migrate`: roles, migrations, views and rights, all of them or none."""

from dataclasses import dataclass

from alembic import command
from sqlalchemy import Connection as SyncConnection
from sqlalchemy import NullPool, text
from sqlalchemy.ext.asyncio import create_async_engine

from agents.errors import DatabaseError
from agents.postgres.connection import Connection, Say, connected, open_patiently
from agents.postgres.errors import explained, place
from agents.postgres.revisions import State, config, require_current, revision_of, state_of
from agents.postgres.scripts import run, script

MIN_VERSION = 15
VIEW_SCRIPTS = (
    *("views.sql", "deal_stays.sql", "funnel.sql", "velocity.sql", "incidence.sql"),
    "estimates.sql",
    *("touches.sql", "reconciliation.sql", "corrected.sql"),
)
"""What makes views and functions, in this order; the generator of the boards writes the first."""
LOCK_KEY = 7_246_391_001
"""Of the advisory lock that lets one migrate at a time; any number that nobody else uses."""

_VIEWS = """
SELECT format('%I.%I', nspname, relname)
FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE nspname = 'ringside' AND relkind = 'v'
ORDER BY 1
"""

_FUNCTIONS = """
SELECT oid::regprocedure::text FROM pg_proc
WHERE pronamespace = 'ringside'::regnamespace AND prokind = 'f'
    AND prorettype <> 'trigger'::regtype
ORDER BY 1
"""
"""All but those of triggers, which migrations make: to drop one would lock its table."""


@dataclass(frozen=True, slots=True)
class Migrated:
    """What was done. A revision is None where there was no schema; `views` counts the new ones."""

    before: str | None
    after: str | None
    views: int


async def migrate(url: str, *, patience_seconds: float, say: Say) -> Migrated:
    """Bring a database to this release, in one transaction. Safe to repeat, also at one time.

    Then deals are judged anew if need be, some at a time; ended meanwhile, repeat it.

    Raises:
        DatabaseError: it cannot be reached, is newer than this release, or the user may not.
    """
    connection = await open_patiently(url, patience_seconds=patience_seconds, say=say)
    try:
        done = await _migrate_over(connection, url)
    finally:
        if not connection.is_closed():
            await connection.close()
    async with connected(url, patience_seconds=patience_seconds, say=say) as another:
        await _judge_deals(another, say)
    return done


async def _migrate_over(connection: Connection, url: str) -> Migrated:
    with explained(url):
        _require_version(connection, url)
        before = await revision_of(connection)
        if state_of(before) is State.AHEAD:
            require_current(before)

    async def opened() -> Connection:
        return connection

    engine = create_async_engine("postgresql+asyncpg://", async_creator=opened, poolclass=NullPool)
    with explained(url):
        async with engine.begin() as begun:
            return await begun.run_sync(_in_transaction, before)


async def _judge_deals(connection: Connection, say: Say) -> None:
    """Judge the deals anew whose rows another release's SQL has made, some at a time."""
    judged = 0
    await connection.execute("SET ROLE ringside_migrator")
    while count := await connection.fetchval("SELECT ringside.follow_stale_deals(1000)"):
        judged += count
        if judged % 50_000 == 0:
            say(f"{judged} deals judged anew")


def _in_transaction(connection: SyncConnection, before: str | None) -> Migrated:
    connection.execute(text("SET LOCAL lock_timeout = '60s'"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK_KEY})
    run(connection, script("roles.sql"))
    connection.execute(text("SET LOCAL ROLE ringside_migrator"))
    connection.execute(text("SET LOCAL search_path = ringside"))
    _upgrade(connection)
    views = _recreate_views(connection)
    run(connection, script("rights.sql"))
    found = connection.execute(text("SELECT version_num FROM ringside.alembic_version"))
    return Migrated(before, found.scalar_one(), views)


def _upgrade(connection: SyncConnection) -> None:
    alembic = config()
    alembic.attributes["connection"] = connection
    command.upgrade(alembic, "head")


def _recreate_views(connection: SyncConnection) -> int:
    """Make views and functions anew, as VIEW_SCRIPTS have them; return how many views there are."""
    # Each kind at once, as they build on each other. Dropped, because neither can be replaced by
    # one of another shape; RESTRICT, because what others built on them is not ours to drop.
    for kind, query in (("VIEW", _VIEWS), ("FUNCTION", _FUNCTIONS)):
        old = connection.execute(text(query)).scalars().all()
        if old:
            run(connection, f"DROP {kind} {', '.join(old)} RESTRICT")
    for name in VIEW_SCRIPTS:
        run(connection, script(name))
    return len(connection.execute(text(_VIEWS)).all())


def _require_version(connection: Connection, url: str) -> None:
    version = connection.get_server_version()
    if version.major < MIN_VERSION:
        raise DatabaseError(
            f"{place(url)} is PostgreSQL {version.major}; {MIN_VERSION} or newer is needed"
        )
