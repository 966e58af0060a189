"""Who may do what in Kafka: the tables by role, and the commands that give them."""

import shlex
from concurrent.futures import Future
from typing import Any, cast

import pytest
from confluent_kafka.admin import AclBinding, AclOperation, AdminClient, ResourceType

from agents.errors import BrokerError
from agents.kafka.rights import Right, Role, apply, bindings, command, rights
from schemas.topics import SOURCES, all_topics

Table = dict[tuple[ResourceType, str], Right]


def table(role: Role) -> Table:
    return {(right.resource, right.name): right for right in rights(role, "app")}


def may(role: Role, topic: str) -> set[AclOperation]:
    right = table(role).get((ResourceType.TOPIC, topic))
    return set(right.operations) if right is not None else set()


def test_a_publisher_writes_to_the_sources_and_does_nothing_else() -> None:
    assert {right.name for right in rights(Role.PUBLISHER, "app")} == {one.name for one in SOURCES}
    assert all(may(Role.PUBLISHER, one.name) == {AclOperation.WRITE} for one in SOURCES)


def test_a_worker_writes_to_no_source_and_reads_no_dead_letter() -> None:
    assert all(may(Role.WORKER, one.name) == {AclOperation.READ} for one in SOURCES)
    assert may(Role.WORKER, "ringside.deadletters") == {AclOperation.WRITE}
    assert may(Role.WORKER, "ringside.roster") == {AclOperation.READ}
    assert may(Role.WORKER, "app-ledger-changelog") == {AclOperation.READ, AclOperation.WRITE}


def test_a_worker_can_use_every_topic_of_its_installation() -> None:
    assert all(may(Role.WORKER, topic.name) for topic in all_topics("app"))


def test_nobody_may_write_to_the_workers_state_but_the_worker() -> None:
    for role in (Role.PUBLISHER, Role.OPERATOR):
        assert not may(role, "app-panes-changelog") & {AclOperation.WRITE, AclOperation.READ}


def test_nobody_may_delete_or_give_rights() -> None:
    never = {AclOperation.ALL, AclOperation.ALTER, AclOperation.DELETE, AclOperation.CLUSTER_ACTION}
    for role in Role:
        for right in rights(role, "app"):
            assert not never & set(right.operations)
            assert right.resource is not ResourceType.BROKER


def test_a_command_is_one_that_kafkas_own_tool_understands() -> None:
    right = table(Role.WORKER)[ResourceType.TRANSACTIONAL_ID, "app-"]
    words = shlex.split(command(right, "it's me", "k:1"))
    assert words == [
        *("kafka-acls.sh", "--bootstrap-server", "k:1", "--add"),
        *("--allow-principal", "User:it's me", "--operation", "Write", "--operation", "Describe"),
        *("--transactional-id", "app-", "--resource-pattern-type", "prefixed"),
    ]
    configure = next(iter(rights(Role.OPERATOR, "app")))
    assert "--operation DescribeConfigs --operation AlterConfigs" in command(configure, "u", "k:1")


def test_one_rule_is_made_for_each_operation() -> None:
    given = rights(Role.WORKER, "app")
    made = bindings(given, "worker")
    assert len(made) == sum(len(right.operations) for right in given)
    assert {one.principal for one in made} == {"User:worker"}


def test_rules_that_the_broker_takes_but_does_not_go_by_are_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Deaf:
        """Takes every rule, and forgets it."""

        def create_acls(
            self, given: list[AclBinding], **_: object
        ) -> dict[AclBinding, "Future[None]"]:
            return {one: done(None) for one in given}

        def describe_acls(self, _filter: object, **_: object) -> "Future[list[AclBinding]]":
            return done([])

    monkeypatch.setattr("agents.kafka.rights.REQUEST_SECONDS", 0.2)
    admin = cast("AdminClient", Deaf())
    with pytest.raises(BrokerError, match="does not go by them"):
        apply(admin, rights(Role.PUBLISHER, "app"), "vendor")


def done(value: Any) -> "Future[Any]":  # noqa: ANN401 - whatever a broker answers
    future: Future[Any] = Future()
    future.set_result(value)
    return future
