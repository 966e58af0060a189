"""What is said when a program is not on the machine, and what compose's secrets look like."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from agents.embedded.alertmanager import find_alertmanager
from agents.embedded.errors import MissingError
from agents.embedded.grafana import Sources, find_grafana, localised, replacements
from agents.embedded.kafka import open_broker
from agents.embedded.kafka_jars import find_jars, find_java
from agents.embedded.paths import DEPLOY
from agents.embedded.prometheus import find_prometheus, find_promtool
from agents.embedded.secret_files import RANDOM, ensure_all
from agents.embedded.stand_in import StandIn


@pytest.fixture
def _nothing_is_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.usefixtures("_nothing_is_installed")
@pytest.mark.parametrize(
    ("find", "advice"),
    [
        (find_prometheus, "apt-get install prometheus"),
        (find_promtool, "apt-get install prometheus"),
        (find_alertmanager, "apt-get install prometheus-alertmanager"),
        (find_grafana, "docker-compose.yml"),
        (lambda: find_java({}), "apt-get install openjdk"),
    ],
)
def test_a_missing_program_says_how_to_get_it(find: Callable[[], object], advice: str) -> None:
    with pytest.raises(MissingError) as missing:
        find()
    assert advice in missing.value.how_to_get_it


@pytest.mark.usefixtures("_nothing_is_installed")
def test_without_maven_the_way_to_kafkas_jars_is_told(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"Maven.*apt-get install maven, or set KAFKA_HOME"):
        find_jars(tmp_path, {}, say=lambda _: None)


def test_a_wrong_kafka_home_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"KAFKA_HOME=.*libs/kafka_2\.13"):
        find_jars(tmp_path, {"KAFKA_HOME": str(tmp_path)}, say=lambda _: None)


@pytest.mark.usefixtures("_nothing_is_installed")
def test_without_java_a_stand_in_is_taken_that_says_it_is_one(tmp_path: Path) -> None:
    said: list[str] = []
    broker = open_broker(tmp_path, tmp_path / "data", env={}, say=said.append)
    assert isinstance(broker, StandIn)
    assert broker.is_stand_in
    assert "NOT Apache Kafka" in "".join(said)


def test_the_secrets_are_long_different_and_closed_to_others(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    ensure_all(folder)
    values = {(folder / name).read_text() for name in RANDOM}
    assert len(values) == len(RANDOM)
    # 32 random bytes in base64
    assert {len(value) for value in values} == {43}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_secrets_that_are_there_are_kept(tmp_path: Path) -> None:
    ensure_all(tmp_path)
    before = {path.name: path.read_text() for path in tmp_path.iterdir()}
    ensure_all(tmp_path)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == before
    password = before["writer_password"]
    assert before["database_url"] == f"postgresql://worker:{password}@postgres:5432/ringside"


def test_no_address_of_the_containers_is_left_when_grafana_runs_here(tmp_path: Path) -> None:
    sources = Sources(
        prometheus_url="http://127.0.0.1:1",
        database_address="127.0.0.1:2",
        database_name="floor",
        database_user="looker",
        database_password="secret",
    )
    files = sorted((DEPLOY / "grafana" / "provisioning").rglob("*.yml"))
    text = "".join(path.read_text() for path in files)
    here = localised(text, replacements(tmp_path, sources))
    for container in (
        "prometheus:9090",
        "postgres:5432",
        "/run/secrets",
        "/var/lib",
        "user: grafana",
    ):
        assert container in text
        assert container not in here
    assert "database: floor" in here
    assert "secret" not in here.replace("secureJsonData", "").replace("secrets", "")
