"""Topics that no installation knows, and deleting those that it does."""

from collections.abc import Iterable

from confluent_kafka.admin import AdminClient, NewTopic

from agents import clock
from agents.kafka.topics import partition_counts

WAIT_SECONDS = 30.0


def create_topics(admin: AdminClient, names: Iterable[str], partitions: int) -> None:
    """Create topics and return once the broker shows their leaders."""
    wanted = set(names)
    for answer in admin.create_topics([NewTopic(name, partitions, 1) for name in wanted]).values():
        answer.result(WAIT_SECONDS)
    deadline = clock.monotonic() + WAIT_SECONDS
    while not _are_led(admin, wanted):
        assert clock.monotonic() < deadline, "Kafka does not show its new topics"
        admin.poll(0.1)


def delete_topics(admin: AdminClient, names: Iterable[str]) -> None:
    """Delete those that are there and return once the broker does not show them any more."""
    wanted = set(names)
    present = wanted & partition_counts(admin).keys()
    if present:
        for answer in admin.delete_topics(sorted(present)).values():
            answer.result(WAIT_SECONDS)
    deadline = clock.monotonic() + WAIT_SECONDS
    while wanted & partition_counts(admin).keys():
        assert clock.monotonic() < deadline, "Kafka does not delete the source topics"
        admin.poll(0.1)


def _are_led(admin: AdminClient, names: set[str]) -> bool:
    found = admin.list_topics(timeout=WAIT_SECONDS).topics
    return names <= found.keys() and all(
        partition.leader >= 0 for name in names for partition in found[name].partitions.values()
    )
