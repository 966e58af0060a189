"""A disk of a few megabytes that can be filled and made read-only: a tmpfs, where one may mount."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.pipeline import wait_until

BALLAST = "ballast"
MARGIN_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class Disk:
    """A mounted disk."""

    folder: Path

    def fill(self, *, left_bytes: int = 0) -> None:
        """Leave only so much free."""
        left = os.statvfs(self.folder)
        size = left.f_bavail * left.f_frsize - left_bytes
        with (self.folder / BALLAST).open("wb", buffering=0) as file:
            # Others write meanwhile, and what does not fit as a whole is not given at all.
            if size > MARGIN_BYTES:
                os.posix_fallocate(file.fileno(), 0, size - MARGIN_BYTES)
                file.seek(0, os.SEEK_END)
            with contextlib.suppress(OSError):
                while not left_bytes:
                    file.write(bytes(4096))

    def empty(self) -> None:
        """Give the room back."""
        (self.folder / BALLAST).unlink(missing_ok=True)

    def make(self, mode: str) -> None:
        """Make it `ro` or `rw`, once nobody writes to it: what was killed may take a moment."""
        wait_until(lambda: self._is_made(mode), f"{self.folder} to be {mode}", 30)

    def _is_made(self, mode: str) -> bool:
        command = ("mount", "-o", f"remount,{mode}", str(self.folder))
        return subprocess.run(command, check=False, capture_output=True).returncode == 0  # noqa: S603


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
        # A worker that has not ended yet may have written there since.
        shutil.rmtree(folder, ignore_errors=True)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own command line
