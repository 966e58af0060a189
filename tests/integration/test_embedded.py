"""The embedded programs themselves: started, stopped, killed, started again."""

from __future__ import annotations

import asyncio
import secrets
import socket
import stat
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest
import yaml
from aiokafka import AIOKafkaConsumer
from confluent_kafka import KafkaError, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from agents.embedded.alertmanager import Alertmanager
from agents.embedded.broker import Broker
from agents.embedded.errors import EmbeddedError, PortTakenError
from agents.embedded.http import get
from agents.embedded.kafka import ApacheKafka
from agents.embedded.kafka_probe import answers, fences_zombies
from agents.embedded.paths import DEPLOY, PROJECT
from agents.embedded.ports import HOST, free_port, is_free
from agents.embedded.postgres import Database, Postgres
from agents.embedded.process import Program, run_to_end
from agents.embedded.prometheus import Prometheus
from agents.embedded.stack import Wanted, start_stack
from tests.integration.pipeline import PATIENCE_SECONDS, wait_until

if TYPE_CHECKING:
    from tests.integration.servers import PrometheusFactory


def new_topic(bootstrap: str, partitions: int = 1) -> str:
    topic = f"test.embedded.{secrets.token_hex(4)}"
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic(topic, partitions, 1)])[topic].result(PATIENCE_SECONDS)
    return topic


async def read(bootstrap: str, topic: str, count: int) -> list[bytes]:
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=bootstrap,
        group_id=f"group-{secrets.token_hex(4)}",
        auto_offset_reset="earliest",
        isolation_level="read_committed",
    )
    await consumer.start()
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return [(await consumer.getone()).value for _ in range(count)]
    finally:
        await consumer.stop()


# Kafka


@pytest.mark.needs_transactions
def test_a_producer_is_shut_out_once_another_has_its_transactional_id(kafka: Broker) -> None:
    assert fences_zombies(kafka.bootstrap)


@pytest.mark.needs_transactions
async def test_a_group_reads_what_was_committed_and_not_what_was_aborted(kafka: Broker) -> None:
    topic = new_topic(kafka.bootstrap)
    settings = {"bootstrap.servers": kafka.bootstrap, "transactional.id": topic}
    producer = Producer(settings)
    await asyncio.to_thread(producer.init_transactions, PATIENCE_SECONDS)
    for value, finish in (
        (b"first", producer.commit_transaction),
        (b"never", producer.abort_transaction),
        (b"second", producer.commit_transaction),
    ):
        producer.begin_transaction()
        producer.produce(topic, value)
        await asyncio.to_thread(producer.flush, PATIENCE_SECONDS)
        await asyncio.to_thread(finish, PATIENCE_SECONDS)
    assert await read(kafka.bootstrap, topic, 2) == [b"first", b"second"]


@pytest.mark.needs_apache_kafka
def test_a_mistyped_topic_is_refused_and_not_created(kafka: Broker) -> None:
    errors: list[KafkaError] = []
    settings = {"bootstrap.servers": kafka.bootstrap, "message.timeout.ms": 3000, "log_level": 0}
    producer = Producer(settings)
    producer.produce("test.no.such", b"x", on_delivery=lambda error, _: errors.append(error))
    producer.flush(PATIENCE_SECONDS)
    assert [error is not None for error in errors] == [True]
    assert "test.no.such" not in AdminClient(settings).list_topics(timeout=60).topics


@pytest.mark.needs_apache_kafka
async def test_what_kafka_acknowledged_outlives_kill_9(new_broker: Broker) -> None:
    topic = new_topic(new_broker.bootstrap)
    producer = Producer({"bootstrap.servers": new_broker.bootstrap, "acks": "all"})
    producer.produce(topic, b"kept")
    assert await asyncio.to_thread(producer.flush, PATIENCE_SECONDS) == 0
    bootstrap = new_broker.bootstrap
    new_broker.kill()
    assert is_free(new_broker.port)
    await asyncio.to_thread(new_broker.start)
    assert new_broker.bootstrap == bootstrap
    assert await read(bootstrap, topic, 1) == [b"kept"]


