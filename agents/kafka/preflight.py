"""Whether we have the rights that we need: asked before the work begins, not at a write."""

from collections.abc import Iterable, Iterator

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AclOperation, AdminClient, ResourceType

from agents.errors import RightsError
from agents.kafka.admin import REQUEST_SECONDS
from agents.kafka.rights import Right, Role, rights
from agents.settings import Settings

_UNKNOWN_TOPIC = KafkaError.UNKNOWN_TOPIC_OR_PART
_NO_SUCH_GROUP = getattr(KafkaError, "GROUP_ID_NOT_FOUND", 69)


def check_rights(admin: AdminClient, settings: Settings, role: Role) -> None:
    """Return if the user has every right of *role* that a broker tells about.

    Of transactional ids it does not; a worker hears about those when it opens its changelog. Where
    Kafka asks nobody who they are (PLAINTEXT), there is nothing to ask.

    Raises:
        RightsError: names what is missing, and how to get it.
    """
    if settings.kafka_security_protocol == "PLAINTEXT":
        return
    wanted = rights(role, settings.app_id)
    missing = [*_of_topics(admin, wanted), *_of_groups(admin, wanted)]
    if missing:
        who = settings.kafka_username or "this certificate's user"
        raise RightsError(
            f"Kafka lets {who} not do what a {role} does:\n"
            + "\n".join(f"  {line}" for line in missing)
            + f"\n`ringside topics acls --{role} NAME` shows and gives the rights it needs"
        )


def _of_topics(admin: AdminClient, wanted: Iterable[Right]) -> Iterator[str]:
    topics = {right.name: right for right in wanted if right.resource is ResourceType.TOPIC}
    answers = admin.describe_topics(
        TopicCollection(list(topics)),
        include_authorized_operations=True,
        request_timeout=REQUEST_SECONDS,
    )
    for name, answer in answers.items():
        try:
            may = answer.result().authorized_operations
        except KafkaException as error:
            # One that is not there is told of by who checks the topics; to one who may not know
            # whether it is there, Kafka says that it is not allowed to tell.
            if error.args[0].code() != _UNKNOWN_TOPIC:
                yield f"topic {name}: {_names(topics[name].operations)} ({topics[name].why})"
            continue
        yield from _lacking("topic", topics[name], may)


def _of_groups(admin: AdminClient, wanted: Iterable[Right]) -> Iterator[str]:
    groups = {
        right.name: right
        for right in wanted
        if right.resource is ResourceType.GROUP and not right.is_prefix
    }
    if not groups:
        return
    answers = admin.describe_consumer_groups(
        list(groups), include_authorized_operations=True, request_timeout=REQUEST_SECONDS
    )
    for name, answer in answers.items():
        try:
            may = answer.result().authorized_operations
        except KafkaException as error:
            if error.args[0].code() != _NO_SUCH_GROUP:
                yield f"group {name}: {_names(groups[name].operations)} ({groups[name].why})"
            continue
        yield from _lacking("group", groups[name], may)


def _lacking(kind: str, right: Right, may: Iterable[AclOperation] | None) -> Iterator[str]:
    if may is None:  # a broker that does not tell
        return
    lacking = set(right.operations) - set(may)
    if lacking:
        yield f"{kind} {right.name}: {_names(lacking)} ({right.why})"


def _names(operations: Iterable[AclOperation]) -> str:
    return ", ".join(sorted(operation.name.lower() for operation in operations))
