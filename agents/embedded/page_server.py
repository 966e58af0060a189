"""What Prometheus, Alertmanager and Grafana have in common as local processes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from agents.embedded.http import is_ok
from agents.embedded.ports import HOST, claim
from agents.embedded.process import ChildProcess


@dataclass(slots=True)
class PageServer:
    """A server on a loopback port that says over HTTP when it is ready."""

    NAME: ClassVar[str]
    READY_PATH: ClassVar[str] = "/-/ready"
    START_SECONDS: ClassVar[float] = 90.0

    home: Path
    port: int
    process: ChildProcess

    @property
    def url(self) -> str:
        """Its page."""
        return f"http://{HOST}:{self.port}"

    def start(self) -> None:
        """Start the server and return when it is ready.

        Raises:
            EmbeddedError: it could not be started; says why.
        """
        claim(self.NAME, self.port)
        self.process.start()
        self.process.wait_until(lambda: is_ok(self.port, self.READY_PATH), self.START_SECONDS)

    def stop(self) -> None:
        """End the server in order."""
        self.process.stop()

    def kill(self) -> None:
        """End the server as `kill -9` does."""
        self.process.kill()
