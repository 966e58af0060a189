"""Servers that let nobody in unasked: Kafka with TLS and rules, PostgreSQL with TLS."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.integration.security.authority import Authority
from tests.integration.security.installed import Installation
from tests.integration.security.secure_kafka import SecureKafka
from tests.integration.security.secure_postgres import SecurePostgres


@pytest.fixture(scope="session")
def authority(server_folder: Path) -> Authority:
    """The authority that everybody trusts."""
    return Authority(server_folder / "authority")


@pytest.fixture(scope="session")
def stranger(server_folder: Path) -> Authority:
    """An authority that nobody trusts."""
    return Authority(server_folder / "stranger")


@pytest.fixture(scope="session")
def secure_kafka(
    server_folder: Path, authority: Authority, downloads: Path, env: Mapping[str, str]
) -> Iterator[SecureKafka]:
    """Apache Kafka with SASL_SSL and mutual TLS, and rules for who may do what."""
    data = Path(tempfile.mkdtemp(prefix="secure-kafka-", dir=server_folder))
    kafka = SecureKafka.create(data, authority, downloads, env)
    kafka.start()
    yield kafka
    kafka.stop()


@pytest.fixture(scope="session")
def secure_postgres(server_folder: Path, authority: Authority) -> Iterator[SecurePostgres]:
    """PostgreSQL with TLS; what is not encrypted is refused."""
    home = Path(tempfile.mkdtemp(prefix="secure-postgres-", dir=server_folder))
    postgres = SecurePostgres.create(home, authority)
    yield postgres
    postgres.server.stop()


@pytest.fixture(scope="session")
def installation(
    server_folder: Path,
    secure_kafka: SecureKafka,
    secure_postgres: SecurePostgres,
    env: Mapping[str, str],
) -> Installation:
    """Topics, schema, users and rights, all made through TLS by the commands one would use."""
    return Installation.make(server_folder, secure_kafka, secure_postgres, env)
