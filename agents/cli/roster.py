"""`ringside roster`: who is in which team, and what each queue promises."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from agents import clock
from agents.cli.applying import publish_changes
from agents.cli.context import note, out, say, settings_of, warn
from agents.cli.tables import minute, plain_table
from agents.kafka import roster as rosters
from agents.kafka import rosterfile
from agents.kafka.admin import connect
from agents.kafka.topics import check_topics
from agents.postgres.connection import connected
from agents.postgres.unknown import UnknownName, unknown_names
from agents.settings import Settings
from schemas.topics import ROSTER
from streams.roster_rules import difference

commands = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Define sites, teams, reps and queues; see who is not among them.",
)

Wait = Annotated[float, typer.Option("--wait", min=0, help="Seconds to wait for Kafka.")]


@commands.command()
def apply(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="YAML file like docs/examples/roster.yaml.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the difference.")] = False,
    wait: Wait = 30,
) -> None:
    """Replace the roster by *file*: publish its entries, and remove entries that it does not hold.

    Checks the whole file first, and publishes nothing if there is a mistake. Safe to repeat.
    """
    settings = settings_of(ctx)
    new = rosterfile.read(file)
    _connect(settings, wait)
    values = rosters.without_pipelines(rosters.read_values(settings))
    messages = rosters.changes(values, rosters.to_values(new))
    for line in difference(rosters.to_roster(values), new):
        say(line)
    publish_changes(settings, messages, what="entities", dry_run=dry_run)


@commands.command()
def show(ctx: typer.Context, *, wait: Wait = 10) -> None:
    """Print the roster in force, as a file that you can change and apply."""
    settings = settings_of(ctx)
    _connect(settings, wait)
    values = rosters.without_pipelines(rosters.read_values(settings))
    if not values:
        warn("no roster has been applied; all reps and queues count as unknown")
    typer.echo(rosterfile.dump(rosters.to_roster(values)), nl=False)


@commands.command()
def unknown(
    ctx: typer.Context,
    *,
    days: Annotated[float, typer.Option("--days", min=0, help="Days to look back.")] = 7,
) -> None:
    """List the reps and queues that events name and the roster does not have.

    They count under `unknown` until you add them to the roster, which also repairs the past. Reads
    the database of RINGSIDE_DATABASE_URL, whose user must be a reader (`ringside db create-user`).
    """
    url = settings_of(ctx).required("database_url")
    names = asyncio.run(_unknown(url, since_at=clock.now() - days * 86_400))
    if not names:
        say("the roster has every rep and queue")
        return
    headings = ("kind", "name", "quarters of an hour", "first", "last")
    rows = (
        (one.kind, one.name, str(one.quarters), minute(one.since), minute(one.until))
        for one in names
    )
    out().print(plain_table(headings, rows, numbers={"quarters of an hour"}))


async def _unknown(url: str, *, since_at: float) -> list[UnknownName]:
    async with connected(url, patience_seconds=30, say=warn) as connection:
        return await unknown_names(connection, since_at=since_at)


def _connect(settings: Settings, wait_seconds: float) -> None:
    admin = connect(settings, wait_seconds=wait_seconds, progress=note)
    check_topics(admin, settings, [ROSTER])
