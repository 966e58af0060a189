"""`ringside dashboards build|check`, also as `python -m dashboards`."""

from pathlib import Path
from typing import Annotated

import typer

from dashboards.generate import ROOT, differences, files, write
from dashboards.mark import COMMAND

commands = typer.Typer(
    no_args_is_help=True,
    help="Generate boards, rules, SQL views and docs/KPIS.md from the catalogue.",
)

Folder = Annotated[
    Path,
    typer.Option("--output", metavar="DIR", help="The folder that holds dashboards/ and docs/."),
]


@commands.command()
def build(output: Folder = ROOT) -> None:
    """Write every generated file, and say which of them changed."""
    try:
        written = write(output)
    except OSError as error:
        typer.secho(
            f"error: cannot write {error.filename}: {error.strerror}. "
            "Choose another folder with --output, or make this one writable.",
            fg="red",
            err=True,
        )
        raise typer.Exit(1) from error
    for each in written:
        typer.echo(f"{_DONE[each.what]} {each.path}")
    count = len(files())
    typer.echo(f"{count} files, {len(written)} of them new or changed.")


@commands.command()
def check(output: Folder = ROOT) -> None:
    """Say whether the generated files are what the catalogue gives; exit with 1 if not."""
    stale = differences(output)
    if not stale:
        typer.echo(f"All {len(files())} generated files are up to date.")
        return
    listed = ", ".join(f"{each.path} ({each.what})" for each in stale)
    typer.secho(
        f"error: not what the catalogue gives: {listed}. Run `{COMMAND}` and commit the result.",
        fg="red",
        err=True,
    )
    raise typer.Exit(1)


_DONE = {"missing": "wrote", "changed": "rewrote", "left over": "removed"}


if __name__ == "__main__":
    commands()
