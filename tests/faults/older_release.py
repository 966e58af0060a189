"""An older release of Ringside, out of the repository's history, to be upgraded from."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from agents.embedded.paths import PROJECT
from agents.embedded.ports import free_port
from agents.embedded.process import ChildProcess, Program
from tests.integration.pipeline import Pipeline, Worker

OF_ANOTHER_SHAPE = "32d16c0"
"""The last one whose changelog knew two grains of panes; today's has one."""
OF_THIS_SHAPE = "27caca1"
"""One whose state and notes today's workers read, and which reads theirs. Where a change ends that,
name a later one here, and say in the changelog what the upgrade wants.
"""


@dataclass(frozen=True, slots=True)
class OlderRelease:
    """Its files, and commands of it."""

    folder: Path

    @classmethod
    def unpack(cls, folder: Path, commit: str) -> OlderRelease:
        """Take it out of the history; skip the test where there is none (a shallow clone)."""
        archive = folder / "older.tar"
        command = ("git", "-C", str(PROJECT), "archive", f"--output={archive}", commit)
        done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - our own
        if done.returncode != 0:
            pytest.skip(f"the history of the repository does not reach back to {commit}")
        files = folder / "older"
        files.mkdir()
        with tarfile.open(archive) as files_of_it:
            files_of_it.extractall(files, filter="data")
        return cls(files)

    def run(self, env: Mapping[str, str], *arguments: str) -> None:
        """Run one of its commands to its end."""
        subprocess.run(  # noqa: S603 - our own command line
            (sys.executable, "-m", "agents", *arguments),
            env=self._env(env),
            cwd=self.folder,
            check=True,
            capture_output=True,
            timeout=120,
        )

    def worker(self, pipeline: Pipeline) -> Worker:
        """Return one of its workers, started; it ends with the pipeline's own."""
        port, folder = free_port(), pipeline.folder
        own = {"RINGSIDE_METRICS_PORT": str(port), "RINGSIDE_DATA_DIR": str(folder / f"old-{port}")}
        program = Program(
            name="the older worker",
            command=(sys.executable, "-m", "agents", "worker"),
            log=folder / f"old-{port}.log",
            env={**self._env(pipeline.env), **own},
            working_folder=self.folder,
        )
        worker = Worker(ChildProcess(program), port)
        pipeline.workers.append(worker)
        worker.process.start()
        worker.wait_until_ready()
        return worker

    def _env(self, env: Mapping[str, str]) -> dict[str, str]:
        # Its own packages, though the environment has today's installed.
        return {**env, "PYTHONPATH": str(self.folder)}
