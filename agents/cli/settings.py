"""`ringside settings`: what can be set, what it is now, what it means."""

from typing import Annotated

import typer
from pydantic import SecretStr
from rich.text import Text

from agents.cli.context import out, settings_of
from agents.cli.tables import plain_table
from agents.settings import Settings, secrets, variable

commands = typer.Typer(add_completion=False)


@commands.command()
def settings(
    ctx: typer.Context,
    *,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print docs/settings.md instead.")
    ] = False,
) -> None:
    """List the settings and their values. Secrets are not shown."""
    if markdown:
        typer.echo(as_markdown(), nl=False)
        return
    now = settings_of(ctx)
    table = plain_table(("variable", "value", "meaning"))
    for name, field in Settings.model_fields.items():
        value = getattr(now, name)
        style = "bold" if value != field.default else "dim"
        shown = Text(_shown(value), style=style)
        table.add_row(Text(variable(name), style="cyan"), shown, Text(field.description or ""))
    out().print(table)


def as_markdown() -> str:
    """Return docs/settings.md."""
    lines = [
        "<!-- Written by `ringside settings --markdown > docs/settings.md`. Do not edit. -->",
        "# Settings",
        "",
        "All settings are environment variables. An empty variable counts as not set. A variable",
        "`RINGSIDE_...` that is not in this table is refused. For a setting marked *secret* you",
        "may name a file with the value, in a variable of the same name with `_FILE` appended.",
        "",
        "| variable | default | meaning |",
        "|---|---|---|",
    ]
    hidden = secrets(Settings)
    for name, field in Settings.model_fields.items():
        default = f"`{_shown(field.default)}`" if _shown(field.default) else ""
        mark = " *Secret.*" if name in hidden else ""
        lines.append(f"| `{variable(name)}` | {default} | {field.description}{mark} |")
    return "\n".join(lines) + "\n"


def _shown(value: object) -> str:
    """Return a value as one would write it in the environment."""
    if value is None:
        return ""
    if isinstance(value, frozenset):
        return ",".join(sorted(value))
    if isinstance(value, SecretStr):
        return "(set)"
    return str(value).lower() if isinstance(value, bool) else str(value)
