"""Row 12: a changed definition: listed before it is taken, and taken at once, under traffic."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import groupby
from threading import Event as Flag
from threading import Thread

import pytest

from agents.embedded.process import ChildProcess
from schemas.events import Event
from tests.faults.plugin import Figures
from tests.faults.redefined import counts
from tests.faults.refusing import refused
from tests.integration.busy_floor import load
from tests.integration.pipeline import Pipeline, Raw, wait_until

pytestmark = pytest.mark.needs_transactions
Now = Callable[[], float]
REDEFINED = "tests.faults.redefined"
SUMS = (
    "SELECT coalesce(sum(activities_logged), 0)::int, coalesce(sum(calls_offered), 0)::int"
    " FROM ringside.pane"
)
Sums = tuple[int, ...]


def logged(messages: tuple[Event | Raw, ...]) -> set[str]:
    """Return the activities among messages."""
    return {one.subject for one in messages if _is_activity(one)}  # type: ignore[union-attr]


def kept(messages: tuple[Event | Raw, ...]) -> set[str]:
    """Return the activities that the changed definition counts."""
    return {one.subject for one in messages if _is_activity(one) and counts(one)}  # type: ignore[union-attr, arg-type]


def _is_activity(one: Event | Raw) -> bool:
    return isinstance(one, Event) and one.type == "activity.logged"


@pytest.mark.fault(row=12)
@pytest.mark.fails_without("taking all rows at once", found="seen in between")
@pytest.mark.fails_without("marking what is half taken", found="what is half taken can be dropped")
def test_a_changed_definition_is_listed_then_taken_at_once_while_traffic_goes_on(
    pipeline: Pipeline, now: Now, chance: random.Random, figures: Figures
) -> None:
    sent = load(9000, now(), seed=chance.randrange(2**32), spoilt=False)
    first, second, third = sent.parts(3)
    worker = pipeline.start_worker()
    _replayed(pipeline, first, second)
    _is_listed(pipeline, first + second)

    with pipeline.publishing(third, rate=300):
        worker.process.stop()
        at = time.monotonic()
        with looking(pipeline) as seen:
            before = pipeline.row(SUMS)
            _interrupted(pipeline, chance)
            taken_at = time.monotonic()
            _redefined(pipeline, "take")
            figures(taken_within_seconds=round(time.monotonic() - taken_at, 1))
            after = pipeline.row(SUMS)
        pipeline.start_worker(module=REDEFINED)
        figures(stood_still_seconds=round(time.monotonic() - at, 1), looked=len(seen))
    _all_of_one(seen, before, after)
    pipeline.wait_until_written(len(sent.messages))
    expected = (len(kept(sent.messages)), int(sent.totals["calls_offered"]))
    wait_until(lambda: pipeline.row(SUMS) == expected, lambda: f"{expected}, {pipeline.row(SUMS)}")
    assert pipeline.ledger() == sent.ledger
    figures(messages=len(sent.messages), activities=f"{len(logged(sent.messages))} {expected[0]}")


def _replayed(
    pipeline: Pipeline, first: tuple[Event | Raw, ...], second: tuple[Event | Raw, ...]
) -> None:
    """Count anew what was first, while the second comes; then that, too."""
    pipeline.publish(first)
    pipeline.wait_until_written(len(first))
    with pipeline.publishing(second, rate=500):
        _redefined(pipeline, "start")
    pipeline.wait_until_written(len(first) + len(second))
    _redefined(pipeline, "start")


def _is_listed(pipeline: Pipeline, messages: tuple[Event | Raw, ...]) -> None:
    """The difference is what counting by hand says, and nothing of it is taken yet."""
    old, new = len(logged(messages)), len(kept(messages))
    assert 0 < new < old
    said = [line.split() for line in _redefined(pipeline, "diff").splitlines()]
    by = {words[1]: int(float(words[-1])) for words in said if words and words[-1][0] in "+-"}
    assert by["activities_logged"] == new - old
    assert not [measure for measure in by if measure.startswith("calls")], "nothing else changes"
    assert pipeline.row(SUMS)[0] == old


def _all_of_one(seen: list[Sums], before: Sums, after: Sums) -> None:
    """Who looked saw all of the old, then all of the new; in between, that of the first taking."""
    first, *between, last = [sums for sums, _ in groupby(seen)]
    assert (first, last) == (before, after)
    assert len(between) <= 1, f"seen in between: {between}"
    for sums in between:
        assert sums[0] <= after[0]
        assert before[1] <= sums[1] <= after[1]


def _redefined(pipeline: Pipeline, *arguments: str) -> str:
    done = pipeline.run("replay", *arguments, check=False, module=REDEFINED)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def _interrupted(pipeline: Pipeline, chance: random.Random) -> None:
    """Begin to take it, and kill that when rows are taken and state is not; no worker starts."""
    log = pipeline.folder / "interrupted.log"
    env = {**pipeline.env, "PYTHONUNBUFFERED": "1"}
    taking = ChildProcess(pipeline.program("replay", "take", log=log, env=env, module=REDEFINED))
    taking.start()
    taking.wait_until(lambda: "ledger: " in log.read_text(), 90)
    time.sleep(chance.uniform(0, 0.3))
    taking.kill()
    assert "taken. Start the workers" not in log.read_text(), "it was quicker than the kill"
    dropped = pipeline.run("replay", "drop", check=False)
    assert dropped.returncode == 1, "what is half taken can be dropped"
    assert "Run `ringside replay take` again" in refused(pipeline, module=REDEFINED)


@contextmanager
def looking(pipeline: Pipeline) -> Iterator[list[Sums]]:
    """Ask for the sums over and over meanwhile, as a board would; yields what was seen."""
    seen: list[Sums] = []
    over = Flag()

    def look() -> None:
        while not over.wait(0.05):
            seen.extend(pipeline.ask(SUMS))

    thread = Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join(30)
