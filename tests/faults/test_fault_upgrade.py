"""Row 16: a rolling upgrade from a release whose tables are of another shape."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from agents.embedded.broker import Broker
from agents.embedded.postgres import Database
from schemas.topics import CUSTOMERS
from tests.faults.older_release import OF_ANOTHER_SHAPE, OF_THIS_SHAPE, OlderRelease
from tests.faults.plugin import Figures
from tests.faults.refusing import refused
from tests.integration.busy_floor import MEASURES, Load, load
from tests.integration.installation import new_pipeline, remove_topics
from tests.integration.pipeline import Pipeline, Worker, wait_until
from tests.integration.test_replay import replay

pytestmark = pytest.mark.needs_transactions
Now = Callable[[], float]


@pytest.fixture
def upgraded(
    kafka: Broker,
    database: Database,
    tmp_path: Path,
    env: Mapping[str, str],
    under: tuple[str, ...],
) -> Iterator[Pipeline]:
    """An installation with the schema of today, whose topics the older release is to make."""
    pipeline = new_pipeline(kafka, database, tmp_path, env, under=under)
    remove_topics(kafka.bootstrap)
    yield pipeline
    pipeline.stop()
    remove_topics(kafka.bootstrap)


@pytest.mark.fault(row=16)
@pytest.mark.fails_without("refusing older state", found="it started, and should have refused")
def test_a_state_of_an_older_release_is_refused_and_rebuilt_by_a_replay(
    upgraded: Pipeline, tmp_path: Path, now: Now, chance: random.Random, figures: Figures
) -> None:
    older = OlderRelease.unpack(tmp_path, OF_ANOTHER_SHAPE)
    sent = load(4000, now(), seed=chance.randrange(2**32))
    first, second = sent.parts(2)
    older.run(upgraded.env, "topics", "apply")
    old = older.worker(upgraded)
    upgraded.publish(first)
    wait_until(lambda: _consumed(old) == len(first), old.log)

    # One of each at once: the new one refuses, the old one counts on.
    upgraded.run("topics", "apply")
    assert "older release" in refused(upgraded)
    upgraded.publish(second)
    wait_until(lambda: _consumed(old) == len(first) + len(second), old.log)
    old.process.stop()

    upgraded.run("db", "migrate")
    replay(upgraded, "start")
    replay(upgraded, "take")
    upgraded.start_worker()
    _all_is_exact(upgraded, sent)
    figures(from_commit=OF_ANOTHER_SHAPE, rebuilt=sent.ledger["consumed"])


@pytest.mark.fault(row=16)
@pytest.mark.fails_without("carrying panes over", found="calls_offered")
def test_a_state_of_the_same_shape_is_carried_over_while_workers_are_exchanged_one_by_one(
    upgraded: Pipeline, tmp_path: Path, now: Now, chance: random.Random, figures: Figures
) -> None:
    older = OlderRelease.unpack(tmp_path, OF_THIS_SHAPE)
    sent = load(12_000, now(), seed=chance.randrange(2**32))
    older.run(upgraded.env, "topics", "apply")
    old = [older.worker(upgraded) for _ in range(2)]
    with upgraded.publishing(sent.messages, rate=400):
        moment = chance.randrange(1000, 3000)
        wait_until(lambda: sum(map(_consumed, old)) > moment, old[0].log)
        upgraded.run("topics", "apply")
        upgraded.run("db", "migrate")
        for leaving in old:
            leaving.process.stop(60)
            assert leaving.process.exit_code == 0, leaving.log()
            # From the first of these on until the last of the old is gone, there are both.
            upgraded.start_worker()
    _all_is_exact(upgraded, sent)
    assert "older release" not in "".join(worker.log() for worker in upgraded.running)
    refused = "SELECT sum(dead_lettered)::int FROM ringside.ledger WHERE topic = $1"
    assert upgraded.row(refused, CUSTOMERS.name) == (0,), "they do not read each other's notes"
    figures(from_commit=OF_THIS_SHAPE, carried_over=sent.ledger["consumed"])


def _consumed(worker: Worker) -> float:
    """Return how many messages of the sources a worker has in its state."""
    return sum(
        sample.value
        for sample in worker.samples()
        if sample.name == "ringside_events_consumed_total"
        and sample.labels["topic"] != CUSTOMERS.name
    )


def _all_is_exact(pipeline: Pipeline, sent: Load) -> None:
    pipeline.wait_until_written(sent.ledger["consumed"])
    assert pipeline.ledger() == sent.ledger
    sums = ", ".join(f"coalesce(sum({name}), 0)" for name in MEASURES)
    found = pipeline.row(f"SELECT {sums} FROM ringside.pane")  # noqa: S608 - names of ours
    assert dict(zip(MEASURES, map(float, found), strict=True)) == pytest.approx(sent.totals)
