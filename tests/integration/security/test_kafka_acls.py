"""With the rights of its role each can do its work, and without any one of them it is told so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AclBindingFilter, AdminClient, ResourceType

from agents.changelog import Changelog
from agents.errors import BrokerError, RightsError
from agents.kafka import config
from agents.kafka.admin import connect
from agents.kafka.preflight import check_rights
from agents.kafka.rights import Right, Role, apply, bindings, rights, rules
from agents.settings import Settings
from tests.integration.pipeline import wait_until
from tests.integration.security.installed import APP_ID, Installation

pytestmark = pytest.mark.long
DENIED = KafkaError.TOPIC_AUTHORIZATION_FAILED


def settings_of(installation: Installation, user: str) -> Settings:
    env = installation.env(user) | {"RINGSIDE_CUSTOMER_KEY": "a key for the tests"}
    return Settings.from_env({k: v for k, v in env.items() if k.startswith("RINGSIDE_")})


@contextmanager
def without(installation: Installation, right: Right, user: str) -> Iterator[None]:
    """Take one right from a user for a while."""
    admin = AdminClient({"bootstrap.servers": installation.kafka.bootstrap, "log_level": 0})
    filters = [
        AclBindingFilter(
            one.restype,
            one.name,
            one.resource_pattern_type,
            one.principal,
            one.host,
            one.operation,
            one.permission_type,
        )
        for one in bindings([right], user)
    ]
    for answer in admin.delete_acls(filters).values():
        answer.result(30)
    taken = set(bindings([right], user))
    wait_until(lambda: not taken & rules(admin, user), "the broker to go by it")
    try:
        yield
    finally:
        apply(admin, [right], user)


def outcome(installation: Installation, user: str, topic: str, *, writes: bool) -> int:
    """Return the code of Kafka's answer to a user who reads or writes a topic; 0: it may."""
    settings = settings_of(installation, user)
    if writes:
        answers: list[KafkaError | None] = []
        producer = Producer(config.producer(settings) | {"message.timeout.ms": 20_000})
        producer.produce(topic, b"x", b"x", 0, on_delivery=lambda error, _: answers.append(error))
        producer.flush(30)
        (error,) = answers
        return 0 if error is None else int(error.code())
    group = APP_ID if user == "worker" else f"{APP_ID}-anybody"
    consumer = Consumer(config.consumer(settings, group))
    try:
        seen = consumer.list_topics(topic, timeout=60).topics[topic].error
        if seen is not None:
            return int(seen.code())
        consumer.assign([TopicPartition(topic, 0, 0)])
        while True:
            message = consumer.poll(20)
            assert message is not None, "Kafka does not answer"
            error = message.error()
            if error is not None and error.code() == KafkaError.GROUP_AUTHORIZATION_FAILED:
                continue  # librdkafka asks about the group first; the topic is what is meant
            if error is None or error.code() == KafkaError._PARTITION_EOF:
                return 0
            return int(error.code())
    except KafkaException as error:
        return int(error.args[0].code())
    finally:
        consumer.close()


@pytest.mark.parametrize(
    ("user", "topic", "reads", "writes"),
    [
        ("publisher", "ringside.calls", DENIED, 0),
        ("publisher", "ringside.deadletters", DENIED, DENIED),
        ("publisher", "ringside.roster", DENIED, DENIED),
        ("publisher", f"{APP_ID}-entities-changelog", DENIED, DENIED),
        ("worker", "ringside.calls", 0, DENIED),
        ("worker", "ringside.roster", 0, DENIED),
        ("worker", "ringside.deadletters", DENIED, 0),
        ("operator", f"{APP_ID}-panes-changelog", DENIED, DENIED),
        ("operator", "ringside.deadletters", 0, DENIED),
    ],
)
def test_each_reads_and_writes_what_is_its_own(
    installation: Installation, user: str, topic: str, reads: int, writes: int
) -> None:
    assert outcome(installation, user, topic, writes=False) == reads
    assert outcome(installation, user, topic, writes=True) == writes


@pytest.mark.parametrize(
    ("role", "right"),
    [
        pytest.param(role, right, id=f"{role}-{right.name}")
        for role in (Role.WORKER, Role.PUBLISHER)
        for right in rights(role, APP_ID)
        if right.resource is not ResourceType.TRANSACTIONAL_ID
    ],
)
def test_a_missing_right_is_named_before_the_work_begins(
    installation: Installation, role: Role, right: Right
) -> None:
    settings = settings_of(installation, role)
    admin = connect(settings, wait_seconds=10)

    def complaint() -> str | None:
        try:
            check_rights(admin, settings, role)
        except RightsError as error:
            return str(error)
        return None

    # Rules reach a broker's authorizer a moment after they are confirmed.
    wait_until(lambda: complaint() is None, lambda: str(complaint()))
    with without(installation, right, role):
        wait_until(lambda: complaint() is not None, "the missing right is not noticed")
        assert f" {right.name}: " in str(complaint())
        assert f"`ringside topics acls --{role} NAME`" in str(complaint())
    wait_until(lambda: complaint() is None, lambda: str(complaint()))


def test_a_changelog_without_its_transactional_id_says_which_right_is_missing(
    installation: Installation,
) -> None:
    settings = settings_of(installation, "worker")
    (right,) = [
        one for one in rights(Role.WORKER, APP_ID) if one.resource is ResourceType.TRANSACTIONAL_ID
    ]
    with without(installation, right, "worker"):

        def complaint() -> str:
            try:
                Changelog(settings, 0).open()
            except BrokerError as error:
                return str(error)
            return ""

        wait_until(lambda: bool(complaint()), "the changelog opens without the right")
        assert "`ringside topics acls`" in complaint()
