"""A full replay beside live traffic: the same rows, what would change, and the taking of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from agents.postgres.tables import TABLES
from schemas import events as e
from schemas.codec import encode
from schemas.events import Event
from tests.integration.busy_floor import load
from tests.integration.floor_events import activity, call, event, rep_state
from tests.integration.pipeline import Pipeline, Raw, wait_until

Now = Callable[[], float]
OFFERED = "SELECT sum(calls_offered)::int FROM ringside.pane"
NOT_IN_THE_LOAD = ("correction", "pbx_counters")
KEYS = {table.name: ", ".join(name for name, _ in table.key) for table in TABLES}


def rows(pipeline: Pipeline, schema: str, table: str) -> list[Any]:
    """Return all of a table but up to where each row counts."""
    content = "to_jsonb(t) - 'epoch' - 'first_offset' - 'last_offset'"
    query = f"SELECT ({content})::text FROM {schema}.{table} t"  # noqa: S608
    return pipeline.rows(f"{query} ORDER BY {KEYS[table]}")


def sold(at: float) -> list[Event]:
    """Return a deal and a rep's turns, which the load does not have."""
    return [
        event("deal.created", "d-1", at, e.DealCreated("mai", "new", "lead", 900, "USD")),
        event("deal.stage_changed", "d-1", at + 9, e.DealStageChanged("offer")),
        event("deal.won", "d-1", at + 20, e.DealWon()),
        rep_state("mai", at, "available"),
        rep_state("mai", at + 60, "paused", "lunch"),
    ]


def replay(pipeline: Pipeline, *arguments: str) -> str:
    """Run a command of the replay, and return what it says."""
    done = pipeline.run("replay", *arguments, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def same(pipeline: Pipeline, empty: Sequence[str] = ()) -> None:
    """Fail if a table is not as the replay has it, or is empty and should not be."""
    for table in KEYS:
        live, replayed = (rows(pipeline, one, table) for one in ("ringside", "ringside_replay"))
        assert live or table in empty, f"no row in {table}: nothing was compared"
        assert replayed == live, table


def test_a_replay_is_the_same_as_the_live_state_and_is_taken_at_once(
    pipeline: Pipeline, now: Now
) -> None:
    floor = load(3000, now(), seed=12)
    first, second = floor.parts(2)
    first += tuple(sold(now() - 300))
    total = len(first) + len(second) + 1
    # Only the clock of then can say that it is from the future.
    worker = pipeline.start_worker()
    future = Raw("ringside.activities", b"a", encode(activity("a", now() + 900)))
    pipeline.publish((*first, future))
    pipeline.wait_until_written(len(first) + 1)
    replay(pipeline, "start")
    epoch = pipeline.row("SELECT epoch FROM ringside_replay.replay")

    # Live traffic goes on; the replay takes in what has come since, and is the same again.
    pipeline.publish(second)
    pipeline.wait_until_written(total)
    assert "no difference" in replay(pipeline, "diff")
    replay(pipeline, "start")
    assert pipeline.row("SELECT epoch FROM ringside_replay.replay") == epoch, "it went on"
    same(pipeline, empty=NOT_IN_THE_LOAD)
    assert "no difference" in replay(pipeline, "diff")
    refused = pipeline.run("replay", "take", check=False)
    assert "Stop all of them" in refused.stderr, "while workers run it is not taken"

    worker.process.stop(60)
    _take_and_go_on(pipeline, now(), total, epoch)


def _take_and_go_on(
    pipeline: Pipeline, at: float, messages: int, epoch: tuple[object, ...]
) -> None:
    before = {table: rows(pipeline, "ringside", table) for table in KEYS}
    replay(pipeline, "take")
    assert {table: rows(pipeline, "ringside", table) for table in KEYS} == before
    assert pipeline.row("SELECT min(epoch), max(epoch) FROM ringside.ledger") == epoch * 2
    successor = pipeline.start_worker()
    pipeline.publish(call("after", at - 30, wait_seconds=5, talk_seconds=6))
    pipeline.wait_until_written(messages + 3)
    of = {"result": "applied"}
    wait_until(
        lambda: successor.total("ringside_events_total", **of) == _applied(pipeline),
        "the worker and its rows are not of one mind",
    )
    replay(pipeline, "drop")
    gone = pipeline.run("replay", "diff", check=False)
    assert "There is no replay" in gone.stderr


def _applied(pipeline: Pipeline) -> int:
    return int(pipeline.row("SELECT sum(applied) FROM ringside.ledger")[0])


@pytest.mark.long
def test_what_would_change_is_listed_by_day_and_measure_before_it_is_taken(
    pipeline: Pipeline, now: Now
) -> None:
    worker = pipeline.start_worker()
    pipeline.publish(call("c-1", now() - 60, wait_seconds=5, talk_seconds=6))
    pipeline.publish(call("c-2", now() - 60, wait_seconds=9))
    pipeline.wait_until_written(5)
    worker.process.stop(60)
    # As if an older definition had counted the offered calls thrice, made up a row, lost another.
    pipeline.rows(
        "WITH wrong AS (UPDATE ringside.pane SET calls_offered = calls_offered * 3"
        " WHERE calls_offered > 0 RETURNING 1) SELECT count(*) FROM wrong"
    )
    pipeline.rows(
        "WITH gone AS (DELETE FROM ringside.call WHERE call_id = 'c-2' RETURNING 1)"
        " SELECT count(*) FROM gone"
    )
    replay(pipeline, "start")
    said = replay(pipeline, "diff")
    day = f"{datetime.fromtimestamp(now() - 60, UTC):%Y-%m-%d}"
    assert [day, "call", "1", "0", "0"] in [line.split() for line in said.splitlines()]
    offered = [line.split() for line in said.splitlines() if "calls_offered" in line]
    assert [(one[2], one[3], one[4]) for one in offered] == [("6", "2", "-4")]
    assert pipeline.row(OFFERED) == (6,), "not yet taken"

    replay(pipeline, "take")
    assert pipeline.row(OFFERED) == (2,)
    assert pipeline.row("SELECT count(*) FROM ringside.call") == (2,)


@pytest.mark.long
def test_rows_of_before_the_given_instant_stay(pipeline: Pipeline, now: Now) -> None:
    worker = pipeline.start_worker()
    pipeline.publish(call("c-1", now() - 60, wait_seconds=9))
    pipeline.wait_until_written(2)
    worker.process.stop(60)
    pipeline.rows(
        "WITH old AS (UPDATE ringside.call SET last_at = last_at - interval '40 days',"
        " call_id = 'of long ago' RETURNING 1) SELECT count(*) FROM old"
    )
    since = f"{datetime.fromtimestamp(now() - 86_400, UTC):%Y-%m-%dT%H:00Z}"
    replay(pipeline, "--from", since)
    replay(pipeline, "take")
    ids = pipeline.rows("SELECT call_id FROM ringside.call ORDER BY call_id")
    assert ids == [("c-1",), ("of long ago",)]
