"""Whatever comes and goes meanwhile: every message counts once, none is lost. See tests/faults."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from agents.embedded.broker import Broker
from agents.embedded.postgres import Database, Postgres
from tests.integration.busy_floor import check, load
from tests.integration.installation import new_pipeline
from tests.integration.pipeline import Pipeline, Worker, wait_until

pytestmark = pytest.mark.needs_transactions

Now = Callable[[], float]


def test_workers_come_and_go_without_a_message_lost_or_counted_twice(
    kafka: Broker, database: Database, now: Now, tmp_path: Path, env: Mapping[str, str]
) -> None:
    # Six, since of four Faust gives two workers two each, and a third one none.
    pipeline = new_pipeline(kafka, database, tmp_path, env, partitions="6")
    sent = load(12_000, now(), seed=4)
    try:
        first, second = pipeline.start_worker(ready=False), pipeline.start_worker(ready=False)
        _wait_until_shared(pipeline, (first, second))
        with pipeline.publishing(sent.messages, rate=400):
            third = pipeline.start_worker(ready=False)
            _wait_until_shared(pipeline, (first, second, third))
            first.process.stop(60)
            assert first.process.exit_code == 0, first.log()
            _wait_until_shared(pipeline, (second, third))
            second.process.kill()
            _wait_until_shared(pipeline, (third,))
        check(pipeline, sent)
    finally:
        pipeline.stop()


def test_postgres_may_be_away_while_events_come(
    kafka: Broker, new_postgres: Postgres, now: Now, tmp_path: Path, env: Mapping[str, str]
) -> None:
    database = new_postgres.create_database("ringside")
    pipeline = new_pipeline(kafka, database, tmp_path, env)
    sent = load(6000, now(), seed=5)
    first, second = sent.parts(2)
    try:
        worker = pipeline.start_worker()
        pipeline.publish(first)
        pipeline.wait_until_written(len(first))
        new_postgres.kill()
        pipeline.publish(second)
        pipeline.wait_until_consumed(len(first) + len(second))
        wait_until(lambda: worker.total("ringside_snapshot_failures_total") >= 2, worker.log)
        assert worker.total("ringside_snapshot_pending_rows") > 100
        assert worker.total("ringside_snapshot_age_seconds") > 0
        assert worker.is_live()
        new_postgres.start()
        pipeline.wait_until_written(len(sent.messages))
        check(pipeline, sent)
    finally:
        pipeline.stop()


def test_kafka_may_be_away_for_a_while(
    new_broker: Broker, database: Database, now: Now, tmp_path: Path, env: Mapping[str, str]
) -> None:
    pipeline = new_pipeline(new_broker, database, tmp_path, env)
    sent = load(6000, now(), seed=6)
    try:
        worker = pipeline.start_worker()
        with pipeline.publishing(sent.messages, rate=1000):
            _wait_until_past(worker, 1500)
            new_broker.kill()
            _watch(worker, 15)
            new_broker.start()
        check(pipeline, sent)
        assert worker.process.is_running
    finally:
        pipeline.stop()


@pytest.fixture(autouse=True)
def _logs_of_what_failed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    """Show how the workers fared; pytest shows it only if the test failed."""
    yield
    for log in sorted(tmp_path.glob("worker-*.log")):
        print(f"--- {request.node.name} {log.name}\n{log.read_text()[-6000:]}")  # noqa: T201


def _wait_until_past(worker: Worker, count: int) -> None:
    wait_until(
        lambda: worker.total("ringside_events_consumed_total") >= count,
        lambda: f"{count} messages consumed\n{worker.log()}",
    )


def _wait_until_shared(pipeline: Pipeline, workers: tuple[Worker, ...]) -> None:
    """Return once each of them has partitions, and all are had."""

    def shares() -> list[float]:
        return [worker.total("ringside_assigned_partitions") for worker in workers]

    wait_until(
        lambda: all(shares()) and sum(shares()) == pipeline.settings.partitions,
        lambda: f"{len(workers)} workers to share the partitions, they have {shares()}",
    )


def _watch(worker: Worker, seconds: float) -> None:
    """Look on for a while: the worker lives, and its page answers, every time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert worker.process.is_running, worker.log()
        assert worker.is_live(), worker.log()
        assert worker.samples(), worker.log()
