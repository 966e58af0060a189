"""Alertmanager as a local process, with the configuration that docker-compose.yml mounts."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from agents.embedded.errors import MissingError
from agents.embedded.page_server import PageServer
from agents.embedded.paths import DEPLOY
from agents.embedded.ports import HOST, claim, writable_folder
from agents.embedded.process import ChildProcess, Program


@dataclass(slots=True)
class Alertmanager(PageServer):
    """An Alertmanager on its own, without a cluster."""

    NAME = "Alertmanager"

    @classmethod
    def create(
        cls, home: Path, *, port: int | None = None, configuration: str | None = None
    ) -> Alertmanager:
        """Return a server that keeps everything under `home`; not started yet.

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


def find_alertmanager() -> Path:
    """Return the program: `prometheus-alertmanager` is Debian's name for it.

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
