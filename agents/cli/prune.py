"""`ringside db prune`: what is older than it is to be kept goes from PostgreSQL."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from agents import clock
from agents.cli.context import say, settings_of, warn
from agents.errors import DatabaseError, SettingsError
from agents.postgres.connection import connected
from agents.postgres.pruning import (
    DEAL_DAYS,
    PRUNED,
    Rows,
    What,
    is_alone,
    old_rows,
    prune,
)
from agents.postgres.revisions import require_current, revision_of
from agents.settings import Settings

TOLD_EVERY = 100_000


def prune_(
    ctx: typer.Context,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show how many rows would be deleted.")
    ] = False,
) -> None:
    """Delete rows older than RINGSIDE_KEEP_*_DAYS. Rows for which none is set stay.

    Run it daily, by cron. It may run beside workers and boards, be interrupted, and be repeated.
    Connects with RINGSIDE_DATABASE_URL, whose user must be a pruner (`ringside db create-user NAME
    --role pruner`), who may do nothing else. Open deals and the ledger stay. Dead letters are in
    Kafka; the retention of their topic removes them.
    """
    settings = settings_of(ctx)
    url = settings.required("database_url")
    cuts = cuts_of(settings, datetime.fromtimestamp(clock.now(), UTC))
    if not cuts:
        raise SettingsError(
            "nothing says how long to keep what: set RINGSIDE_KEEP_PANES_DAYS, "
            "RINGSIDE_KEEP_ENTITIES_DAYS or RINGSIDE_KEEP_ALERTS_DAYS"
        )
    asyncio.run(_prune(url, cuts, dry_run=dry_run))


def cuts_of(settings: Settings, now: datetime) -> list[tuple[Rows, datetime]]:
    """Return which rows may go, and from before when."""
    days: dict[What, int | None] = {
        "panes": settings.keep_panes_days,
        "entities": settings.keep_entities_days,
        "alerts": settings.keep_alerts_days,
    }
    found = []
    for rows in PRUNED:
        kept = days[rows.what]
        if kept is not None:
            kept = max(kept, DEAL_DAYS) if rows.table == "deal" else kept
            found.append((rows, now - timedelta(days=kept)))
    return found


async def _prune(url: str, cuts: list[tuple[Rows, datetime]], *, dry_run: bool) -> None:
    total, verb = 0, "would go" if dry_run else "deleted"
    async with connected(url, patience_seconds=30, say=warn) as connection:
        require_current(await revision_of(connection))
        if not await is_alone(connection):
            raise DatabaseError("somebody else prunes this database; nothing was deleted here")
        for rows, before in cuts:
            if dry_run:
                count = await old_rows(connection, rows, before)
            else:
                count = await prune(connection, rows, before, _Progress(rows.table))
            say(f"{rows.table}: {count:,} rows from before {before:%Y-%m-%d %H:%MZ} {verb}")
            total += count
    say(f"{total:,} rows {verb}")


class _Progress:
    """Says now and then how far it is."""

    def __init__(self, table: str) -> None:
        self._table = table
        self._told = 0

    def __call__(self, deleted: int) -> None:
        if deleted - self._told >= TOLD_EVERY:
            self._told = deleted
            warn(f"{self._table}: {deleted:,} rows deleted so far ...")
