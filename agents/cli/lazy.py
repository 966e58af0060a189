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
    Lazy("worker", "agents.cli.worker", "Run a worker, which counts events.", "Run"),
    Lazy("topics", "agents.cli.topics", "Create and check the Kafka topics.", "Run"),
    Lazy(
        "db",
        "agents.cli.db",
        "Create, migrate and prune the PostgreSQL schema.",
        "Run",
    ),
    Lazy(
        "roster",
        "agents.cli.roster",
        "Define sites, teams, reps and queues.",
        "Run",
    ),
    Lazy(
        "pipelines",
        "agents.cli.pipelines",
        "Define the stages that deals go through.",
        "Run",
    ),
    Lazy(
        "baseline",
        "agents.cli.baseline",
        "Show or relearn what is expected of each team.",
        "Run",
    ),
    Lazy(
        "alerts",
        "agents.cli.alerts",
        "Configure and test alerts; list and mark those that fired.",
        "Run",
    ),
    Lazy(
        "explain",
        "agents.cli.explain",
        "Show the events behind a number.",
        "Look",
    ),
    Lazy(
        "reconcile",
        "agents.cli.reconcile",
        "Compare a PBX's own counters with what was counted here.",
        "Look",
    ),
    Lazy("settings", "agents.cli.settings", "List the settings and their values.", "Run"),
    Lazy("publish", "agents.cli.publish", "Send events from a file to Kafka.", "Events"),
    Lazy("import", "agents.cli.imports", "Import deals from a CRM's export.", "Events"),
    Lazy("simulate", "agents.cli.simulate", "Simulate a floor, into Kafka or a file.", "Events"),
    Lazy(
        "corrections",
        "agents.cli.corrections",
        "Show which numbers corrections changed.",
        "Events",
    ),
    Lazy(
        "replay",
        "agents.cli.replay",
        "Count everything again, compare, and switch over.",
        "Run",
    ),
    Lazy(
        "privacy",
        "agents.cli.privacy",
        "Look up a customer's token, or erase a customer.",
        "Events",
    ),
    Lazy(
        "deadletters", "agents.cli.deadletters", "List, show and retry refused messages.", "Events"
    ),
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


def _reflow(command: Any) -> None:  # noqa: ANN401 - typer vendors click's types
    """Let each paragraph of a command's help fill the terminal: typer keeps the source's lines."""
    paragraphs = (command.help or "").split("\n\n")
    command.help = "\n\n".join(" ".join(paragraph.split("\n")) for paragraph in paragraphs)
    for inner in getattr(command, "commands", {}).values():
        _reflow(inner)


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
            _reflow(command)
            self.add_command(command)
        return super().resolve_command(ctx, args)
