"""`ringside corrections`: what corrected events moved, and where."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.table import Table

from agents import clock
from agents.cli.context import out, say, settings_of, warn
from agents.cli.tables import minute, plain_table
from agents.postgres.connection import connected
from agents.postgres.corrections import (
    Level,
    MovedCell,
    MovedMeasure,
    levels,
    measures,
    moved_cells,
)

commands = typer.Typer(add_completion=False, help="Show which numbers corrections changed.")


@commands.command()
def corrections(
    ctx: typer.Context,
    *,
    queue: Annotated[str, typer.Option("--queue", help="Only this queue.")] = "",
    since: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="TIME", help="Start of the interval, ISO 8601; default: a day ago."
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--to", metavar="TIME", help="End of the interval, ISO 8601; default: now."),
    ] = None,
    cells: Annotated[
        bool, typer.Option("--cells", help="List every changed cell with its event.")
    ] = False,
) -> None:
    """Show each quarter of an hour whose service level was changed by corrections.

    Without --queue, also show what changed for reps, meetings, activities, leads and deals.

    An event corrects the one that its `causationid` names. Reads the database of
    RINGSIDE_DATABASE_URL, whose user must be a reader (`ringside db create-user`).
    """
    url = settings_of(ctx).required("database_url")
    now = datetime.fromtimestamp(clock.now(), UTC)
    start, end = _instant(since) or now - timedelta(days=1), _instant(until) or now
    if start >= end:
        raise typer.BadParameter(
            f"--from {start.isoformat()} must be before --to {end.isoformat()}"
        )
    found, others, moved = asyncio.run(_read(url, start, end, queue))
    if not found and not moved:
        say("no correction changed anything in that time")
        return
    if found:
        out().print(_levels(found))
    if others:
        out().print(_measures(others))
    if cells:
        out().print(_cells(moved))


async def _read(
    url: str, since: datetime, until: datetime, queue: str
) -> tuple[list[Level], list[MovedMeasure], list[MovedCell]]:
    async with connected(url, patience_seconds=30, say=warn) as connection:
        return (
            await levels(connection, since, until, queue),
            [] if queue else await measures(connection, since, until),
            await moved_cells(connection, since, until, queue),
        )


def _levels(found: list[Level]) -> Table:
    headings = ("quarter of an hour", "queue", "corrections", "calls moved", "service level")
    rows = (
        (
            *(minute(one.start_at), one.queue, str(one.corrections)),
            f"{one.calls_offered:+d}" if one.calls_offered else "0",
            f"was {_share(one.before)}, is {_share(one.after)}",
        )
        for one in found
    )
    return plain_table(headings, rows, numbers={"corrections", "calls moved"})


def _measures(found: list[MovedMeasure]) -> Table:
    headings = ("quarter of an hour", "measure", "corrections", "was", "is")
    rows = (
        (
            *(minute(one.start_at), one.measure, str(one.corrections)),
            *(f"{one.before:g}", f"{one.after:g}"),
        )
        for one in found
    )
    return plain_table(headings, rows, numbers={"corrections", "was", "is"})


def _cells(moved: list[MovedCell]) -> Table:
    headings = ("quarter of an hour", "queue", "rep", "event", "corrects", "cell", "was", "is")
    rows = (
        (
            *(minute(one.start_at), one.queue, one.rep, one.event_id),
            *(one.corrects_id, one.cell, f"{one.before:g}", f"{one.after:g}"),
        )
        for one in moved
    )
    return plain_table(headings, rows, numbers={"was", "is"})


def _share(level: float | None) -> str:
    return "nothing" if level is None else f"{level:.1%}"


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(
            f"{text!r} is not a time; write it like 2026-09-01T10:00+07:00"
        ) from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)
