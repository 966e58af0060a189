"""Questions to a broker: whether it answers, and whether its transactions fence zombies."""

from __future__ import annotations

import contextlib

from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from agents.embedded.ports import HOST, is_listening
from agents.embedded.process import ChildProcess

START_SECONDS = 120.0
"""How long a broker may take until it answers."""
_ANSWER_SECONDS = 30.0
"""How long one step may take: before the first transaction, a broker makes a topic for them."""


def fences_zombies(bootstrap: str) -> bool:
    """Tries whether a producer is shut out once another has taken its transactional id."""
    topic = "ringside.probe.transactions"
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    with contextlib.suppress(KafkaException):  # it may exist from an earlier try
        admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(_ANSWER_SECONDS)
    settings = {"bootstrap.servers": bootstrap, "transactional.id": topic, "log_level": 0}
    zombie, successor = Producer(settings), Producer(settings)
    try:
        zombie.init_transactions(_ANSWER_SECONDS)
        zombie.begin_transaction()
        zombie.produce(topic, b"from the zombie")
        successor.init_transactions(_ANSWER_SECONDS)
    except KafkaException:
        return False
    try:
        zombie.commit_transaction(_ANSWER_SECONDS)
    except KafkaException:
        return True
    return False


def answers(bootstrap: str) -> bool:
    """Whether a broker answers a request for its metadata with itself in it."""
    try:
        metadata = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0}).list_topics(
            timeout=2
        )
    except KafkaException:
        return False
    return bool(metadata.brokers)


def wait_until_ready(process: ChildProcess, port: int) -> None:
    """Return once the broker of this process answers at this port.

    Raises:
        NotStartedError: it has ended, or does not answer in time.
    """
    # The port first: librdkafka prints an error for every connection that is refused.
    process.wait_until(lambda: is_listening(port), START_SECONDS)
    process.wait_until(lambda: answers(f"{HOST}:{port}"), START_SECONDS)