@pytest.mark.needs_apache_kafka
def test_composes_kafka_is_prepared_by_the_images_own_program(
    kafka: Broker, tmp_path: Path
) -> None:
    assert isinstance(kafka, ApacheKafka)
    compose = yaml.safe_load((PROJECT / "docker-compose.yml").read_text(encoding="utf-8"))
    service = compose["services"]["kafka"]
    final = tmp_path / "final"
    final.mkdir()
    command = (
        *(str(kafka.java), "-cp", f"{kafka.libs}/*", "kafka.docker.KafkaDockerWrapper", "setup"),
        *("-D", str(tmp_path), "-M", str(DEPLOY / "kafka"), "-F", str(final)),
    )
    env = {**service["environment"], "KAFKA_LOG_DIRS": str(tmp_path / "data")}
    program = Program(name="setup", command=command, log=tmp_path / "log", env=env)
    finished = run_to_end(program, PATIENCE_SECONDS)
    assert finished.exit_code == 0, finished.output
    assert (tmp_path / "data" / "meta.properties").exists()
    lines = (final / "server.properties").read_text(encoding="utf-8").splitlines()
    settings = dict(line.split("=", 1) for line in lines if "=" in line and line[0] != "#")
    assert settings["advertised.listeners"] == "INTERNAL://kafka:19092,EXTERNAL://127.0.0.1:9092"
    assert settings["auto.create.topics.enable"] == "false"


# PostgreSQL


async def test_a_fresh_database_is_empty(database: Database) -> None:
    connection = await asyncpg.connect(database.admin_url)
    count = await connection.fetchval(
        "select count(*) from pg_class where relnamespace = 'public'::regnamespace"
    )
    await connection.close()
    assert count == 0


async def test_a_wrong_password_is_refused(postgres: Postgres) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(postgres.database.url("postgres", "wrong"))


def test_the_password_and_the_data_are_closed_to_others(postgres: Postgres) -> None:
    assert stat.S_IMODE((postgres.home / "password").stat().st_mode) == 0o600
    assert stat.S_IMODE((postgres.home / "data").stat().st_mode) == 0o700


def test_what_postgres_committed_outlives_kill_9(new_postgres: Postgres) -> None:
    new_postgres.run_sql("create table kept as select 42 as number")
    port = new_postgres.port
    new_postgres.kill()
    assert is_free(port)
    new_postgres.start()
    assert new_postgres.port == port
    assert new_postgres.run_sql("select number from kept") == "42"
    new_postgres.stop()
    new_postgres.start()
    assert new_postgres.run_sql("select number from kept") == "42"


def test_postgres_runs_below_a_folder_that_is_closed_to_others(tmp_path: Path) -> None:
    # As root it is another user who runs it: root itself is refused.
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
    server = Postgres.create(tmp_path / "postgres", is_durable=False)
    try:
        server.start()
        assert server.run_sql("select 1") == "1"
    finally:
        server.stop()
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


def test_postgres_says_what_it_does_not_like(postgres: Postgres) -> None:
    with pytest.raises(EmbeddedError, match='syntax error at or near "selec"'):
        postgres.run_sql("selec 1")


# Prometheus and Alertmanager


def test_prometheus_scrapes_rules_and_tells_alertmanager(
    prometheus_factory: PrometheusFactory, server_folder: Path, tmp_path: Path
) -> None:
    rule = tmp_path / "scraped.yml"
    # It fires once Prometheus has found what it scrapes, and by then whom it tells, too.
    rules = [{"alert": "Scraped", "expr": 'up{job="prometheus"} == 1'}]
    group = {"name": "test", "interval": "1s", "rules": rules}
    rule.write_text(yaml.safe_dump({"groups": [group]}), encoding="utf-8")
    alertmanager = Alertmanager.create(Path(tempfile.mkdtemp(dir=server_folder)))
    alertmanager.start()
    try:
        told = [f"{HOST}:{alertmanager.port}"]
        prometheus = prometheus_factory(rules=[rule], alertmanagers=told)
        wait_until(lambda: bool(prometheus.query('ALERTS{alertname="Scraped"}')), "the alert")

        def is_told() -> bool:
            answer = get(alertmanager.port, "/api/v2/alerts")
            return answer is not None and b"Scraped" in answer.body

        wait_until(is_told, alertmanager.process.log_tail)
    finally:
        alertmanager.stop()


