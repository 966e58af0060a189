"""A few events through everything: Kafka, a worker, its metrics page, PostgreSQL."""

from collections import Counter
from collections.abc import Callable

import pytest

from tests.integration.floor_events import activity, call
from tests.integration.pipeline import Pipeline


def test_events_are_on_the_metrics_page_and_in_postgres_once(
    pipeline: Pipeline, now: Callable[[], float]
) -> None:
    worker = pipeline.start_worker()
    start_at = now() - 120
    events = [
        *call("c-1", start_at, wait_seconds=12, talk_seconds=40),
        *call("c-2", start_at + 1, wait_seconds=30),
        activity("a-1", start_at + 2),
    ]
    # Everything twice: what a source repeats after a lost confirmation counts once.
    sent = pipeline.publish([*events, *events])
    assert sent == 12

    pipeline.wait_until_written(12)

    expected = Counter(consumed=12, applied=6, duplicate=6, late=0, dead_lettered=0)
    assert pipeline.results() == expected
    assert pipeline.ledger() == expected
    assert worker.total("ringside_calls_answered", window="1h", queue="sales") == 1
    assert pipeline.row(
        "SELECT sum(calls_offered), sum(calls_answered), sum(calls_abandoned),"
        " sum(call_wait_seconds), sum(call_talk_seconds), sum(activities_logged)"
        " FROM ringside.pane"
    ) == (2, 1, 1, 12.0, 40.0, 1)
    assert pipeline.rows(
        "SELECT call_id, outcome, wait_seconds, talk_seconds FROM ringside.call ORDER BY call_id"
    ) == [("c-1", "answered", 12.0, 40.0), ("c-2", "abandoned", 30.0, None)]


def test_a_clean_stop_and_a_new_start_process_nothing_again(
    pipeline: Pipeline, now: Callable[[], float]
) -> None:
    worker = pipeline.start_worker()
    start_at = now() - 600
    events = [
        event
        for number in range(200)
        for event in call(f"c-{number}", start_at + number, wait_seconds=5, talk_seconds=60)
    ]
    pipeline.publish(events)
    pipeline.wait_until_written(600)
    worker.process.stop(30)
    assert worker.process.exit_code == 0, worker.log()
    before = pipeline.ledger()

    again = pipeline.start_worker()
    pipeline.publish(call("c-new", now() - 30, wait_seconds=5, talk_seconds=6))
    pipeline.wait_until_consumed(603)

    assert pipeline.results() == before + Counter(consumed=3, applied=3)
    assert again.total("ringside_calls_answered", window="1h") == pytest.approx(201)
