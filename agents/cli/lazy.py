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
    Lazy(
        "pipelines",
        "agents.cli.pipelines",
        "Say through which stages deals go, and what events call them.",
        "Run",
    ),
    Lazy(
        "baseline",
        "agents.cli.baseline",
        "See what is expected of each team, or learn it anew.",
        "Run",
    ),
    Lazy("alerts", "agents.cli.alerts", "Say who is told of what; see what was told.", "Run"),
    Lazy(
        "explain",
        "agents.cli.explain",
        "Say what a number was made of, event by event.",
        "Look",
    ),
    Lazy(
        "reconcile",
        "agents.cli.reconcile",
        "Compare a PBX's own counters with ours.",
        "Look",
    ),
    Lazy("settings", "agents.cli.settings", "List the settings and their values.", "Run"),
    Lazy("publish", "agents.cli.publish", "Send events from a file to Kafka.", "Events"),
    Lazy("import", "agents.cli.imports", "Bring in what other programs exported.", "Events"),
    Lazy("simulate", "agents.cli.simulate", "Simulate a floor, into Kafka or a file.", "Events"),
    Lazy(
        "corrections",
        "agents.cli.corrections",
        "See what corrected events moved, and where.",
        "Events",
    ),
    Lazy("replay", "agents.cli.replay", "Count everything once more, compare, take it.", "Run"),
    Lazy("privacy", "agents.cli.privacy", "See and forget what is known of a customer.", "Events"),
    Lazy("deadletters", "agents.cli.deadletters", "See and retry what was refused.", "Events"),
)
"""Add a command here: name, module, one line of help, heading in `ringside --help`."""


_OTHERS_HELP = {"dashboards": "Build boards, rules and views from the catalogue."}


def _others() -> list[Lazy]:
    """Return the commands of other packages, found as entry points."""
    return [
        Lazy(point.name, point.module, _OTHERS_HELP.get(point.name, f"See {point.value}."), "Build")
        for point in entry_points(group=ENTRY_POINTS)
    ]


def _is_there(module: str) -> bool:
    """Return whether a module can be imported. Only the package around it is."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


class LazyGroup(TyperGroup):
    """Lists stubs out of the registry; imports a command's module when it is resolved."""

    def __init__(self, **attributes: Any) -> None:  # noqa: ANN401 - typer's own
        super().__init__(**attributes)
        known = (*REGISTRY, *_others())
        self.lazy = {lazy.name: lazy for lazy in known if _is_there(lazy.module)}
        for lazy in self.lazy.values():
            self.add_command(lazy.stub())

    def resolve_command(self, ctx: typer.Context, args: list[str]) -> Any:  # type: ignore[override]  # noqa: ANN401 - typer vendors click's types
        """Import the command that *args* begins with, then resolve as usual."""
        lazy = self.lazy.pop(args[0], None) if args else None
        if lazy is not None:
            # An entry point names `commands` of its module too; see pyproject.toml.
            command: Any = typer.main.get_command(importlib.import_module(lazy.module).commands)
            command.name = lazy.name
            self.add_command(command)
        return super().resolve_command(ctx, args)
