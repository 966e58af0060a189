"""A broker for the command line alone, emptied before each test: the topics have fixed names."""

import secrets
import time
from collections.abc import Callable, Iterator

import pytest
from confluent_kafka import Consumer
from confluent_kafka.admin import AdminClient

from agents.__main__ import run
from agents.embedded.broker import Broker
from agents.kafka import config
from agents.kafka.reading import Record, read_to_end
from agents.settings import Settings


@pytest.fixture(scope="session")
def own_broker(make_broker: Callable[[], Broker]) -> Iterator[Broker]:
    broker = make_broker()
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def bare(own_broker: Broker) -> dict[str, str]:
    """An environment for `run`, its broker without topics."""
    admin = AdminClient({"bootstrap.servers": own_broker.bootstrap})

    def names() -> list[str]:
        found = admin.list_topics(timeout=60).topics
        return [name for name in found if not name.startswith("__")]

    if names():
        for answer in admin.delete_topics(names(), operation_timeout=60).values():
            answer.result()
    deadline = time.monotonic() + 120
    while names():
        assert time.monotonic() < deadline, "the broker keeps its topics"
        time.sleep(0.05)
    return {
        "RINGSIDE_KAFKA_BOOTSTRAP": own_broker.bootstrap,
        "RINGSIDE_CUSTOMER_KEY": "a key for the tests",
        "RINGSIDE_APP_ID": f"test-{secrets.token_hex(4)}",
    }


@pytest.fixture
def topics(bare: dict[str, str], capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """The same environment, its topics made."""
    assert run(["topics", "apply"], bare) == 0
    capsys.readouterr()
    return bare


@pytest.fixture
def held(bare: dict[str, str]) -> Callable[[str], list[Record]]:
    """Returns what a topic holds now."""

    def read(topic: str) -> list[Record]:
        consumer = Consumer(
            config.consumer(Settings.from_env(bare), f"test-{secrets.token_hex(4)}")
        )
        try:
            return list(read_to_end(consumer, topic))
        finally:
            consumer.close()

    return read
