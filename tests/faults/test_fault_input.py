"""Rows 6 and 9: messages that nobody can read, that come too late, or from the future."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable

import psutil
import pytest

from schemas.events import Event
from tests.faults.plugin import Figures
from tests.faults.poison import KINDS, Messages, mixed, poison
from tests.faults.verdict import check, quarters
from tests.integration.busy_floor import load
from tests.integration.floor_events import activity, call
from tests.integration.pipeline import Pipeline, Worker

pytestmark = pytest.mark.needs_transactions
Now = Callable[[], float]


@pytest.mark.fault(row=6)
def test_1_000_poison_messages_among_10_000_are_kept_byte_for_byte(
    pipeline: Pipeline, now: Now, chance: random.Random, figures: Figures
) -> None:
    sent = load(9000, now(), seed=chance.randrange(2**32), spoilt=False)
    bad = poison(1000, now(), chance, large=20)
    worker = pipeline.start_worker()
    pipeline.publish(mixed(chance, sent.messages, bad))
    truth = check(pipeline)
    assert truth.ledger["dead_lettered"] == 1000
    assert len(truth.refused) == 1000
    assert worker.process.is_running
    figures(kinds=len(KINDS) + 1, **truth.ledger)


@pytest.mark.fault(row=6)
def test_poison_leaves_four_fifths_of_the_throughput(
    pipeline: Pipeline, now: Now, chance: random.Random, figures: Figures
) -> None:
    """By the processor's time: one worker is bound by it, and other programs do not count."""
    worker = pipeline.start_worker()
    rates: dict[str, list[float]] = {"clean": [], "poisoned": []}
    for turn in range(4):
        for kind, found in rates.items():
            bad = poison(2000, now(), chance, large=0) if kind == "poisoned" else []
            seed, prefix = chance.randrange(2**32), f"{turn}-{kind}-"
            once = load(20_000 - len(bad), now(), seed=seed, spoilt=False, prefix=prefix)
            found.append(_rate(pipeline, worker, mixed(chance, once.messages, bad)))
    # The first round warms up.
    clean, poisoned = (statistics.median(found[1:]) for found in rates.values())
    ratio = poisoned / clean
    figures(
        messages_per_processor_second={"clean": round(clean), "poisoned": round(poisoned)},
        ratio=round(ratio, 2),
    )
    assert ratio >= 0.8


def _rate(pipeline: Pipeline, worker: Worker, messages: Messages) -> float:
    """Return how many messages a worker counts and writes in a second of a processor."""
    process, before = psutil.Process(worker.process.pid), pipeline.written()
    at = sum(process.cpu_times()[:2])
    pipeline.publish(messages)
    pipeline.wait_until_written(before + len(messages))
    return len(messages) / (sum(process.cpu_times()[:2]) - at)


def in_time(at: float) -> list[Event]:
    """Return what comes when it should."""
    called = call("c-1", at - 60, wait_seconds=5, talk_seconds=6)
    return [*called, activity("a-1", at - 60)]


def out_of_time(at: float) -> list[Event]:
    """Return, of the same partitions, what comes too late, and what says that it is yet to come.

    An hour is the lateness of calls, a day that of activities; five minutes is all of the future.
    """
    late = [call(f"late-{n}", at - 3700 - 60 * n, wait_seconds=1)[0] for n in range(20)]
    late = [Event(one.id, one.source, "c-1", one.type, one.at, one.data) for one in late]
    old = [activity("a-1", at - 86_400 - 120 - 60 * n) for n in range(20)]
    ahead = [activity("a-1", at + 1200 + 60 * n) for n in range(20)]
    return [*late, *old, *ahead]


@pytest.mark.fault(row=9, quick=True)
def test_what_is_too_late_or_from_the_future_moves_nothing(
    pipeline: Pipeline, now: Now, figures: Figures
) -> None:
    worker = pipeline.start_worker()
    # What is late is so by what came before, however long that has taken.
    at = now()
    pipeline.publish(in_time(at))
    check(pipeline)
    before = quarters(pipeline), _watermarks(worker)
    pipeline.publish(out_of_time(at))
    truth = check(pipeline)

    assert truth.ledger["late"] == 40
    assert truth.ledger["dead_lettered"] == 20
    assert (quarters(pipeline), _watermarks(worker)) == before
    figures(**truth.ledger)


def _watermarks(worker: Worker) -> dict[tuple[str, str], float]:
    return {
        (sample.labels["topic"], sample.labels["partition"]): sample.value
        for sample in worker.samples()
        if sample.name == "ringside_watermark_timestamp_seconds"
    }
