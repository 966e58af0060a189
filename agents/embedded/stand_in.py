"""A broker for machines without Java. It is not Apache Kafka, and says so."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, field
from pathlib import Path

from agents.embedded.broker import Broker
from agents.embedded.errors import MissingError
from agents.embedded.kafka_probe import fences_zombies
from agents.embedded.ports import HOST, claim, writable_folder
from agents.embedded.process import ChildProcess, Program


@dataclass(slots=True)
class StandIn(Broker):
    """The `noida-db` package's Kafka port, for machines without Java. Not a real Kafka."""

    port: int
    process: ChildProcess
    name: str = "the stand-in broker noida-db (not Apache Kafka)"
    is_stand_in: bool = True
    _supports_transactions: bool | None = field(default=None, init=False)

    @classmethod
    def create(cls, data: Path, *, port: int | None = None) -> StandIn:
        """Return a stand-in that keeps its data under `data`; not started yet.

        Raises:
            MissingError: the package is not installed.
        """
        data = writable_folder("The stand-in broker", data)
        port = claim("The stand-in broker", port)
        command = (
            *(str(_stand_in_binary()), "start", "--only", "kafka"),
            *("--host", HOST, "--kafka-port", str(port), "--data-dir", str(data / "data")),
        )
        program = Program(name="noida-db", command=command, log=data / "noida-db.log")
        return cls(port, ChildProcess(program))

    @property
    def supports_transactions(self) -> bool:
        """Whether a transaction is fenced off by a later one of the same id; tried once."""
        if self._supports_transactions is None:
            self._supports_transactions = fences_zombies(self.bootstrap)
        return self._supports_transactions

    def launch(self) -> None:
        """Start the stand-in without waiting.

        Raises:
            EmbeddedError: the port is taken.
        """
        if not self.process.is_running:
            claim("The stand-in broker", self.port)
        self.process.start()


def _stand_in_binary() -> Path:
    spec = importlib.util.find_spec("noida_db")
    if spec is None or spec.origin is None:
        raise MissingError(
            "The stand-in broker", "pip install noida-db (or Java and Maven for a real one)"
        )
    return Path(spec.origin).parent / "noida-db"
