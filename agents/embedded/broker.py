"""What the stack and the tests need of a broker, whichever program it is."""

from __future__ import annotations

from abc import ABC, abstractmethod

from agents.embedded.kafka_probe import wait_until_ready
from agents.embedded.ports import HOST
from agents.embedded.process import ChildProcess


class Broker(ABC):
    """A Kafka broker as a local process."""

    __slots__ = ()

    name: str
    is_stand_in: bool
    port: int
    process: ChildProcess

    @property
    def bootstrap(self) -> str:
        """What clients connect to."""
        return f"{HOST}:{self.port}"

    @property
    @abstractmethod
    def supports_transactions(self) -> bool:
        """Whether transactions are atomic here and fence zombies."""

    @abstractmethod
    def launch(self) -> None:
        """Start it, again on the same data and port, without waiting.

        Raises:
            EmbeddedError: a port is taken, or the data cannot be prepared.
        """

    def wait_until_ready(self) -> None:
        """Return once a launched broker answers.

        Raises:
            NotStartedError: it has ended, or does not answer in time.
        """
        wait_until_ready(self.process, self.port)

    def start(self) -> None:
        """Launch it and wait until it answers.

        Raises:
            EmbeddedError: it could not be started; says why.
        """
        self.launch()
        self.wait_until_ready()

    def stop(self) -> None:
        """End it in order."""
        self.process.stop()

    def kill(self) -> None:
        """End it as `kill -9` does."""
        self.process.kill()
