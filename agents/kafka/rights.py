"""Which rights in Kafka the worker, a publisher and the operator need: these and no others."""

import shlex
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from agents import clock
from agents.errors import BrokerError
from agents.kafka.admin import REQUEST_SECONDS, reason
from schemas.topics import CUSTOMERS, DEAD_LETTERS, ROSTER, SOURCES, all_topics

_READ, _WRITE = AclOperation.READ, AclOperation.WRITE
_DESCRIBE = AclOperation.DESCRIBE
_LOOK_SECONDS = 0.1


class Role(StrEnum):
    """Who comes to Kafka."""

    WORKER = "worker"
    PUBLISHER = "publisher"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Right:
    """What may be done with one resource. Reading and writing bring describing with them."""

    resource: ResourceType
    name: str
    operations: tuple[AclOperation, ...]
    why: str
    is_prefix: bool = False


def rights(role: Role, app_id: str) -> tuple[Right, ...]:
    """Return what a role needs in the installation named *app_id*."""
    return tuple({Role.WORKER: _worker, Role.PUBLISHER: _publisher}.get(role, _operator)(app_id))


def _topic(name: str, why: str, *operations: AclOperation) -> Right:
    return Right(ResourceType.TOPIC, name, operations, why)


def _own(app_id: str) -> list[str]:
    """Return the topics that are the worker's alone: its changelogs, and whatever joins them."""
    shared = {topic.name for topic in (*SOURCES, DEAD_LETTERS, ROSTER)}
    return [topic.name for topic in all_topics(app_id) if topic.name not in shared]


def _worker(app_id: str) -> Iterator[Right]:
    for topic in SOURCES:
        yield _topic(topic.name, "counts its events", _READ)
    yield _topic(ROSTER.name, "follows the roster", _READ)
    yield _topic(DEAD_LETTERS.name, "puts aside what it refuses", _WRITE)
    for name in _own(app_id):
        yield _topic(name, "keeps its state", _READ, _WRITE)
    yield Right(ResourceType.GROUP, app_id, (_READ,), "shares the partitions with its like")
    # The shards are numbered, so only their common beginning can be named.
    yield Right(
        ResourceType.TRANSACTIONAL_ID,
        f"{app_id}-",
        (_WRITE, _DESCRIBE),
        "writes each checkpoint as one transaction",
        is_prefix=True,
    )


def _publisher(_: str) -> Iterator[Right]:
    for topic in SOURCES:
        yield _topic(topic.name, "sends events; reads none", _WRITE)


def _operator(app_id: str) -> Iterator[Right]:
    configure = (
        AclOperation.CREATE,
        _DESCRIBE,
        AclOperation.DESCRIBE_CONFIGS,
        AclOperation.ALTER_CONFIGS,
    )
    for topic in all_topics(app_id):
        uses: tuple[AclOperation, ...] = ()
        if topic in SOURCES or topic == ROSTER:
            uses = (_READ, _WRITE)
        elif topic in (DEAD_LETTERS, CUSTOMERS):
            uses = (_READ,)
        why = "creates it" + ("" if not uses else "; replays, retries, applies the roster")
        yield _topic(topic.name, why, *configure, *uses)
    yield Right(
        ResourceType.GROUP,
        f"{app_id}-",
        (_READ,),
        "remembers which dead letters were retried",
        is_prefix=True,
    )


_OPTIONS = {
    ResourceType.TOPIC: "--topic",
    ResourceType.GROUP: "--group",
    ResourceType.TRANSACTIONAL_ID: "--transactional-id",
}


def command(right: Right, user: str, bootstrap: str) -> str:
    """Return the line for Kafka's own tool that gives *user* a right."""
    words = ["kafka-acls.sh", "--bootstrap-server", bootstrap, "--add"]
    words += ["--allow-principal", f"User:{user}"]
    for operation in right.operations:
        words += ["--operation", "".join(part.title() for part in operation.name.split("_"))]
    words += [_OPTIONS[right.resource], right.name]
    words += ["--resource-pattern-type", "prefixed" if right.is_prefix else "literal"]
    return shlex.join(words)


def bindings(given: Iterable[Right], user: str) -> list[AclBinding]:
    """Return the rules that give *user* these rights, from any host."""
    return [
        AclBinding(
            right.resource,
            right.name,
            ResourcePatternType.PREFIXED if right.is_prefix else ResourcePatternType.LITERAL,
            f"User:{user}",
            "*",
            operation,
            AclPermissionType.ALLOW,
        )
        for right in given
        for operation in right.operations
    ]


def rules(admin: AdminClient, user: str) -> set[AclBinding]:
    """Return the rules about *user* that the broker goes by now.

    Raises:
        KafkaException: it does not say.
    """
    any_of_his = AclBindingFilter(
        ResourceType.ANY,
        None,
        ResourcePatternType.ANY,
        f"User:{user}",
        None,
        AclOperation.ANY,
        AclPermissionType.ANY,
    )
    return set(admin.describe_acls(any_of_his, request_timeout=REQUEST_SECONDS).result())


def apply(admin: AdminClient, given: Iterable[Right], user: str) -> int:
    """Give *user* these rights; return how many rules that are. Safe to repeat.

    It returns when the broker goes by them, which is a little after it has taken them.

    Raises:
        BrokerError: Kafka refuses: it has no authorizer, or we may not alter the cluster. Or it
            does not go by the rules in time.
    """
    answers = admin.create_acls(bindings(given, user), request_timeout=REQUEST_SECONDS)
    try:
        for answer in answers.values():
            answer.result()
        deadline = clock.monotonic() + REQUEST_SECONDS
        while not answers.keys() <= rules(admin, user):
            if clock.monotonic() > deadline:
                raise BrokerError(
                    "Kafka has accepted the rules, but does not go by them after "
                    f"{REQUEST_SECONDS:.0f} s. Look at its log, then run this command again"
                )
            time.sleep(_LOOK_SECONDS)
    except KafkaException as error:
        raise BrokerError(
            f"Kafka does not take the rules: {reason(error)}. They need a user who may alter the "
            "cluster, and a broker with authorizer.class.name"
        ) from None
    return len(answers)
