"""Whose a name is, is settled however many workers start at one moment."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from agents.embedded.broker import Broker
from agents.kafka.installation import AnotherInstallationError, Identity, check_installation
from agents.settings import Settings
from schemas.topics import installation


def settings_of(kafka: Broker, app_id: str) -> Settings:
    return Settings.from_env(
        {
            "RINGSIDE_APP_ID": app_id,
            "RINGSIDE_KAFKA_BOOTSTRAP": kafka.bootstrap,
            "RINGSIDE_KAFKA_TRANSACTIONS": str(kafka.supports_transactions).lower(),
        }
    )


def claimed_at_once(kafka: Broker, identities: list[Identity]) -> list[Identity | None]:
    """Let workers of these identities start at once, under a new name; None: one was refused."""
    settings = settings_of(kafka, f"test-{secrets.token_hex(4)}")
    topic = installation(settings.app_id).name
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    admin.create_topics([NewTopic(topic, 1, 1)])[topic].result()
    together = Barrier(len(identities))

    def claim(mine: Identity) -> Identity | None:
        together.wait()
        try:
            check_installation(settings, mine, database_known=True, moved=False)
        except AnotherInstallationError:
            return None
        return mine

    with ThreadPoolExecutor(len(identities)) as pool:
        return list(pool.map(claim, identities))


def test_of_one_installation_every_worker_may_start_at_once(kafka: Broker) -> None:
    mine = Identity("1/5", ("a key",))
    assert claimed_at_once(kafka, [mine] * 12) == [mine] * 12


def test_of_two_installations_one_has_the_name(kafka: Broker) -> None:
    one, other = (Identity(database, ("a key",)) for database in ("1/5", "1/6"))
    found = claimed_at_once(kafka, [one, other] * 4)
    assert found in ([one, None] * 4, [None, other] * 4)


@pytest.mark.needs_transactions
@pytest.mark.parametrize("is_taken", [True, False])
def test_a_commit_of_which_kafka_does_not_say_how_it_ended_is_looked_up(
    kafka: Broker, monkeypatch: pytest.MonkeyPatch, *, is_taken: bool
) -> None:
    refused = []

    class Uncertain(Producer):
        def commit_transaction(self, timeout: float) -> None:
            if refused:
                return super().commit_transaction(timeout)
            if is_taken:
                super().commit_transaction(timeout)
            refused.append(KafkaError(KafkaError.UNKNOWN))
            raise KafkaException(refused[0])

    monkeypatch.setattr("agents.kafka.installation.Producer", Uncertain)
    mine = Identity("1/5", ("a key",))
    assert claimed_at_once(kafka, [mine]) == [mine]
    assert refused


@pytest.mark.needs_transactions
def test_who_is_fenced_out_time_and_again_goes_on_trying(
    kafka: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    fenced = []

    class Fenced(Producer):
        def __init__(self, config: dict[str, Any]) -> None:
            super().__init__(config)
            self._config = config

        def commit_transaction(self, timeout: float) -> None:
            if len(fenced) < 5:
                fenced.append(Producer(self._config))
                fenced[-1].init_transactions(timeout)
            super().commit_transaction(timeout)

    monkeypatch.setattr("agents.kafka.installation.Producer", Fenced)
    mine = Identity("1/5", ("a key",))
    assert claimed_at_once(kafka, [mine]) == [mine]
    assert len(fenced) == 5
