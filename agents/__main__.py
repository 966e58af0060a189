"""The `ringside` command, and the only reader of the environment."""

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from agents import compiled
from agents.cli.context import Invocation, complain
from agents.cli.lazy import LazyGroup
from agents.errors import RingsideError
from agents.release import release

EPILOG = """\
[bold]To begin[/bold]
ringside demo                      [dim]start everything on this machine[/dim]

[bold]To run it[/bold]
ringside topics apply              [dim]create the Kafka topics[/dim]
ringside roster apply roster.yaml  [dim]define sites, teams, reps and queues[/dim]
ringside pipelines apply FILE      [dim]define the stages of deals[/dim]
ringside db migrate                [dim]create the PostgreSQL schema[/dim]
ringside worker                    [dim]count events[/dim]
ringside publish events.jsonl      [dim]send your own events[/dim]
ringside top                       [dim]watch the floor[/dim]

Settings come from RINGSIDE_* variables; [bold]ringside settings[/bold] lists them.
"""

app = typer.Typer(
    cls=LazyGroup,
    no_args_is_help=True,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


def _print_version(value: bool) -> None:  # noqa: FBT001 - typer calls it so
    if not value:
        return
    kind = "plain Python" if compiled.missing() else "compiled"
    typer.echo(f"ringside {release()} ({kind})")
    raise typer.Exit


@app.callback(epilog=EPILOG)
def ringside(
    ctx: typer.Context,
    *,
    debug: Annotated[
        bool,
        typer.Option("--debug", help="Log at level DEBUG, and show the traceback of an error."),
    ] = False,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Live analytics for call centres that sell."""
    ctx.obj.debug = debug or ctx.obj.env.get("RINGSIDE_LOG_LEVEL") == "DEBUG"


def run(arguments: Sequence[str], env: Mapping[str, str]) -> int:
    """Run one command and return its exit code: 0, 1 for a failure, 2 for wrong use."""
    invocation = Invocation(env)
    try:
        typer.main.get_command(app).main(args=list(arguments), prog_name="ringside", obj=invocation)
    except RingsideError as error:
        if invocation.debug:
            raise
        complain(str(error))
        return error.exit_code
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else int(ending.code is not None)
    return 0


def main() -> None:
    """Entry point of the `ringside` script."""
    sys.exit(run(sys.argv[1:], os.environ))  # noqa: TID251 - this is the place


if __name__ == "__main__":
    main()
