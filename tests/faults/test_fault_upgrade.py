"""Row 16: a rolling upgrade from a release whose tables are of another shape."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from agents.embedded.kafka import Broker
from agents.embedded.postgres import Database
from tests.faults.older_release import OlderRelease
from tests.integration.busy_floor import MEASURES, load
from tests.integration.installation import new_pipeline, remove_topics
from tests.integration.pipeline import Pipeline, wait_until
from tests.integration.test_replay import replay

pytestmark = [pytest.mark.timeout(600), pytest.mark.needs_transactions]
Now = Callable[[], float]


@pytest.mark.fault(row=16)
def test_a_state_of_an_older_release_is_refused_and_rebuilt_by_a_replay(  # noqa: PLR0917
    kafka: Broker,
    database: Database,
    tmp_path: Path,
    env: Mapping[str, str],
    now: Now,
    chance: random.Random,
) -> None:
    older = OlderRelease.unpack(tmp_path)
    pipeline = new_pipeline(kafka, database, tmp_path, env)
    remove_topics(kafka.bootstrap)
    older.run(pipeline.env, "topics", "apply")
    sent = load(4000, now(), seed=chance.randrange(2**32))
    first, second = sent.parts(2)
    try:
        _upgrade(pipeline, older, tmp_path, (first, second))
        assert pipeline.ledger() == sent.ledger
        sums = ", ".join(f"sum({name})" for name in MEASURES)
        found = pipeline.row(f"SELECT {sums} FROM ringside.pane")  # noqa: S608 - names of ours
        assert dict(zip(MEASURES, map(float, found), strict=True)) == pytest.approx(sent.totals)
    finally:
        pipeline.stop()
        remove_topics(kafka.bootstrap)


def _upgrade(
    pipeline: Pipeline, older: OlderRelease, folder: Path, parts: tuple[tuple[object, ...], ...]
) -> None:
    first, second = parts
    old = older.worker(pipeline.env, folder)
    pipeline.publish(first)  # type: ignore[arg-type]
    wait_until(lambda: old.total("ringside_events_consumed_total") == len(first), old.log)

    # One of each at once: the new one refuses, the old one counts on.
    pipeline.run("topics", "apply")
    new = pipeline.start_worker(ready=False)
    wait_until(lambda: not new.process.is_running, new.log)
    assert re.search("older release", new.log())
    pipeline.publish(second)  # type: ignore[arg-type]
    total = len(first) + len(second)
    wait_until(lambda: old.total("ringside_events_consumed_total") == total, old.log)
    old.process.stop()

    pipeline.run("db", "migrate")
    replay(pipeline, "start")
    replay(pipeline, "take")
    pipeline.start_worker()
    pipeline.wait_until_written(total)
