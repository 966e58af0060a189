"""Row 2: workers come and go, and one sleeps longer than the group waits for it."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial

import pytest

from agents.changelog import Changelog, FencedError, Record
from schemas.topics import changelog
from tests.faults import scenarios
from tests.faults.plugin import Figures
from tests.faults.verdict import first_wrong
from tests.integration.busy_floor import load
from tests.integration.pipeline import Pipeline

pytestmark = pytest.mark.needs_transactions
Now = Callable[[], float]


@pytest.mark.fault(row=2)
def test_workers_come_go_and_sleep_without_an_event_lost_or_shown_twice(
    pipeline: Pipeline, now: Now, chance: random.Random, figures: Figures
) -> None:
    sent = load(20_000, now(), seed=chance.randrange(2**32))
    seen = scenarios.come_go_and_sleep(pipeline, pipeline.start_worker, sent, chance)
    figures(
        shown_twice=len(seen.shown_twice()),
        went_back=len(seen.went_back),
        longest_stall_seconds=round(seen.longest_stall_seconds(), 1),
        scrapes=len(seen.pages),
    )
    assert not seen.shown_twice()
    assert not seen.went_back
    assert seen.longest_stall_seconds() < 60


@pytest.mark.fault(row=2)
def test_a_sleeper_is_told_that_another_took_over_whatever_kafka_answers_first(
    pipeline: Pipeline, figures: Figures
) -> None:
    """Kafka's answers to what it wrote may come before or after that it is fenced."""
    topic = changelog(pipeline.settings.app_id, "panes").name
    records = [Record(topic, b"%d" % number, b"x" * 500, 0) for number in range(2000)]
    for _ in range(10):
        sleeper, successor = Changelog(pipeline.settings, 0), Changelog(pipeline.settings, 0)
        sleeper.open()
        sleeper.write(records)
        successor.open()
        with pytest.raises(FencedError):
            sleeper.write(records)
        successor.write(records)
        sleeper.close()
        successor.close()
    figures(told=10)


@pytest.mark.fault(row=2)
def test_naive_agents_that_come_go_and_sleep_are_found_wrong(
    pipeline: Pipeline, now: Now, chance: random.Random, figures: Figures
) -> None:
    sent = load(20_000, now(), seed=chance.randrange(2**32), spoilt=False)
    start = partial(pipeline.start_worker, module="tests.faults.naive")
    with pytest.raises(AssertionError, match="the ledger") as found:
        scenarios.come_go_and_sleep(pipeline, start, sent, chance, patience_seconds=15)
    figures(found=first_wrong(found.value))
