"""A Kafka broker as a local process: Apache Kafka, or a stand-in that says it is one."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agents.embedded.broker import Broker
from agents.embedded.errors import EmbeddedError
from agents.embedded.kafka_jars import find_jars, find_java
from agents.embedded.kafka_probe import START_SECONDS
from agents.embedded.paths import DEPLOY
from agents.embedded.ports import HOST, claim, free_port, writable_folder
from agents.embedded.process import ChildProcess, Program, run_to_end
from agents.embedded.stand_in import StandIn

# A quick start and a small footprint rather than the most records a second.
_JVM = ("-XX:+UseSerialGC", "-Xshare:auto", "-XX:TieredStopAtLevel=4", "-Djava.awt.headless=true")


@dataclass(slots=True)
class ApacheKafka(Broker):
    """Apache Kafka as a single KRaft node, broker and controller in one process."""

    libs: Path
    java: Path
    data: Path
    port: int
    controller_port: int
    process: ChildProcess
    name: str = field(init=False)
    is_stand_in: bool = False

    def __post_init__(self) -> None:
        jar = next(self.libs.glob("kafka_2.13-*.jar"))
        self.name = f"Apache Kafka {jar.stem.removeprefix('kafka_2.13-')}"

    @classmethod
    def create(
        cls,
        data: Path,
        *,
        libs: Path,
        java: Path,
        port: int | None = None,
        overrides: Mapping[str, str] | None = None,
    ) -> ApacheKafka:
        """Return a broker that keeps everything under `data`; not started yet.

        Raises:
            EmbeddedError: the port is taken or the folder cannot be written.
        """
        data = writable_folder("Apache Kafka", data)
        port = claim("Apache Kafka", port)
        controller_port = free_port(taken=(port,))
        properties = data / "server.properties"
        template = (DEPLOY / "kafka/server.properties").read_text(encoding="utf-8")
        changes = _local_properties(data, port, controller_port) | dict(overrides or {})
        lines = "".join(f"{name}={value}\n" for name, value in changes.items())
        properties.write_text(f"{template}\n{lines}", encoding="utf-8")
        command = (*_java(java, libs, heap="512m"), "kafka.Kafka", str(properties))
        program = Program(name="Apache Kafka", command=command, log=data / "kafka.log")
        return cls(libs, java, data, port, controller_port, ChildProcess(program))

    @property
    def supports_transactions(self) -> bool:
        """Yes."""
        return True

    def launch(self) -> None:
        """Start the broker without waiting, formatting its folder the first time.

        Raises:
            EmbeddedError: a port is taken, or the folder cannot be formatted.
        """
        for port in (self.port, self.controller_port):
            if not self.process.is_running:
                claim("Apache Kafka", port)
        if not (self.data / "logs" / "meta.properties").exists():
            self._format()
        self.process.start()

    def _format(self) -> None:
        command = (
            *_java(self.java, self.libs, heap="128m"),
            *("kafka.tools.StorageTool", "format", f"--cluster-id={_cluster_id(self.data)}"),
            *("--config", str(self.data / "server.properties")),
        )
        program = Program(
            name="Kafka's storage tool", command=command, log=self.data / "format.log"
        )
        finished = run_to_end(program, START_SECONDS)
        if finished.exit_code != 0:
            raise EmbeddedError(
                f"Apache Kafka could not prepare {self.data / 'logs'}:\n{finished.output[-2000:]}"
            )


def open_broker(
    home: Path,
    data: Path,
    *,
    env: Mapping[str, str],
    say: Callable[[str], None],
    port: int | None = None,
) -> Broker:
    """Apache Kafka where it can be had, else the stand-in; not started yet.

    Raises:
        MissingError: neither can be had.
    """
    try:
        java = find_java(env)
        libs = find_jars(home, env, say)
    except EmbeddedError as error:
        if importlib.util.find_spec("noida_db") is None:
            raise
        say(f"{error}\nStarting a stand-in broker instead: it is NOT Apache Kafka.")
        return StandIn.create(data, port=port)
    return ApacheKafka.create(data, libs=libs, java=java, port=port)


def _java(java: Path, libs: Path, heap: str) -> tuple[str, ...]:
    log4j = f"-Dlog4j2.configurationFile={DEPLOY / 'kafka/log4j2.yaml'}"
    return (str(java), f"-Xmx{heap}", *_JVM, log4j, "-cp", f"{libs}/*")


def _local_properties(data: Path, port: int, controller_port: int) -> dict[str, str]:
    return {
        "listeners": f"PLAINTEXT://{HOST}:{port},CONTROLLER://{HOST}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{port}",
        "controller.quorum.voters": f"1@{HOST}:{controller_port}",
        "log.dirs": str(data / "logs"),
    }


def _cluster_id(data: Path) -> str:
    # 16 bytes in URL-safe base64, as `random-uuid` prints, without a JVM's start for it.
    return base64.urlsafe_b64encode(hashlib.sha256(str(data).encode()).digest()[:16])[:22].decode()
