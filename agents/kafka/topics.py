"""Create the topics, and compare those that are there with those that there should be."""

import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from agents import clock
from agents.errors import BrokerError, TopicsError
from agents.kafka.admin import REQUEST_SECONDS, reason
from agents.settings import Settings
from schemas.topics import DAY_SECONDS, DEAD_LETTERS, Topic, all_topics

_LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Option:
    """A topic configuration that is not as it should be."""

    topic: str
    name: str
    is_: str
    should_be: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What differs between a cluster and what an installation needs."""

    missing: tuple[Topic, ...]
    wrong_counts: tuple[tuple[Topic, int, int], ...]
    """Topic, the partitions it has, the partitions it should have."""
    options: tuple[Option, ...]
    """What topics that exist are configured to, where it differs."""

    @property
    def is_done(self) -> bool:
        """Whether everything is as it should be."""
        return not (self.missing or self.wrong_counts or self.options)


def compare(admin: AdminClient, settings: Settings) -> Plan:
    """Return what differs between the cluster and what `settings` need.

    Raises:
        BrokerError: the broker does not answer.
    """
    counts = partition_counts(admin)
    topics = [_as_set(topic, settings) for topic in all_topics(settings.app_id)]
    present = [topic for topic in topics if topic.name in counts]
    return Plan(
        missing=tuple(topic for topic in topics if topic.name not in counts),
        wrong_counts=_wrong_counts(counts, topics, settings),
        options=tuple(_options(admin, present)),
    )


def _as_set(topic: Topic, settings: Settings) -> Topic:
    """Return a topic with the options that are the operator's to choose."""
    if topic != DEAD_LETTERS:
        return topic
    kept = {"retention.ms": str(settings.keep_dead_letters_days * DAY_SECONDS * 1000)}
    return replace(topic, options=topic.options | kept)


def apply(admin: AdminClient, settings: Settings, plan: Plan, *, alter: bool) -> None:
    """Create what is missing and, if `alter`, configure what differs.

    Raises:
        TopicsError: partition counts differ, which nobody but the operator can put right.
        BrokerError: the broker refused or did not answer.
    """
    if plan.wrong_counts:
        raise TopicsError(wrong_counts(plan, settings))
    if plan.missing:
        _create(admin, settings, plan.missing)
    if alter and plan.options:
        _alter(admin, plan.options)
    _wait_until_seen(admin, settings, options=alter)


def check_topics(
    admin: AdminClient, settings: Settings, wanted: Iterable[Topic] | None = None
) -> None:
    """Return if every topic is there with the right partition count; what a worker asks first.

    `wanted` narrows it to the topics that a command uses.

    Raises:
        TopicsError: says which topic is not as it should be, and what to do.
        BrokerError: the broker does not answer.
    """
    counts = partition_counts(admin)
    topics = tuple(wanted or all_topics(settings.app_id))
    missing = [topic.name for topic in topics if topic.name not in counts]
    if missing:
        raise TopicsError(
            f"these topics do not exist: {', '.join(missing)}. Run `ringside topics apply`"
        )
    wrong = _wrong_counts(counts, topics, settings)
    if wrong:
        raise TopicsError(wrong_counts(Plan((), wrong, ()), settings))


def wrong_counts(plan: Plan, settings: Settings) -> str:
    """Return which partition counts differ, and the ways out."""
    lines = [
        f"topic {topic.name} has {have} partitions and should have {should}"
        for topic, have, should in plan.wrong_counts
    ]
    counts = {have for topic, have, _ in plan.wrong_counts if topic.partitions is None}
    if len(counts) == 1 and not any(topic.partitions for topic, *_ in plan.wrong_counts):
        way_out = (
            f"Set RINGSIDE_PARTITIONS={counts.pop()} (now {settings.partitions}) if that is what "
            "this installation was made with; else"
        )
    else:
        way_out = "All source topics and the worker's own must have the same count:"
    lines.append(
        f"{way_out} delete the topics that differ (they lose their messages) and run "
        "`ringside topics apply`. Partitions must not be added to a topic that has messages: "
        "the events of one call would be in two of them"
    )
    return "\n".join(lines)


