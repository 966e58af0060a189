"""A disk of a few megabytes that can be filled and made read-only: a tmpfs, where one may mount."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

BALLAST = "ballast"


@dataclass(frozen=True, slots=True)
class Disk:
    """A mounted disk."""

    folder: Path

    def fill(self, *, left_bytes: int = 0) -> None:
        """Leave only so much free."""
        free = os.statvfs(self.folder)
        size = max(0, free.f_bavail * free.f_frsize - left_bytes)
        with (self.folder / BALLAST).open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(1, size))

    def empty(self) -> None:
        """Give the room back."""
        (self.folder / BALLAST).unlink(missing_ok=True)

    def make(self, mode: str) -> None:
        """Make it `ro` or `rw`."""
        _run("mount", "-o", f"remount,{mode}", str(self.folder))


NewDisk = Callable[[int], Disk]


@pytest.fixture
def new_disk(server_folder: Path) -> Iterator[NewDisk]:
    """Makes a disk of that many megabytes; it is gone after the test."""
    made: list[Path] = []

    def new(megabytes: int) -> Disk:
        folder = server_folder / f"disk-{len(made)}"
        folder.mkdir()
        try:
            _run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0711", "tmpfs", str(folder))
        except (OSError, subprocess.CalledProcessError) as error:
            folder.rmdir()
            pytest.skip(f"nothing can be mounted here: {error}")
        made.append(folder)
        return Disk(folder)

    yield new
    for folder in made:
        # Lazily: a server that is still ending may hold it.
        _run("umount", "-l", str(folder))
        folder.rmdir()


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own command line
