"""`ringside dashboards build|check`, also as `python -m dashboards`."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer
import yaml

from dashboards.alerts import alert_rules
from dashboards.generate import ROOT, differences, files, write
from dashboards.mark import COMMAND
from schemas.alerting import Rules

commands = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Generate boards, rules, SQL views and docs/KPIS.md from the catalogue.",
)

Folder = Annotated[
    Path,
    typer.Option("--output", metavar="DIR", help="Folder that holds dashboards/ and docs/."),
]


@commands.command()
def build(output: Folder = ROOT) -> None:
    """Write every generated file, and list those that changed."""
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
    """Check that the generated files match the catalogue; exit with 1 if not."""
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


@commands.command()
def rules(
    file: Annotated[Path, typer.Argument(help="Settings file like deploy/alerts.yaml.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write to this file instead of the screen."),
    ] = None,
) -> None:
    """Write the alert rules with your own limits per team and queue.

    They replace dashboards/generated/rules/alerts.yml. `ringside alerts config FILE` writes the
    matching configuration of Alertmanager.
    """
    try:
        tree = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
        text = alert_rules(msgspec.convert(tree.get("rules", {}), Rules))
        if output is not None:
            output.write_text(text, encoding="utf-8")
    except (OSError, ValueError, AttributeError, yaml.YAMLError) as error:
        # What msgspec finds wrong is a ValueError, too, and says where.
        message = f"{file}: {error}"
        if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
            place = f"line {error.problem_mark.line + 1}"
            message = f"{file} {place}: this is not YAML: {error.problem}"
        if isinstance(error, OSError):
            message = f"{error.filename} cannot be read or written: {error.strerror}"
        typer.secho(f"error: {message}", fg="red", err=True)
        raise typer.Exit(1) from error
    typer.echo(text if output is None else f"wrote {output}", nl=output is not None)


_DONE = {"missing": "wrote", "changed": "rewrote", "left over": "removed"}


if __name__ == "__main__":
    commands()
