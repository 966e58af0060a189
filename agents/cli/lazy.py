"""A group whose commands are imported when they are run, so that `ringside --help` is quick."""

import importlib
import importlib.util
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

ENTRY_POINTS = "ringside.commands"


@dataclass(frozen=True, slots=True)
class Lazy:
    """A command that is not imported yet. Its module holds `commands`, a `typer.Typer`."""

    name: str
    module: str
    help: str
    panel: str

    def stub(self) -> TyperCommand:
        """Return what the list of commands needs to know."""
        return TyperCommand(name=self.name, help=self.help, rich_help_panel=self.panel)


REGISTRY: tuple[Lazy, ...] = (
    Lazy(
        "demo",
        "agents.cli.demo",
        "Start everything on this machine, with a simulated floor.",
        "Look",
    ),
    Lazy("top", "agents.cli.top", "Watch the floor in this terminal, live.", "Look"),
    Lazy("worker", "agents.cli.worker", "Run a worker: events in; metrics and rows out.", "Run"),
    Lazy("topics", "agents.cli.topics", "Create and check the Kafka topics.", "Run"),
    Lazy("db", "agents.cli.db", "Create and migrate the PostgreSQL schema.", "Run"),
    Lazy(
        "roster",
        "agents.cli.roster",
        "Say who is in which team, and what each queue promises.",
        "Run",
    ),
    Lazy("settings", "agents.cli.settings", "List the settings and their values.", "Run"),
    Lazy("publish", "agents.cli.publish", "Send events from a file to Kafka.", "Events"),
    Lazy("simulate", "agents.cli.simulate", "Simulate a floor, into Kafka or a file.", "Events"),
    Lazy("deadletters", "agents.cli.deadletters", "See and retry what was refused.", "Events"),
)
"""Add a command here: name, module, one line of help, heading in `ringside --help`."""


class LazyGroup(TyperGroup):
    """Lists stubs out of the registry; imports a command's module when it is resolved."""

    def __init__(self, **attributes: Any) -> None:  # noqa: ANN401 - typer's own
        super().__init__(**attributes)
        self.lazy = {lazy.name: lazy for lazy in REGISTRY if importlib.util.find_spec(lazy.module)}
        for lazy in self.lazy.values():
            self.add_command(lazy.stub())
        for point in entry_points(group=ENTRY_POINTS):
            self.add_command(_command_of(point.name, point.load()))

    def resolve_command(self, ctx: typer.Context, args: list[str]) -> Any:  # type: ignore[override]  # noqa: ANN401 - typer vendors click's types
        """Import the command that *args* begins with, then resolve as usual."""
        lazy = self.lazy.pop(args[0], None) if args else None
        if lazy is not None:
            module = importlib.import_module(lazy.module)
            self.add_command(_command_of(lazy.name, module.commands))
        return super().resolve_command(ctx, args)


def _command_of(name: str, app: typer.Typer) -> Any:  # noqa: ANN401 - typer vendors click's types
    """Return the command or group that a Typer app stands for, under *name*."""
    command = typer.main.get_command(app)
    command.name = name
    return command
