"""The compiled run over the calls' topic: the same state, ledger and records as without it."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.changelog import Record
from agents.state import to_records
from agents.telling import note_records
from schemas import events as e
from schemas.codec import Rejected
from schemas.customers import Tokeniser
from schemas.topics import CALLS
from streams.fold import Fold
from streams.fold_state import FoldState
from streams.grains import Grains
from streams.runs import RUNS, Run
from streams.simulation import FloorPlan, simulate
from streams.simulation.parts import Mischief
from tests.streams.call_lives import some_lives
from tests.streams.lives import T0, event, new_fold, panes, seeded
from tests.streams.side_by_side import TOPICS, live, restored

pytestmark = pytest.mark.skipif(CALLS.name not in RUNS, reason="streams.fast_calls is not compiled")


class Worker:
    """Folds with the compiled run, or without it, and keeps all that it ever wrote."""

    def __init__(self, lateness_seconds: float, *, is_fast: bool) -> None:
        self.lateness_seconds, self.is_fast = lateness_seconds, is_fast
        self.log: list[Record] = []
        self.told: list[Record] = []
        self.refused: list[tuple[int, Rejected]] = []
        self.runs: list[Run] = []
        self.written = -1
        """The fence up to which Postgres will have everything."""
        self.fold = self._mine(new_fold(CALLS.name, lateness_seconds))

    def take(self, messages: Sequence[Any]) -> None:
        """Fold a batch; meanwhile Postgres gets the last checkpoint, and what is over may go."""
        first = self.fold.ledger.next_offset
        self.refused += self.fold.take(messages, range(first, first + len(messages)))
        self.fold.release(self.written)
        self.written = -1

    def checkpoint(self, *, written: bool) -> None:
        """Write what changed; perhaps Postgres will get it."""
        changes = self.fold.take_changes()
        if changes is None:
            return
        self.told += note_records([changes], 4, Tokeniser(b"k" * 32))
        self.log += to_records([changes], TOPICS, 0)
        if written:
            self.written = changes.ledger.fence

    def die(self) -> None:
        """Start again from what was written."""
        self.written = -1
        self.fold = self._mine(restored(CALLS.name, self.log, self.lateness_seconds))

    def _mine(self, fold: Fold) -> Fold:
        fold.run = self._run if self.is_fast else None
        return fold

    def _run(self, fold: Fold, events: Sequence[Any], offsets: Sequence[int]) -> Run:
        self.runs.append(RUNS[CALLS.name](fold, events, offsets))
        return self.runs[-1]


def assert_same(fast: Worker, slow: Worker) -> None:
    one, other = fast.fold, slow.fold
    assert list(one.entities.items()) == list(other.entities.items())
    assert list(one.live.items()) == list(other.live.items())
    assert [*map(msgspec.json.encode, one.entities.values())] == [
        *map(msgspec.json.encode, other.entities.values())
    ]
    assert panes(one) == panes(other)
    assert one.watermark.newest_at == other.watermark.newest_at
    assert msgspec.json.encode(one.ledger) == msgspec.json.encode(other.ledger)
    assert fast.refused == slow.refused
    assert fast.log == slow.log
    assert fast.told == slow.told


@pytest.fixture(scope="module", params=["compiled", "python"], autouse=True)
def grains(request: pytest.FixtureRequest) -> Iterator[None]:
    """The run counts in panes of either kind."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "python":
            patch.setattr(FoldState, "grains_type", Grains)
        yield


def batches(messages: Sequence[Any], random: Random) -> Iterator[Sequence[Any]]:
    done = 0
    while done < len(messages):
        some = messages[done : done + random.choice([1, 2, 7, 50, 300])]
        done += len(some)
        yield some


def both(messages: Sequence[Any], lateness_seconds: float, random: Random) -> Worker:
    """Fold in random batches, with checkpoints and deaths; compare at each of them."""
    fast, slow = (Worker(lateness_seconds, is_fast=is_fast) for is_fast in (True, False))
    live((fast, slow), batches(messages, random), random, 0.5, assert_same)
    for worker in (fast, slow):
        worker.checkpoint(written=True)
    assert_same(fast, slow)
    return fast


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_any_history_of_calls_gives_the_same_with_and_without(seed: int) -> None:
    random = seeded(seed)
    lateness_seconds = random.choice([0.0, 60.0, 600.0, 7200.0])
    both(some_lives(random, lateness_seconds), lateness_seconds, random)


def test_most_of_what_a_simulated_floor_says_of_calls_is_taken() -> None:
    mischief = Mischief(duplicate_share=0.02, late_share=0.02)
    plan = FloorPlan.sized(reps=40, mischief=mischief, always_open=True, tells_all=True)
    events = [
        one
        for one in simulate(plan, seed=1, start_at=T0, end_at=T0 + 7200)
        if one.type.startswith("call.")
    ]
    fast = both(events, 60.0, seeded(1))
    assert len(events) > 3000
    assert sum(run.applied for run in fast.runs) > 0.8 * len(events)


def test_a_leg_whose_earlier_ones_are_forgotten_has_waited_on_none() -> None:
    told = [
        event("c1", T0, e.CallOffered("loans")),
        event("c1", T0 + 5, e.CallAnswered("linh")),
        event("c1", T0 + 9, e.CallTransferred()),
        event("c1", T0 + 9, e.CallOffered("cards", leg=2)),
        event("c1", T0 + 12, e.CallAnswered("minh", leg=2)),
    ]
    workers = [Worker(60.0, is_fast=is_fast) for is_fast in (True, False)]
    for worker in workers:
        worker.take(told)
        del worker.fold.entities["c1"]
        worker.take([event("c1", T0 + 20, e.CallEnded(leg=2))])
        worker.checkpoint(written=True)
    assert_same(*workers)
    call: Any = workers[0].fold.entities["c1#2"]
    assert (call.ended_at, call.earlier_wait_seconds) == (T0 + 20, 0)
