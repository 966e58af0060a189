"""Kafka with TLS lets in who is known, and everybody else is told what to put right."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from agents.errors import BrokerError
from agents.kafka.admin import connect
from agents.settings import Settings
from tests.integration.security.authority import Authority
from tests.integration.security.secure_kafka import SecureKafka

Env = dict[str, str]


def test_a_password_or_a_certificate_opens_the_door(secure_kafka: SecureKafka) -> None:
    for env in (secure_kafka.scram("operator"), secure_kafka.mtls("operator")):
        admin = connect(Settings.from_env(env), wait_seconds=10)
        assert admin.list_topics(timeout=60).brokers


def _wrong_authority(kafka: SecureKafka, stranger: Authority) -> Env:
    return kafka.scram("worker") | {"RINGSIDE_KAFKA_CA_FILE": str(stranger.ca_file)}


def _wrong_host(kafka: SecureKafka, _: Authority) -> Env:
    return kafka.scram("worker") | {"RINGSIDE_KAFKA_BOOTSTRAP": f"127.0.0.1:{kafka.sasl_port}"}


def _wrong_password(kafka: SecureKafka, _: Authority) -> Env:
    env = kafka.scram("worker")
    del env["RINGSIDE_KAFKA_PASSWORD_FILE"]
    return env | {"RINGSIDE_KAFKA_PASSWORD": "hunter2"}


def _no_certificate(kafka: SecureKafka, _: Authority) -> Env:
    env = kafka.mtls("worker")
    del env["RINGSIDE_KAFKA_CERTIFICATE_FILE"], env["RINGSIDE_KAFKA_KEY_FILE"]
    return env


def _strangers_certificate(kafka: SecureKafka, stranger: Authority) -> Env:
    forged = stranger.issue("worker")
    return kafka.mtls("worker") | {
        "RINGSIDE_KAFKA_CERTIFICATE_FILE": str(forged.chain),
        "RINGSIDE_KAFKA_KEY_FILE": str(forged.key),
    }


def _plain_text(kafka: SecureKafka, _: Authority) -> Env:
    return {"RINGSIDE_KAFKA_BOOTSTRAP": f"localhost:{kafka.sasl_port}"}


def _tls_to_a_plain_listener(kafka: SecureKafka, _: Authority) -> Env:
    return kafka.scram("worker") | {"RINGSIDE_KAFKA_BOOTSTRAP": kafka.bootstrap}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (_wrong_host, r"certificate for another host .*127\.0\.0\.1.* RINGSIDE_KAFKA_BOOTSTRAP"),
        (_wrong_password, r"refuses the user worker.* RINGSIDE_KAFKA_PASSWORD"),
        *(
            pytest.param(wrong, said, marks=pytest.mark.long)
            for wrong, said in (
                (_wrong_authority, r"cannot be trusted .* RINGSIDE_KAFKA_CA_FILE"),
                (_no_certificate, r"asks for a client's certificate.*KAFKA_CERTIFICATE_FILE"),
                (_strangers_certificate, r"refuses what it got.* RINGSIDE_KAFKA_CERTIFICATE_FILE"),
                (_plain_text, r"speaks TLS only, but RINGSIDE_KAFKA_SECURITY_PROTOCOL=PLAINTEXT"),
                (_tls_to_a_plain_listener, r"does not speak TLS at this port"),
            )
        ),
    ],
)
def test_who_is_refused_is_told_at_once_what_to_do(
    secure_kafka: SecureKafka,
    stranger: Authority,
    wrong: Callable[[SecureKafka, Authority], Env],
    said: str,
) -> None:
    settings = Settings.from_env(wrong(secure_kafka, stranger))
    waited: list[str] = []
    with pytest.raises(BrokerError) as refused:
        connect(settings, wait_seconds=60, progress=waited.append)
    assert re.search(said, str(refused.value)), refused.value
    assert not waited, "waiting does not put it right"
    assert "hunter2" not in str(refused.value)


@pytest.mark.long
def test_a_broker_that_is_not_there_is_waited_for(secure_kafka: SecureKafka) -> None:
    env = secure_kafka.scram("worker") | {"RINGSIDE_KAFKA_BOOTSTRAP": "localhost:1"}
    waited: list[str] = []
    with pytest.raises(BrokerError, match="does not answer"):
        connect(Settings.from_env(env), wait_seconds=3, progress=waited.append)
    assert waited