def test_prometheus_that_was_killed_comes_back_on_its_port(
    prometheus_factory: PrometheusFactory,
) -> None:
    prometheus = prometheus_factory()
    url = prometheus.url
    prometheus.kill()
    prometheus.start()
    assert prometheus.url == url
    assert prometheus.query("vector(7)")[0]["value"][1] == "7"  # type: ignore[index] # JSON


def test_a_query_that_is_none_is_refused(prometheus_factory: PrometheusFactory) -> None:
    with pytest.raises(EmbeddedError, match=r"refused 'sum\('"):
        prometheus_factory().query("sum(")


@pytest.mark.parametrize(
    "command",
    [
        ("promtool", "check", "config", str(DEPLOY / "prometheus" / "prometheus.yml")),
        ("amtool", "check-config", str(DEPLOY / "alertmanager" / "alertmanager.yml")),
    ],
    ids=["promtool", "amtool"],
)
def test_the_committed_configuration_is_valid(command: tuple[str, ...]) -> None:
    finished = subprocess.run(  # noqa: S603 - our own command line
        command, check=False, capture_output=True, text=True
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr


# All of them


@pytest.mark.parametrize(
    "create",
    [Postgres.create, Prometheus.create, Alertmanager.create],
    ids=["PostgreSQL", "Prometheus", "Alertmanager"],
)
def test_a_program_whose_port_is_taken_says_so(
    create: Callable[..., object], server_folder: Path
) -> None:
    with socket.create_server((HOST, 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(PortTakenError, match=f"port {port} of 127.0.0.1 is in use"):
            create(Path(tempfile.mkdtemp(dir=server_folder)), port=port)


def test_a_broker_whose_port_was_taken_meanwhile_says_so(
    make_broker: Callable[[], Broker],
) -> None:
    broker = make_broker()
    with (
        socket.create_server((HOST, broker.port)),
        pytest.raises(PortTakenError, match=f"port {broker.port} "),
    ):
        broker.start()


def test_existing_servers_are_used_and_not_started(server_folder: Path) -> None:
    home = Path(tempfile.mkdtemp(dir=server_folder))
    wanted = Wanted(
        kafka_bootstrap="127.0.0.1:1", database_url="postgresql://me:opensesame@127.0.0.1:2/floor"
    )
    with start_stack(home, env={}, say=lambda _: None, wanted=wanted) as stack:
        assert stack.kafka_bootstrap == "127.0.0.1:1"
        assert stack.database_url == wanted.database_url
        assert stack.postgres is None
        assert not (home / "stack" / "kafka").exists()
        assert "opensesame" not in repr(stack)


def test_the_whole_stack_comes_up_and_goes_away(
    server_folder: Path,
    downloads: Path,
    env: Mapping[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The usual ports are left to the demo, whose test may run at the same time.
    monkeypatch.setattr("agents.embedded.stack.preferred", lambda _: free_port())
    home = Path(tempfile.mkdtemp(dir=server_folder))
    home.chmod(0o755)
    for jars in downloads.glob("kafka-*"):
        (home / jars.name).symlink_to(jars)
    said: list[str] = []
    with start_stack(home, env=env, say=said.append) as stack:
        assert answers(stack.kafka_bootstrap)
        assert stack.postgres is not None
        assert stack.postgres.run_sql("select 1") == "1"
        assert (stack.database_admin_url or "").endswith("/ringside")
        ports = [int(stack.kafka_bootstrap.rpartition(":")[2]), stack.postgres.port]
        ports += [it.port for it in (stack.prometheus, stack.alertmanager) if it is not None]
        assert len(ports) + len(stack.missing) + (stack.grafana is not None) == 5
        with (
            pytest.raises(EmbeddedError, match="Another embedded stack is running"),
            start_stack(home, env=env, say=said.append),
        ):
            pass
    assert all(is_free(port) for port in ports)