def partition_counts(admin: AdminClient) -> dict[str, int]:
    """Return the topics of the cluster and how many partitions each has."""
    try:
        found: Mapping[str, Any] = admin.list_topics(timeout=REQUEST_SECONDS).topics
    except KafkaException as error:
        raise BrokerError(f"Kafka does not say which topics it has: {reason(error)}") from None
    return {name: len(topic.partitions) for name, topic in found.items()}


def _wrong_counts(
    counts: Mapping[str, int], topics: Iterable[Topic], settings: Settings
) -> tuple[tuple[Topic, int, int], ...]:
    """Return the topics that exist with a count of partitions that they should not have."""
    expected = ((topic, topic.partition_count(settings.partitions)) for topic in topics)
    return tuple(
        (topic, counts[topic.name], should)
        for topic, should in expected
        if counts.get(topic.name, should) != should
    )


def _options(admin: AdminClient, topics: Iterable[Topic]) -> list[Option]:
    resources = [ConfigResource(ResourceType.TOPIC, topic.name) for topic in topics]
    if not resources:
        return []
    answers = admin.describe_configs(resources, request_timeout=REQUEST_SECONDS)
    found = {resource.name: _result(answer) for resource, answer in answers.items()}
    return [
        Option(topic.name, name, found[topic.name][name].value, should_be)
        for topic in topics
        for name, should_be in topic.options.items()
        # A broker that does not know an option cannot have it wrong.
        if name in found[topic.name] and found[topic.name][name].value != should_be
    ]


def _create(admin: AdminClient, settings: Settings, topics: Iterable[Topic]) -> None:
    new = [
        NewTopic(
            topic.name,
            num_partitions=topic.partition_count(settings.partitions),
            replication_factor=settings.replication_factor,
            config=topic.options,
        )
        for topic in topics
    ]
    for name, answer in admin.create_topics(new, request_timeout=REQUEST_SECONDS).items():
        try:
            answer.result()
        except KafkaException as error:
            # Two workers may start at once: what the other has created is there.
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise BrokerError(
                    f"Kafka did not create {name}: {reason(error)}. With fewer brokers than "
                    f"RINGSIDE_REPLICATION_FACTOR={settings.replication_factor}, lower that"
                ) from None


def _wait_until_seen(admin: AdminClient, settings: Settings, *, options: bool) -> None:
    """Return when the broker shows what the controller has accepted; it lags a little behind.

    Else the command that comes next would not find the topics.
    """
    deadline = clock.monotonic() + REQUEST_SECONDS
    while clock.monotonic() < deadline:
        plan = compare(admin, settings)
        if not plan.missing and not (options and plan.options) and _have_leaders(admin, settings):
            return
        time.sleep(_LOOK_SECONDS)
    raise BrokerError(
        f"Kafka has accepted the topics, but does not show them after {REQUEST_SECONDS:.0f} s. "
        "Look at its log, then run `ringside topics apply` again"
    )


def _have_leaders(admin: AdminClient, settings: Settings) -> bool:
    found = admin.list_topics(timeout=REQUEST_SECONDS).topics
    return all(
        partition.leader >= 0
        for topic in all_topics(settings.app_id)
        for partition in found[topic.name].partitions.values()
    )


def _alter(admin: AdminClient, options: Iterable[Option]) -> None:
    by_topic: dict[str, list[ConfigEntry]] = {}
    for option in options:
        entry = ConfigEntry(
            option.name, option.should_be, incremental_operation=AlterConfigOpType.SET
        )
        by_topic.setdefault(option.topic, []).append(entry)
    resources = [
        ConfigResource(ResourceType.TOPIC, topic, incremental_configs=entries)
        for topic, entries in by_topic.items()
    ]
    answers = admin.incremental_alter_configs(resources, request_timeout=REQUEST_SECONDS)
    for answer in answers.values():
        _result(answer)


def _result(answer: "Future[Any]") -> Any:  # noqa: ANN401 - what the future holds
    try:
        return answer.result()
    except KafkaException as error:
        raise BrokerError(f"Kafka refused: {reason(error)}") from None
