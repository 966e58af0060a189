"""Everything Ringside needs around it, as local processes, for as long as a `with` lasts."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar
from urllib.parse import unquote, urlsplit

from agents.alerting.config import configuration
from agents.alerting.settings import Delivery, Webhook
from agents.embedded.alertmanager import Alertmanager
from agents.embedded.broker import Broker
from agents.embedded.errors import EmbeddedError
from agents.embedded.grafana import Grafana, Sources
from agents.embedded.kafka import open_broker
from agents.embedded.paths import GENERATED
from agents.embedded.ports import preferred, writable_folder
from agents.embedded.postgres import Postgres
from agents.embedded.prometheus import Prometheus
from agents.embedded.secret_files import ensure_secret

# Where people look for them; another is taken when one is in use.
_KAFKA, _POSTGRES, _PROMETHEUS, _ALERTMANAGER, _GRAFANA = 9092, 5432, 9090, 9093, 3000
_ALERTS = 9475
_DATABASE = "ringside"


class _Server(Protocol):
    def start(self) -> None: ...

    def stop(self) -> None: ...


Server = TypeVar("Server", bound=_Server)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is there already and need not be started, and how to start the rest."""

    kafka_bootstrap: str | None = None
    """A Kafka that somebody else runs."""
    database_url: str | None = field(default=None, repr=False)
    """A PostgreSQL that somebody else runs, as the worker uses it."""
    database_admin_url: str | None = field(default=None, repr=False)
    """The same, as migrations use it."""
    is_fresh: bool = False
    """Forget what an earlier stack kept."""
    meanwhile: Callable[[Access], None] = lambda _: None
    """Called with the database of a started PostgreSQL while Kafka, which is slow, starts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A PostgreSQL of ours and the passwords of those who shall use it."""

    admin_url: str = field(repr=False)
    writer_password: str = field(repr=False)
    reader_password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """What runs and where; what could not be started and how to get it."""

    kafka_name: str
    kafka_bootstrap: str
    is_stand_in: bool
    database_url: str = field(repr=False)
    """As the user `worker`, who is made after the migrations (`ringside db create-user`)."""
    database_admin_url: str | None = field(repr=False)
    postgres: Postgres | None
    """None if it is somebody else's."""
    customer_key: str = field(repr=False)
    prometheus: Prometheus | None
    alertmanager: Alertmanager | None
    alerts: Webhook | None
    """Where Alertmanager tells of alerts, with which token: for `ringside alerts receive`."""
    grafana: Grafana | None
    missing: tuple[EmbeddedError, ...]


@contextmanager
def start_stack(
    home: Path,
    *,
    env: Mapping[str, str],
    say: Callable[[str], None],
    wanted: Wanted | None = None,
) -> Iterator[Stack]:
    """Start what is needed, yield where it is, and stop it in reverse order.

    Args:
        home: holds what is downloaded and, under `stack/`, what the servers keep.
        env: KAFKA_HOME and JAVA_HOME in it are heeded.
        say: told what is being done.
        wanted: what need not be started, and how to start the rest.

    Raises:
        EmbeddedError: Kafka or PostgreSQL cannot be started. What is only looked at (Prometheus,
            Alertmanager, Grafana) goes to `missing` instead.
    """
    home = writable_folder("The embedded stack", home)
    wanted = wanted or Wanted()
    with ExitStack() as running:
        _lock(home, running)
        if wanted.is_fresh:
            shutil.rmtree(home / "stack", ignore_errors=True)
        starter = _Starter(home, home / "stack", env, say, running)
        yield starter.start(wanted)


