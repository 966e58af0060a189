"""Rows 1 and 5: an agent that is killed, and one that is asked to end."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from schemas.events import CallEnded
from tests.faults import scenarios
from tests.faults.plugin import Figures
from tests.integration.busy_floor import load
from tests.integration.floor_events import call, event
from tests.integration.pipeline import Pipeline, wait_until

pytestmark = pytest.mark.needs_transactions
Now = Callable[[], float]
LONG_AGO = (
    "SELECT sum(calls_offered)::int, sum(calls_answered)::int, sum(calls_handled)::int,"
    " sum(call_talk_seconds)::float8 FROM ringside.pane WHERE start_at < now() - interval '2 hours'"
)


@pytest.mark.fault(row=1)
def test_ten_times_killed_counts_each_of_20_000_events_once(
    pipeline: Pipeline, now: Now, chance: random.Random, figures: Figures
) -> None:
    sent = load(25_000, now(), seed=chance.randrange(2**32))
    truth = scenarios.killed(pipeline, pipeline.start_worker, sent, chance, kills=10)
    assert truth.ledger["applied"] == 20_000
    assert truth.ledger["duplicate"] == 5000
    figures(**truth.ledger)


@pytest.mark.fault(row=1, quick=True, short=True)
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


@pytest.mark.fault(row=1)
def test_calls_of_hours_are_counted_once_by_the_worker_after_the_one_that_was_killed(
    pipeline: Pipeline, now: Now, figures: Figures
) -> None:
    """Their arrival is hours behind by the time of their end, which counts there as well."""
    at = int(now())
    arrived_at = at - 3 * 3600
    ids = [f"long-{number}" for number in range(20)]
    begun = [call(id_, arrived_at, wait_seconds=5, talk_seconds=1)[:2] for id_ in ids]
    ends = [event("call.ended", id_, at - 5, CallEnded()) for id_ in ids]
    killed = pipeline.start_worker()
    pipeline.publish(one for pair in begun for one in pair)
    pipeline.wait_until_written(40)
    # The watermark of every partition comes to an hour ago, and closes the minute of the arrivals.
    pipeline.publish(call(f"c-{number}", at - 60, wait_seconds=1)[0] for number in range(100))
    pipeline.wait_until_written(140)
    pipeline.publish(ends[:10])
    pipeline.wait_until_written(150)
    killed.process.kill()
    worker = pipeline.start_worker()
    pipeline.publish(ends[10:])
    pipeline.wait_until_written(160)
    # From the answer, 5 s after the arrival, to 5 s ago.
    talked = 20 * (at - 5 - (arrived_at + 5))
    wait_until(
        lambda: pipeline.row(LONG_AGO) == (20, 20, 20, float(talked)),
        lambda: f"{pipeline.row(LONG_AGO)}, not 20 of each and {talked} s\n{worker.log()}",
        30,
    )
    figures(calls=20, talked_seconds=talked)
