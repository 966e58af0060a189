"""Rows 1 and 5: an agent that is killed, and one that is asked to end."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from tests.faults import scenarios
from tests.faults.plugin import Figures
from tests.integration.busy_floor import load
from tests.integration.pipeline import Pipeline

pytestmark = [pytest.mark.timeout(600), pytest.mark.needs_transactions]
Now = Callable[[], float]


@pytest.mark.fault(row=1)
def test_ten_times_killed_counts_each_of_20_000_events_once(
    pipeline: Pipeline, now: Now, chance: random.Random, figures: Figures
) -> None:
    sent = load(25_000, now(), seed=chance.randrange(2**32))
    truth = scenarios.killed(pipeline, pipeline.start_worker, sent, chance, kills=10)
    assert truth.ledger["applied"] == 20_000
    assert truth.ledger["duplicate"] == 5000
    figures(**truth.ledger)


@pytest.mark.fault(row=1, quick=True)
def test_once_killed_counts_each_event_once(
    pipeline: Pipeline, now: Now, chance: random.Random, figures: Figures
) -> None:
    sent = load(3000, now(), seed=chance.randrange(2**32))
    truth = scenarios.killed(pipeline, pipeline.start_worker, sent, chance, kills=1)
    figures(**truth.ledger)


@pytest.mark.fault(row=5, quick=True)
def test_a_stop_under_load_is_clean_and_quick_and_reads_nothing_twice(
    pipeline: Pipeline, now: Now, chance: random.Random, figures: Figures
) -> None:
    sent = load(12_000, now(), seed=chance.randrange(2**32))
    took_seconds = scenarios.stopped(pipeline, pipeline.start_worker, sent, chance)
    assert took_seconds < 30
    figures(stopped_within_seconds=round(took_seconds, 2))
