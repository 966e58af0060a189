"""The consumer's thread: Faust's look-out for partitions that stand still, and how it stops."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread
from faust.types import TP

from agents.batches import PromptThread

NOW = 10_000.0
CALLS = TP("ringside.calls", 0)


class Told(list[str]):
    """A logger that keeps what it is told."""

    def error(self, text: str, *_arguments: object) -> None:
        self.append(text)


def thread(class_: type[Any], *, fetched_at: float) -> Any:  # noqa: ANN401 - of either class
    """A consumer's thread that began an hour ago: 5 of 9 messages are read."""
    state = SimpleNamespace(timestamp=fetched_at * 1000, highwater=9, position=5)
    assignment = SimpleNamespace(active=True, state_value=lambda _tp: state)
    subscriptions = SimpleNamespace(subscription=SimpleNamespace(assignment=assignment))
    settings = SimpleNamespace(
        stream_processing_timeout=300.0, broker_commit_livelock_soft_timeout=300.0
    )
    app = SimpleNamespace(
        monitor=SimpleNamespace(stream_inbound_time={}),
        topics=SimpleNamespace(acks_enabled_for=lambda _topic: True),
        conf=settings,
    )

    class Stub(class_):  # type: ignore[misc]  # faust has no types
        log = Told()

        def __init__(self) -> None:
            self.consumer = SimpleNamespace(app=app)
            self.time_started = NOW - 3600
            self.tp_fetch_request_timeout_secs = self.tp_stream_timeout_secs = 300.0
            self.tp_last_committed_at: dict[TP, float] = {}

        def _ensure_consumer(self) -> SimpleNamespace:
            return SimpleNamespace(_fetcher=SimpleNamespace(_subscriptions=subscriptions))

    return Stub()


@pytest.mark.parametrize(("class_", "errors"), [(AIOKafkaConsumerThread, 1), (PromptThread, 0)])
def test_a_partition_that_is_read_in_batches_is_not_called_stuck(
    class_: type[Any], errors: int
) -> None:
    of = thread(class_, fetched_at=NOW - 1)
    of.verify_event_path(NOW, CALLS)
    assert len(of.log) == errors


def test_a_partition_of_which_nothing_is_fetched_any_more_is_logged() -> None:
    of = thread(PromptThread, fetched_at=NOW - 1000)
    of.verify_event_path(NOW, CALLS)
    (error,) = of.log
    assert "fetch" in error


def test_a_crashed_thread_whose_loop_is_closed_already_can_be_stopped() -> None:
    of = thread(PromptThread, fetched_at=NOW)
    of.thread_loop, of._stopped = asyncio.new_event_loop(), asyncio.Event()
    of.thread_loop.close()
    of._stopped_set()
    assert not of._stopped.is_set()
