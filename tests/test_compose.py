"""What docker-compose.yml and the image promise: pinned, local, restricted, no known password."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from agents.embedded.kafka_jars import kafka_version
from agents.embedded.secret_files import ensure_all
from agents.settings import Settings, secrets, variable

PROJECT = Path(__file__).parents[1]
DOCKERFILE = PROJECT / "deploy" / "Dockerfile"
COMPOSE: dict[str, Any] = yaml.safe_load((PROJECT / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ONE_SHOT = {"migrate", "topics"}
OURS = {"migrate", "topics", "worker", "alerts", "simulate"}


def run(*command: str) -> int:
    return subprocess.run(command, check=False).returncode  # noqa: S603 - our own command lines


every_service = pytest.mark.parametrize("name", SERVICES)


def secrets_of(service: dict[str, Any]) -> set[str]:
    given = service.get("secrets", ())
    return {one["source"] if isinstance(one, dict) else one for one in given}


def mounts(service: dict[str, Any]) -> list[str]:
    return [volume for volume in service.get("volumes", ()) if volume.startswith("./")]


@every_service
def test_every_image_has_a_version(name: str) -> None:
    image, _, tag = SERVICES[name]["image"].partition(":")
    assert re.search(r"\d+\.\d+", tag), f"{image} needs a tag with a version, not {tag!r}"


def test_kafka_is_the_version_that_the_tests_start() -> None:
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{kafka_version()}"


@every_service
def test_ports_are_open_to_this_machine_only(name: str) -> None:
    for port in SERVICES[name].get("ports", ()):
        assert port.startswith("127.0.0.1:")


@every_service
def test_nothing_can_gain_privileges_or_take_all_memory(name: str) -> None:
    service = SERVICES[name]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["cap_drop"] == ["ALL"]
    assert re.fullmatch(r"\d+[mg]", service["mem_limit"])


@every_service
def test_logs_cannot_fill_the_disk(name: str) -> None:
    options = SERVICES[name]["logging"]["options"]
    assert re.fullmatch(r"\d+m", options["max-size"])
    assert int(options["max-file"]) > 1


@every_service
def test_nobody_is_root_and_what_they_can_write_is_a_volume_or_memory(name: str) -> None:
    service = SERVICES[name]
    assert re.fullmatch(r"[1-9]\d*:\d+", service["user"])
    assert "cap_add" not in service
    assert "privileged" not in service
    assert service["read_only"] is (name != "kafka"), "its entry point writes its configuration"


@every_service
def test_nobody_sees_the_machine(name: str) -> None:
    service = SERVICES[name]
    assert not {"network_mode", "pid", "ipc", "devices", "userns_mode"} & set(service)
    assert not any("docker.sock" in volume for volume in service.get("volumes", ()))


@pytest.mark.parametrize("name", sorted(OURS))
def test_our_own_containers_are_the_images_user(name: str) -> None:
    assert SERVICES[name]["user"] == "10001:10001"


@pytest.mark.parametrize("name", sorted(set(SERVICES) - ONE_SHOT - {"simulate"}))
def test_whatever_stays_up_is_watched_and_restarted(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] == "unless-stopped"
    if name == "worker":
        assert service["healthcheck"]["test"][-2:] == ["9464", "/ready"]
    assert service["healthcheck"]["test"][0] == "CMD"


@every_service
def test_no_password_stands_in_the_environment(name: str) -> None:
    for key in SERVICES[name].get("environment", {}):
        if re.search(r"PASSWORD|KEY|URL|SECRET|TOKEN", key):
            assert key.endswith("_FILE"), f"{name}: {key} should be given by file"


@every_service
def test_every_mounted_file_is_in_the_repository_and_mounted_read_only(name: str) -> None:
    for volume in mounts(SERVICES[name]):
        source, _, mode = volume.partition(":")
        assert (PROJECT / source).exists(), f"{source} is missing"
        assert mode.endswith(":ro")


def test_every_secret_is_declared_and_made_by_make_secrets(tmp_path: Path) -> None:
    ensure_all(tmp_path / "secrets")
    used = {name for service in SERVICES.values() for name in secrets_of(service)}
    assert used == set(COMPOSE["secrets"])
    for name in used:
        file = COMPOSE["secrets"][name]["file"]
        assert file == f"./.ringside/secrets/{name}"
        assert (tmp_path / "secrets" / name).exists()


@pytest.mark.parametrize("name", sorted(OURS))
def test_our_containers_are_given_settings_that_exist(name: str) -> None:
    known = {variable(field) for field in Settings.model_fields}
    known |= {f"{variable(field)}_FILE" for field in secrets(Settings)}
    assert set(SERVICES[name]["environment"]) <= known


def test_the_workers_settings_are_accepted(tmp_path: Path) -> None:
    ensure_all(tmp_path)
    given = {
        key: value.replace("/run/secrets", str(tmp_path))
        for key, value in SERVICES["worker"]["environment"].items()
    }
    settings = Settings.from_env(given)
    assert settings.metrics_port == 9464
    assert settings.required("database_url").startswith("postgresql://worker:")


def test_grafana_asks_who_you_are() -> None:
    environment = SERVICES["grafana"]["environment"]
    assert environment["GF_AUTH_ANONYMOUS_ENABLED"] == "false"
    assert environment["GF_SECURITY_ADMIN_PASSWORD__FILE"].startswith("/run/secrets/")


def test_the_schema_its_users_and_the_topics_come_before_the_worker() -> None:
    done = {"condition": "service_completed_successfully"}
    assert SERVICES["worker"]["depends_on"] == {"topics": done, "migrate": done}
    script = SERVICES["migrate"]["command"][0]
    assert script.index("db migrate") < script.index("create-user worker --role writer")
    assert "create-user grafana --role reader" in script


def test_grafanas_sources_are_the_ones_the_boards_name() -> None:
    path = PROJECT / "deploy/grafana/provisioning/datasources/ringside.yml"
    sources = {source["uid"]: source for source in yaml.safe_load(path.read_text())["datasources"]}
    assert set(sources) == {"prometheus", "postgres"}
    assert sources["postgres"]["user"] == "grafana"
    assert sources["postgres"]["secureJsonData"]["password"].startswith("$__file{")


def test_prometheus_has_the_password_that_the_worker_asks_for() -> None:
    path = PROJECT / "deploy/prometheus/prometheus.yml"
    (job,) = [
        job
        for job in yaml.safe_load(path.read_text())["scrape_configs"]
        if job["job_name"] == "ringside"
    ]
    assert job["basic_auth"]["username"] == Settings().metrics_username
    (mounted,) = SERVICES["prometheus"]["secrets"]
    assert mounted["target"] == f"/etc/prometheus/{job['basic_auth']['password_file']}"
    assert mounted["source"] in secrets_of(SERVICES["worker"])
    variable_ = "RINGSIDE_METRICS_PASSWORD_FILE"
    assert SERVICES["worker"]["environment"][variable_] == f"/run/secrets/{mounted['source']}"


def test_prometheus_scrapes_the_worker_that_compose_starts() -> None:
    path = PROJECT / "deploy/prometheus/targets/workers.yml"
    assert yaml.safe_load(path.read_text()) == [{"targets": ["ringside-worker-1:9464"]}]
    assert COMPOSE["name"] == "ringside"


def test_the_image_is_hash_pinned_not_root_and_copies_what_is_there() -> None:
    text = DOCKERFILE.read_text(encoding="utf-8")
    assert "--require-hashes" in text
    assert re.search(r"^USER 10001:10001$", text, re.MULTILINE)
    for base in re.findall(r"^FROM (\S+)", text, re.MULTILINE):
        assert re.fullmatch(r"python:3\.12\.\d+-slim-\w+", base)
    sources = re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE)
    for source in " ".join(sources).split():
        assert source.endswith("*") or (PROJECT / source).exists(), f"{source} is missing"


def test_what_the_image_copies_is_not_ignored() -> None:
    ignored = (PROJECT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    allowed = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    sources = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE.read_text(), re.MULTILINE)
    for source in " ".join(sources).split():
        assert {source.rstrip("*"), source.split("/")[0]} & allowed, source


def test_docker_compose_reads_the_file() -> None:
    docker = shutil.which("docker")
    if docker is None:
        pytest.skip("Docker is not installed")
    if run(docker, "compose", "version") != 0:
        pytest.skip("this Docker has no compose plugin")
    assert run(docker, "compose", "-f", str(PROJECT / "docker-compose.yml"), "config", "-q") == 0
