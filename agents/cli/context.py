"""What every command shares: where its settings come from, and where it prints."""

from collections.abc import Mapping
from dataclasses import dataclass

import typer
from rich.console import Console
from rich.text import Text

from agents import log
from agents.settings import Settings

_FILE_WIDTH = 200


@dataclass(slots=True)
class Invocation:
    """One run of `ringside`: typer's `ctx.obj`."""

    env: Mapping[str, str]
    debug: bool = False


def settings_of(ctx: typer.Context) -> Settings:
    """Return the settings of this run, and start logging as they say. Call it once, first.

    Raises:
        SettingsError: something in the environment is wrong.
    """
    invocation = ctx.find_object(Invocation)
    if invocation is None:
        message = "the command was not started by agents.__main__.run"
        raise TypeError(message)
    settings = Settings.from_env(invocation.env)
    log.configure(settings.log_format, "DEBUG" if invocation.debug else settings.log_level)
    return settings


def out() -> Console:
    """Return the console for results: stdout. Made anew, so that a redirection is seen."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _FILE_WIDTH  # nothing is cut or wrapped where a program may read it
    return console


def err() -> Console:
    """Return the console for progress and complaints: stderr."""
    return Console(stderr=True, highlight=False)


def complain(message: str) -> None:
    """Print `error: ...` in red, each line of *message* on one line whatever the width."""
    err().print(Text(f"error: {message}", style="red"), soft_wrap=True)


def warn(message: str) -> None:
    """Print a line in yellow to stderr."""
    err().print(Text(message, style="yellow"), soft_wrap=True)


def note(message: str) -> None:
    """Print a line as it is (no markup) to stderr: progress, not a result."""
    err().print(Text(message), soft_wrap=True)


def say(message: str) -> None:
    """Print a line as it is (no markup) to stdout."""
    out().print(Text(message), soft_wrap=True)
