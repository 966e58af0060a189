"""Alertmanager as a local process, with the configuration that docker-compose.yml mounts."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from agents.embedded.errors import MissingError
from agents.embedded.http import is_ok
from agents.embedded.paths import DEPLOY
from agents.embedded.ports import HOST, claim, writable_folder
from agents.embedded.process import ChildProcess, Program

_START_SECONDS = 30.0


@dataclass(slots=True)
class Alertmanager:
    """An Alertmanager on its own, without a cluster."""

    home: Path
    port: int
    process: ChildProcess

    @classmethod
    def create(
        cls, home: Path, *, port: int | None = None, configuration: str | None = None
    ) -> Alertmanager:
        """A server that keeps everything under `home`; not started yet.

        Args:
            home: holds its configuration and what it remembers.
            port: the loopback port; any free one if None.
            configuration: its text; that of docker-compose.yml if None.

        Raises:
            EmbeddedError: it is not installed, the port is taken, the folder cannot be written.
        """
        executable = find_alertmanager()
        home = writable_folder("Alertmanager", home)
        port = claim("Alertmanager", port)
        file = home / "alertmanager.yml"
        if configuration is None:
            shutil.copyfile(DEPLOY / "alertmanager/alertmanager.yml", file)
        else:
            file.write_text(configuration, encoding="utf-8")
        command = (
            str(executable),
            f"--config.file={file}",
            f"--storage.path={home / 'data'}",
            f"--web.listen-address={HOST}:{port}",
            "--cluster.listen-address=",
            "--log.level=warn",
        )
        program = Program(name="Alertmanager", command=command, log=home / "alertmanager.log")
        return cls(home, port, ChildProcess(program))

    @property
    def url(self) -> str:
        """Its page."""
        return f"http://{HOST}:{self.port}"

    def start(self) -> None:
        """Starts the server and returns when it is ready.

        Raises:
            EmbeddedError: it could not be started; says why.
        """
        claim("Alertmanager", self.port)
        self.process.start()
        self.process.wait_until(lambda: is_ok(self.port, "/-/ready"), _START_SECONDS)

    def stop(self) -> None:
        """Ends the server in order."""
        self.process.stop()

    def kill(self) -> None:
        """Ends the server as `kill -9` does."""
        self.process.kill()


def find_alertmanager() -> Path:
    """The program: `prometheus-alertmanager` is Debian's name for it.

    Raises:
        MissingError: there is none.
    """
    for name in ("alertmanager", "prometheus-alertmanager"):
        if found := shutil.which(name):
            return Path(found)
    raise MissingError(
        "Alertmanager",
        "apt-get install prometheus-alertmanager, or put the upstream program on the PATH",
    )