@dataclass(slots=True)
class _Starter:
    downloads: Path
    data: Path
    env: Mapping[str, str]
    say: Callable[[str], None]
    running: ExitStack
    missing: list[EmbeddedError] = field(default_factory=list)
    alerts: Webhook | None = None

    def start(self, wanted: Wanted) -> Stack:
        broker = None if wanted.kafka_bootstrap else self._launch_kafka()
        postgres = None if wanted.database_url else self._postgres()
        writer, reader, key = (
            ensure_secret(self.data / "secrets", name)
            for name in ("writer_password", "reader_password", "customer_key")
        )
        if postgres is None:
            url, admin_url = wanted.database_url or "", wanted.database_admin_url
            seen_as = url
        else:
            database = postgres.database.named(_DATABASE)
            url, admin_url = database.url("worker", writer), database.admin_url
            seen_as = database.url("grafana", reader)
            access = Access(admin_url=admin_url, writer_password=writer, reader_password=reader)
            wanted.meanwhile(access)
        prometheus, alertmanager = self._watchers()
        grafana = self._optional(lambda: self._grafana(prometheus, seen_as))
        if broker is not None:
            broker.wait_until_ready()
            self.say(f"{broker.name} is up at {broker.bootstrap}.")
        return Stack(
            kafka_name=broker.name if broker else "an existing Kafka",
            kafka_bootstrap=broker.bootstrap if broker else wanted.kafka_bootstrap or "",
            is_stand_in=broker.is_stand_in if broker else False,
            database_url=url,
            database_admin_url=admin_url,
            postgres=postgres,
            customer_key=key,
            prometheus=prometheus,
            alertmanager=alertmanager,
            alerts=self.alerts if alertmanager is not None else None,
            grafana=grafana,
            missing=tuple(self.missing),
        )

    def _launch_kafka(self) -> Broker:
        self.say("Starting Kafka ...")
        port = preferred(_KAFKA)
        data = self.data / "kafka"
        broker = open_broker(self.downloads, data, env=self.env, say=self.say, port=port)
        self.running.callback(broker.stop)
        broker.launch()
        return broker

    def _postgres(self) -> Postgres:
        self.say("Starting PostgreSQL ...")
        server = Postgres.create(self.data / "postgres", port=preferred(_POSTGRES))
        self._run(server)
        if _DATABASE not in server.run_sql("select datname from pg_database").split():
            server.create_database(_DATABASE)
        self.say(f"PostgreSQL is up at 127.0.0.1:{server.port}.")
        return server

    def _watchers(self) -> tuple[Prometheus | None, Alertmanager | None]:
        prometheus = self._optional(self._prometheus)
        alertmanager = self._optional(self._alertmanager)
        if prometheus is not None and alertmanager is not None:
            prometheus.set_targets({"alertmanagers": [f"127.0.0.1:{alertmanager.port}"]})
        return prometheus, alertmanager

    def _prometheus(self) -> Prometheus:
        rules = sorted((GENERATED / "rules").glob("*.yml"))
        folder = self.data / "prometheus"
        server = Prometheus.create(folder, port=preferred(_PROMETHEUS), rules=rules)
        return self._run(server)

    def _alertmanager(self) -> Alertmanager:
        folder = self.data / "alertmanager"
        ensure_secret(self.data / "secrets", "alerts_token")
        token_file = (self.data / "secrets" / "alerts_token").resolve()
        url = f"http://127.0.0.1:{preferred(_ALERTS)}/alerts"
        self.alerts = Webhook(url=url, token_file=str(token_file))
        text = configuration(Delivery(history=self.alerts), ())
        port = preferred(_ALERTMANAGER)
        return self._run(Alertmanager.create(folder, port=port, configuration=text))

    def _grafana(self, prometheus: Prometheus | None, database_url: str) -> Grafana:
        database = urlsplit(database_url)
        sources = Sources(
            prometheus_url=prometheus.url if prometheus else "http://127.0.0.1:9090",
            database_address=f"{database.hostname}:{database.port or 5432}",
            database_name=database.path.lstrip("/"),
            database_user=unquote(database.username or ""),
            database_password=unquote(database.password or ""),
        )
        return self._run(Grafana.create(self.data / "grafana", sources, port=preferred(_GRAFANA)))

    def _optional(self, start: Callable[[], Server]) -> Server | None:
        try:
            return start()
        except EmbeddedError as error:
            self.missing.append(error)
            return None

    def _run(self, server: Server) -> Server:
        self.running.callback(server.stop)
        server.start()
        return server


def _lock(home: Path, running: ExitStack) -> None:
    lock = running.enter_context((home / "stack.lock").open("w"))
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise EmbeddedError(
            f"Another embedded stack is running in {home}. Stop it (Ctrl-C there), or give this "
            "one a folder of its own with RINGSIDE_DATA_DIR."
        ) from None
