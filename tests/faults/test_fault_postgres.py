"""Row 4: PostgreSQL is away, is killed while it writes, is slow, has no room."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import pytest

from agents.embedded.http import is_ok
from agents.embedded.postgres import Postgres
from tests.faults.disks import NewDisk
from tests.faults.installing import Install
from tests.faults.plugin import Figures
from tests.faults.verdict import check
from tests.faults.watching import memory_bytes
from tests.integration.busy_floor import load
from tests.integration.pipeline import Pipeline, Worker, wait_until

pytestmark = pytest.mark.needs_transactions
Now = Callable[[], float]
TABLES = ("pane", "call", "meeting", "ledger")
BACK_SECONDS = 30.0


def goes_on(worker: Worker, seconds: float) -> int:
    """Look on: the worker lives, and its page shows more and more. Return how much at the end."""
    until = time.monotonic() + seconds
    shown = 0
    while time.monotonic() < until:
        assert is_ok(worker.port, "/live"), worker.log()
        now_shown = int(worker.total("ringside_events_consumed_total"))
        assert now_shown >= shown
        shown = now_shown
        time.sleep(0.5)
    return shown


@pytest.mark.fault(row=4)
def test_postgres_may_be_stopped_for_a_minute(
    install: Install, new_postgres: Postgres, now: Now, chance: random.Random, figures: Figures
) -> None:
    pipeline = install(server=new_postgres)
    sent = load(20_000, now(), seed=chance.randrange(2**32))
    worker = pipeline.start_worker()
    with pipeline.publishing(sent.messages, rate=300):
        pipeline.wait_until_written(chance.randrange(500, 1500))
        before_bytes, before = memory_bytes(worker), pipeline.consumed()
        new_postgres.stop()
        shown = goes_on(worker, 60)
        grown_bytes = memory_bytes(worker) - before_bytes
        pending = worker.total("ringside_snapshot_pending_rows")
        assert shown > before + 10_000, "the page stood still"
        assert worker.total("ringside_snapshot_age_seconds") > 30
        new_postgres.start()
    back_at = time.monotonic()
    check(pipeline, seconds=BACK_SECONDS)
    assert grown_bytes < 100 * 2**20
    figures(
        exact_after_seconds=round(time.monotonic() - back_at, 1),
        memory_grew_mb=round(grown_bytes / 2**20, 1),
        pending_rows=int(pending),
    )


@pytest.mark.fault(row=4)
def test_what_waits_for_postgres_is_bounded(
    install: Install, new_postgres: Postgres, now: Now, chance: random.Random, figures: Figures
) -> None:
    pipeline = install(server=new_postgres)
    sent = load(20_000, now(), seed=chance.randrange(2**32))
    worker = pipeline.start_worker(max_dirty_rows="1000", batch_records="100")
    new_postgres.stop()
    pipeline.publish(sent.messages)
    wait_until(lambda: worker.total("ringside_snapshot_pending_rows") > 1000, worker.log)
    goes_on(worker, 5)
    waiting, consumed = worker.total("ringside_snapshot_pending_rows"), pipeline.consumed()
    # What was fetched before it was full is counted still: a batch of each partition at most.
    goes_on(worker, 5)
    assert pipeline.consumed() == consumed < len(sent.messages), "it went on reading"
    figures(limit_rows=1000, pending_rows=int(waiting), consumed=consumed)
    new_postgres.start()
    check(pipeline)


@pytest.mark.fault(row=4)
def test_postgres_may_be_killed_inside_a_transaction(
    install: Install, new_postgres: Postgres, now: Now, chance: random.Random, figures: Figures
) -> None:
    pipeline = install(server=new_postgres)
    sent = load(6000, now(), seed=chance.randrange(2**32))
    first, second = sent.parts(2)
    pipeline.start_worker()
    pipeline.publish(first)
    pipeline.wait_until_written(len(first))
    # The ledger comes last, so when it waits, all else of the transaction is written.
    _delay(pipeline, ("ledger",), seconds=20)
    pipeline.publish(second)
    wait_until(lambda: _sleeping(pipeline) > 0, "a transaction to be under way")
    new_postgres.kill()
    new_postgres.start()
    _delay(pipeline, ("ledger",), seconds=0)
    back_at = time.monotonic()
    check(pipeline, seconds=BACK_SECONDS)
    figures(exact_after_seconds=round(time.monotonic() - back_at, 1))


@pytest.mark.fault(row=4)
def test_postgres_may_be_slow(
    install: Install, new_postgres: Postgres, now: Now, chance: random.Random, figures: Figures
) -> None:
    pipeline = install(server=new_postgres)
    _delay(pipeline, TABLES, seconds=0.5)
    sent = load(12_000, now(), seed=chance.randrange(2**32))
    worker = pipeline.start_worker()
    before_bytes = memory_bytes(worker)
    pipeline.publish(sent.messages)
    pipeline.wait_until_consumed(len(sent.messages))
    grown_bytes = memory_bytes(worker) - before_bytes
    at = time.monotonic()
    check(pipeline, seconds=60)
    assert grown_bytes < 100 * 2**20
    figures(
        exact_after_seconds=round(time.monotonic() - at, 1),
        memory_grew_mb=round(grown_bytes / 2**20, 1),
    )


@pytest.mark.fault(row=4)
def test_postgres_may_have_no_room(
    install: Install, new_disk: NewDisk, now: Now, chance: random.Random, figures: Figures
) -> None:
    disk = new_disk(400)
    server = Postgres.create(disk.folder / "postgres", is_durable=False)
    server.start()
    try:
        pipeline = install(server=server)
        sent = load(20_000, now(), seed=chance.randrange(2**32))
        first, second = sent.parts(2)
        worker = pipeline.start_worker()
        pipeline.publish(first)
        pipeline.wait_until_written(len(first))
        disk.fill()
        pipeline.publish(second)
        wait_until(lambda: worker.total("ringside_snapshot_failures_total") > 1, worker.log)
        pipeline.wait_until_consumed(len(sent.messages))
        said = [line for line in worker.log().split("\n") if "snapshot not written" in line]
        disk.empty()
        back_at = time.monotonic()
        if not server.process.is_running:
            server.start()
        check(pipeline, seconds=BACK_SECONDS)
        figures(
            exact_after_seconds=round(time.monotonic() - back_at, 1),
            said=said[0].partition("error=")[2][:90],
        )
    finally:
        server.kill()


def _delay(pipeline: Pipeline, tables: tuple[str, ...], *, seconds: float) -> None:
    """Let every statement that writes to these tables take so much longer; 0: no longer."""
    statements = []
    if seconds:
        statements.append(
            "CREATE OR REPLACE FUNCTION public.delay() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN PERFORM pg_sleep({seconds}); RETURN NULL; END $$"
        )
    for table in tables:
        statements.append(f"DROP TRIGGER IF EXISTS delay ON ringside.{table}")
        if seconds:
            statements.append(
                f"CREATE TRIGGER delay AFTER INSERT ON ringside.{table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION public.delay()"
            )
    for statement in statements:
        pipeline.rows(statement)


def _sleeping(pipeline: Pipeline) -> int:
    return int(
        pipeline.row(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' "
            "AND application_name = 'ringside worker'"
        )[0]
    )
