"""`ringside roster`: who is in which team, and what each queue promises."""

from pathlib import Path
from typing import Annotated

import typer

from agents.cli.context import err, say, settings_of, warn
from agents.kafka import roster as rosters
from agents.kafka import rosterfile
from agents.kafka.admin import connect
from agents.kafka.sending import Sender
from agents.kafka.topics import check_topics
from agents.settings import Settings
from schemas.topics import ROSTER
from streams.roster_rules import difference

commands = typer.Typer(
    no_args_is_help=True, help="Say who is in which team, and what each queue promises."
)

Wait = Annotated[float, typer.Option("--wait", min=0, help="Seconds to wait for Kafka.")]


@commands.command()
def apply(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="YAML, as docs/examples/roster.yaml.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the difference.")] = False,
    wait: Wait = 30,
) -> None:
    """Make *file* the roster: what it holds is published, what it does not hold is removed.

    The whole file is checked first; one mistake, and nothing is published. Safe to repeat.
    """
    settings = settings_of(ctx)
    new = rosterfile.read(file)
    _connect(settings, wait)
    values = rosters.read_values(settings)
    messages = rosters.changes(values, rosters.to_values(new))
    for line in difference(rosters.to_roster(values), new):
        say(line)
    if not messages:
        say("no change")
    elif dry_run:
        say(f"{len(messages)} entities would change; nothing was published (--dry-run)")
    else:
        with Sender(settings) as sender:
            for message in messages:
                sender.send(message)
            sender.finish()
        say(f"{len(messages)} entities published")


@commands.command()
def show(ctx: typer.Context, *, wait: Wait = 10) -> None:
    """Print the roster that is in force, as a file that can be changed and applied."""
    settings = settings_of(ctx)
    _connect(settings, wait)
    values = rosters.read_values(settings)
    if not values:
        warn("no roster has been applied; everybody counts as unknown")
    typer.echo(rosterfile.dump(rosters.to_roster(values)), nl=False)


def _connect(settings: Settings, wait_seconds: float) -> None:
    admin = connect(settings, wait_seconds=wait_seconds, progress=lambda text: err().print(text))
    check_topics(admin, settings, [ROSTER])
