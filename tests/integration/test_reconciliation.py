"""A PBX's own counters against ours: through Kafka, in the table, the command and the metrics."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime

from agents.embedded.paths import PROJECT
from schemas import events as e
from schemas.events import Event
from tests.integration.floor_events import SOURCE, call, event
from tests.integration.pipeline import Pipeline, Worker, wait_until


def counted(  # noqa: PLR0917
    queue: str, start: float, end: float, completed: int, abandoned: int, level: float
) -> Event:
    span = (datetime.fromtimestamp(at, UTC) for at in (start, end))
    data = e.PbxCounters(queue, *span, completed, abandoned, level, 20)
    return event("pbx.counters", f"{queue}/{start}", end, data)


def test_each_difference_is_told_and_a_missing_half_is_no_zero(
    pipeline: Pipeline, now: Callable[[], float]
) -> None:
    # 10 minutes of one source. Sales: two answered after 10 s and 30 s, one given up; the PBX
    # counts three and one, half of it within 20 s. Cards: one each, as the PBX says. Loans: one
    # answered, of which the PBX says nothing. A call that came before and ended within counts; one
    # that is still talking does not.
    start = now() - 3600
    end = start + 600
    calls = [
        *call("s1", start + 60, wait_seconds=10, talk_seconds=60),
        *call("s2", start - 100, wait_seconds=30, talk_seconds=120),
        *call("s3", start + 200, wait_seconds=9),
        *call("s4", start + 500, wait_seconds=5, talk_seconds=200),
        *call("c1", start + 10, wait_seconds=25, talk_seconds=20, queue="cards"),
        *call("c2", start + 10, wait_seconds=25, queue="cards"),
        *call("l1", start + 10, wait_seconds=1, talk_seconds=20, queue="loans"),
    ]
    pbx = [counted("sales", start, end, 3, 1, 0.5), counted("cards", start, end, 1, 1, 0.0)]
    worker = pipeline.start_worker()
    pipeline.publish([*calls, *pbx])
    pipeline.wait_until_written(len(calls) + len(pbx))

    query = """SELECT queue, missing, completed, completed_difference, abandoned,
                   abandoned_difference, service_level, service_level_difference
               FROM ringside.reconciliation ORDER BY queue"""
    assert pipeline.ask(query) == [
        ("cards", "", 1, 0, 1, 0, 0.0, 0.0),
        ("loans", "pbx", 1, None, 0, None, None, None),
        ("sales", "", 2, -1, 1, 0, 0.5, 0.0),
    ]

    _is_told(pipeline)
    _is_shown(worker)


def _is_told(pipeline: Pipeline) -> None:
    reader = {**pipeline.env, "RINGSIDE_DATABASE_URL": pipeline.reader_url}
    said = _reconcile(reader, SOURCE)
    assert said.returncode == 0, said.stderr
    lines = [line.split() for line in said.stdout.splitlines()]
    assert any("sales" in line and "-1" in line and "differs" in line for line in lines)
    assert "the PBX says nothing of it" in said.stdout
    assert "1 of 3 agree" in said.stdout
    assert _reconcile(reader, SOURCE, "--strict").returncode == 1
    unknown = _reconcile(reader, "/pbx/other")
    assert unknown.returncode == 1
    assert SOURCE in unknown.stderr


def _is_shown(worker: Worker) -> None:
    difference, missing = "ringside_reconciliation_difference", "ringside_reconciliation_missing"
    of_sales = {"queue": "sales", "counter": "completed"}
    wait_until(lambda: worker.total(difference, **of_sales) == -1, worker.log, 300)
    assert worker.total(missing, queue="loans", half="pbx") == 1
    assert worker.total(missing, half="ours") == 0
    shown = {one.labels["queue"] for one in worker.samples() if one.name == difference}
    assert shown == {"sales", "cards"}


def test_what_the_pbx_counted_and_we_never_heard_of_is_named(
    pipeline: Pipeline, now: Callable[[], float]
) -> None:
    start = now() - 3600
    pipeline.start_worker()
    silent = counted("sales", start, start + 600, 3, 1, 0.5)
    # A later call was heard of, so it is not that we are behind.
    late = call("x", start + 700, wait_seconds=1, talk_seconds=1)
    pipeline.publish([silent, *late])
    pipeline.wait_until_written(1 + len(late))
    query = "SELECT missing, completed, abandoned, pbx_completed FROM ringside.reconciliation"
    assert pipeline.ask(query) == [("ours", None, None, 3)]


def _reconcile(env: dict[str, str], source: str, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own command line
        (sys.executable, "-m", "agents", "reconcile", "--source", source, *more),
        env=env,
        cwd=PROJECT,
        text=True,
        capture_output=True,
        check=False,
        timeout=300,
    )
