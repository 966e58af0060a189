"""`ringside pipelines`: through which stages deals go, and what their events call them."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from agents import clock, yamlfile
from agents.cli.applying import publish_changes
from agents.cli.context import note, out, say, settings_of, warn
from agents.cli.tables import minute, plain_table
from agents.kafka import pipelines
from agents.kafka import roster as rosters
from agents.kafka.admin import connect
from agents.kafka.topics import check_topics
from agents.postgres.connection import connected
from agents.postgres.pipelines import UnknownStage, unknown_stages
from agents.settings import Settings
from schemas.topics import ROSTER
from streams.pipeline_rules import difference

commands = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Define the stages that deals go through.",
)

File = Annotated[Path, typer.Argument(help="YAML file like docs/examples/pipelines.yaml.")]
Wait = Annotated[float, typer.Option("--wait", min=0, help="Seconds to wait for Kafka.")]


@commands.command()
def check(file: File) -> None:
    """Check *file*, and list its mistakes or its pipelines. Needs neither Kafka nor a database."""
    found = pipelines.read_file(file)
    for entry in found.pipelines:
        since = f" from {entry.since}" if entry.since else ""
        say(f"{entry.id}{since}: {' > '.join(stage.id for stage in entry.stages)}")
    say(f"{file} may be applied")


@commands.command()
def apply(
    ctx: typer.Context,
    file: File,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the difference.")] = False,
    wait: Wait = 30,
) -> None:
    """Replace the pipelines by *file*: publish its pipelines, and remove the others.

    Checks the whole file first, and publishes nothing if there is a mistake. Safe to repeat. Deals
    that were counted before are counted again by the new file.
    """
    settings = settings_of(ctx)
    new = pipelines.read_file(file)
    values = _values(settings, wait)
    messages = rosters.changes(values, pipelines.to_values(new))
    for line in difference(pipelines.to_pipelines(values), new):
        say(line)
    publish_changes(settings, messages, what="pipelines", dry_run=dry_run)


@commands.command()
def show(ctx: typer.Context, *, wait: Wait = 10) -> None:
    """Print the pipelines in force, as a file that you can change and apply."""
    values = _values(settings_of(ctx), wait)
    if not values:
        warn("no pipelines have been applied; every stage counts as unknown")
    typer.echo(yamlfile.dump(pipelines.to_pipelines(values)), nl=False)


@commands.command()
def unknown(
    ctx: typer.Context,
    *,
    days: Annotated[float, typer.Option("--days", min=0, help="Days to look back.")] = 365,
) -> None:
    """List the pipelines and stages that deals name and no pipeline has.

    They count under `unknown` until you apply a file that has them, which also repairs the past.
    Reads the database of RINGSIDE_DATABASE_URL, whose user must be a reader.
    """
    url = settings_of(ctx).required("database_url")
    names = asyncio.run(_unknown(url, since_at=clock.now() - days * 86_400))
    if not names:
        say("the pipelines have every stage")
        return
    rows = (
        (
            *(one.pipeline, one.name or "(the pipeline)", str(one.deals)),
            *(minute(one.since), minute(one.until)),
        )
        for one in names
    )
    headings = ("pipeline", "stage", "deals", "first", "last")
    out().print(plain_table(headings, rows, numbers={"deals"}))


async def _unknown(url: str, *, since_at: float) -> list[UnknownStage]:
    async with connected(url, patience_seconds=30, say=warn) as connection:
        return await unknown_stages(connection, since_at=since_at)


def _values(settings: Settings, wait_seconds: float) -> dict[str, bytes]:
    """Return what the topic has of pipelines."""
    admin = connect(settings, wait_seconds=wait_seconds, progress=note)
    check_topics(admin, settings, [ROSTER])
    values = rosters.read_values(settings)
    return {key: value for key, value in values.items() if pipelines.is_key(key)}
