"""Real servers for tests, as local processes that live as long as the run: a pytest plugin.

It is loaded by tests/conftest.py, so that tests/faults has the same servers. What is here: `kafka`
(a broker), `postgres` (a server), `database` (a fresh empty database per test),
`prometheus_factory`. Tests that stop or kill a server make their own with `new_broker` or
`new_postgres`.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest

from agents import clock
from agents.embedded import ports
from agents.embedded.broker import Broker
from agents.embedded.kafka import open_broker
from agents.embedded.paths import DEFAULT_HOME
from agents.embedded.postgres import Database, Postgres
from agents.embedded.prometheus import Prometheus
from agents.embedded.stand_in import StandIn
from tests.integration.installation import new_pipeline, remove_topics
from tests.integration.pipeline import Pipeline


class PrometheusFactory(Protocol):
    """Starts a Prometheus that scrapes these addresses with these rule files."""

    def __call__(
        self,
        targets: Sequence[str] = (),
        rules: Sequence[Path] = (),
        alertmanagers: Sequence[str] = (),
    ) -> Prometheus: ...


_HERE = Path(__file__).parent
_BROKER = pytest.StashKey[str]()
"""What the run's broker is called."""


@pytest.fixture(scope="session")
def env() -> Mapping[str, str]:
    """The environment of the run."""
    # As in agents/__main__.py: the one place here that looks at it.
    return dict(os.environ)  # noqa: TID251


@pytest.fixture(scope="session")
def downloads(env: Mapping[str, str]) -> Path:
    """The folder in which what has been downloaded once (Kafka's jars) is kept."""
    return Path(env.get("RINGSIDE_DATA_DIR") or DEFAULT_HOME)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--broker",
        choices=("auto", "apache", "stand-in"),
        default="auto",
        help="Kafka for the integration tests; auto: Apache Kafka, else the stand-in",
    )


def pytest_configure(config: pytest.Config) -> None:
    for line in (
        "needs_apache_kafka: cannot be carried by the stand-in broker; skipped there",
        "needs_transactions: needs a broker whose transactions fence zombies",
    ):
        config.addinivalue_line("markers", line)
    _share_ports(getattr(config, "workerinput", None))


def _share_ports(beside: Mapping[str, Any] | None) -> None:
    """Give each of the processes that share the tests ports of its own.

    A port is free until the server listens that it was chosen for, and while that server is down.
    """
    if beside is None:
        return
    number = int(beside["workerid"].removeprefix("gw"))
    lowest, each = ports._LOWEST, (ports._HIGHEST - ports._LOWEST) // int(beside["workercount"])
    ports._LOWEST, ports._HIGHEST = lowest + number * each, lowest + (number + 1) * each


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker(pytest.mark.integration)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if broker := config.stash.get(_BROKER, None):
        terminalreporter.write_line(f"Integration tests ran on {broker}.")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand over what the last lines say, where processes share the tests."""
    handed_over = getattr(session.config, "workeroutput", None)
    if handed_over is not None and _BROKER in session.config.stash:
        handed_over["broker"] = session.config.stash[_BROKER]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:  # noqa: ANN401 - pytest-xdist has no types
    if broker := getattr(node, "workeroutput", {}).get("broker"):
        node.config.stash[_BROKER] = broker


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Path]:
    # Not pytest's own temporary folder: that is closed to the user PostgreSQL runs as under root.
    folder = Path(tempfile.mkdtemp(prefix="ringside-test-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def make_broker(
    server_folder: Path, downloads: Path, env: Mapping[str, str], pytestconfig: pytest.Config
) -> Callable[..., Broker]:
    """Makes a broker of the run's kind with a folder and port of its own; not started yet.

    `make_broker(folder)`: with its own folder in that one.
    """
    wanted = pytestconfig.getoption("--broker")

    def make(folder: Path = server_folder) -> Broker:
        data = Path(tempfile.mkdtemp(prefix="kafka-", dir=folder))
        if wanted == "stand-in":
            return StandIn.create(data)
        broker = open_broker(downloads, data, env=env, say=lambda _: None)
        if wanted == "apache" and broker.is_stand_in:
            pytest.fail("--broker=apache, but Apache Kafka cannot be had here")
        return broker

    return make


@pytest.fixture(scope="session")
def kafka(make_broker: Callable[[], Broker], pytestconfig: pytest.Config) -> Iterator[Broker]:
    """The run's broker: `kafka.bootstrap`. Use topics and groups with names of your own."""
    broker = make_broker()
    pytestconfig.stash[_BROKER] = broker.name
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def new_broker(make_broker: Callable[[], Broker]) -> Iterator[Broker]:
    """A started broker for this test alone, to be stopped, killed and started again."""
    broker = make_broker()
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture(autouse=True)
def _skip_what_the_stand_in_cannot_carry(request: pytest.FixtureRequest) -> None:
    markers = ("needs_apache_kafka", "needs_transactions")
    wanted = {name for name in markers if request.node.get_closest_marker(name)}
    if not wanted:
        return
    broker: Broker = request.getfixturevalue("kafka")
    if "needs_apache_kafka" in wanted and broker.is_stand_in:
        pytest.skip(f"needs Apache Kafka; this run has {broker.name}")
    if "needs_transactions" in wanted and not broker.supports_transactions:
        pytest.skip(f"needs transactions that fence zombies; this run has {broker.name}")


@pytest.fixture(scope="session")
def postgres(server_folder: Path) -> Iterator[Postgres]:
    """The run's PostgreSQL server."""
    server = Postgres.create(server_folder / "postgres", is_durable=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def new_postgres(server_folder: Path) -> Iterator[Postgres]:
    """A started server for this test alone, to be stopped, killed and started again."""
    folder = Path(tempfile.mkdtemp(prefix="postgres-", dir=server_folder))
    server = Postgres.create(folder, is_durable=False)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def database(postgres: Postgres) -> Iterator[Database]:
    """A fresh, empty database: `database.admin_url`, `database.url(role, password)`.

    Roles belong to the server, not the database: make them only if they are not there.
    """
    made = postgres.create_database(f"test_{secrets.token_hex(6)}")
    yield made
    postgres.drop_database(made.name)


@pytest.fixture
def prometheus_factory(server_folder: Path) -> Iterator[PrometheusFactory]:
    """`prometheus_factory(["127.0.0.1:9464"], rules=[...])` starts one; `.query("up")` asks it."""
    with ExitStack() as running:

        def start(
            targets: Sequence[str] = (),
            rules: Sequence[Path] = (),
            alertmanagers: Sequence[str] = (),
        ) -> Prometheus:
            home = Path(tempfile.mkdtemp(prefix="prometheus-", dir=server_folder))
            server = Prometheus.create(home, rules=rules)
            server.set_targets({"workers": targets, "alertmanagers": alertmanagers})
            running.callback(server.stop)
            server.start()
            return server

        yield start


@pytest.fixture
def now() -> clock.Clock:
    """The wall clock: live windows end now."""
    return clock.now


@pytest.fixture
def under(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """What runs Ringside's programs, as `pdb` in `python -m pdb -m agents` would; here nothing."""
    return getattr(request, "param", ())


@pytest.fixture
def pipeline(
    kafka: Broker,
    database: Database,
    tmp_path: Path,
    env: Mapping[str, str],
    under: tuple[str, ...],
) -> Iterator[Pipeline]:
    """An installation with topics and schema, without a worker: `pipeline.start_worker()`.

    Source topics have fixed names, so all topics are deleted before and afterwards.
    """
    made = new_pipeline(kafka, database, tmp_path, env, under=under)
    yield made
    made.stop()
    remove_topics(kafka.bootstrap)
