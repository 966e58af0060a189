"""What can keep a program from starting, each with what to do about it."""

from __future__ import annotations

from pathlib import Path

from agents.errors import RingsideError


class EmbeddedError(RingsideError):
    """A part of the embedded stack cannot be had."""


class MissingError(EmbeddedError):
    """A program that is not on this machine."""

    def __init__(self, program: str, how_to_get_it: str) -> None:
        super().__init__(f"{program} was not found. To get it: {how_to_get_it}")
        self.program = program
        self.how_to_get_it = how_to_get_it


class PortTakenError(EmbeddedError):
    """Something else listens where a program should."""

    def __init__(self, program: str, port: int) -> None:
        super().__init__(
            f"{program} cannot start: port {port} of 127.0.0.1 is in use. "
            f"See who has it (ss -ltnp 'sport = :{port}') and stop that, or choose another port."
        )
        self.program = program
        self.port = port


class FolderUnwritableError(EmbeddedError):
    """A folder in which a program keeps its data cannot be made or written."""

    def __init__(self, program: str, folder: Path, why: str) -> None:
        super().__init__(
            f"{program} cannot keep its data in {folder}: {why}. "
            "Give the folder to this user, or choose another with RINGSIDE_DATA_DIR."
        )
        self.program = program
        self.folder = folder


class NotStartedError(EmbeddedError):
    """A program ended, or was not ready in time; carries the last lines of its log."""

    def __init__(self, program: str, why: str, log: Path, tail: str) -> None:
        indented = "\n".join(f"    {line}" for line in tail.splitlines()) or "    (nothing)"
        super().__init__(f"{program} {why}. The end of its log, {log}:\n{indented}")
        self.program = program
        self.tail = tail
