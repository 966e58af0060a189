"""The compiled run over notes about customers: the same state, ledger and records as without it."""

from collections.abc import Iterator, Sequence
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.changelog import Record
from agents.state import to_records
from schemas.erasures import Erasure
from schemas.notes import CallNote, Note, Notes
from schemas.topics import CUSTOMERS
from streams.customers import MAX_LEGS
from streams.fold import Fold
from streams.runs import NOTES_RUN
from tests.streams.customer_told import D, H, answered, called, missed
from tests.streams.lives import T0, new_fold, panes, seeded
from tests.streams.side_by_side import TOPICS, live, restored

pytestmark = pytest.mark.skipif(NOTES_RUN is None, reason="streams.fast_customers is not compiled")
OUTCOMES = ["answered", "answered", "abandoned", "flowed_out", "menu", None]


class Worker:
    """Folds with the compiled run, or without it, and keeps all that it ever wrote."""

    def __init__(self, lateness_seconds: float, *, is_fast: bool) -> None:
        self.lateness_seconds, self.is_fast = lateness_seconds, is_fast
        self.log: list[Record] = []
        self.left = 0
        """How many notes the run left to Python."""
        self.fold = self._mine(new_fold(CUSTOMERS.name, lateness_seconds))

    def take(self, message: Notes | Erasure) -> None:
        self.fold.apply(message, self.fold.ledger.next_offset)

    def checkpoint(self, *, written: bool) -> None:
        """Write what changed; if Postgres has it, forget what is over."""
        changes = self.fold.take_changes()
        if changes is None:
            return
        self.log += to_records([changes], TOPICS, 0)
        if written:
            self.fold.release(changes.ledger.fence)

    def die(self) -> None:
        """Start again from what was written."""
        self.fold = self._mine(restored(CUSTOMERS.name, self.log, self.lateness_seconds))

    def _mine(self, fold: Fold) -> Fold:
        fold.notes_run = self._run if self.is_fast else None
        return fold

    def _run(self, fold: Fold, notes: tuple[Note, ...], horizon_at: float) -> "Counted":
        assert NOTES_RUN is not None
        return Counted(NOTES_RUN(fold, notes, horizon_at), self)


class Counted:
    """A run that counts what it leaves to Python."""

    def __init__(self, run: Iterator[Note], worker: Worker) -> None:  # type: ignore[misc]
        self.run, self.worker = run, worker

    @property
    def is_news(self) -> bool:
        return bool(self.run.is_news)  # type: ignore[attr-defined]

    def __iter__(self) -> Iterator[Note]:
        for note in self.run:
            self.worker.left += 1
            yield note


def assert_same(fast: Worker, slow: Worker) -> None:
    one, other = fast.fold, slow.fold
    assert list(one.entities.items()) == list(other.entities.items())
    assert list(one.live.items()) == list(other.live.items())
    assert panes(one) == panes(other)
    assert one._expiry._buckets == other._expiry._buckets
    assert one._due._buckets == other._due._buckets
    assert (one._due._minute_of, one._due._next) == (other._due._minute_of, other._due._next)
    assert msgspec.json.encode(one.ledger) == msgspec.json.encode(other.ledger)
    assert fast.log == slow.log


def both(messages: Sequence[Notes | Erasure], lateness_seconds: float, random: Random) -> Worker:
    """Fold, with checkpoints and deaths; compare at each of them."""
    fast, slow = (Worker(lateness_seconds, is_fast=is_fast) for is_fast in (True, False))
    live((fast, slow), messages, random, 0.1, assert_same)
    for worker in (fast, slow):
        worker.fold.idle(9 * D, now=T0 + 40 * D)
        worker.checkpoint(written=True)
    assert_same(fast, slow)
    return fast


def some_notes(random: Random, days: float) -> list[Notes | Erasure]:
    """Notes about the calls of a few customers: repeated, corrected, taken back, late, of legs."""
    tokens = [f"ct1_{number:032x}" for number in range(random.choice([1, 4, 40]))]
    multiples = random.choice([0.0, 1800.0, 43_200.0])
    notes = []
    for number in range(random.randint(1, 90)):
        at = T0 + random.uniform(0, days) * D
        if multiples and random.random() < 0.7:
            # So that windows end just when another call arrives, and calls arrive at once.
            at -= at % multiples
        key = f"c-{number}"
        if random.random() < 0.15:
            key = f"c-{random.randint(0, number)}{random.choice(['', '', '#2', '#3'])}"
        notes.append(_note(random, random.choice(tokens), key, at))
    if random.random() < 0.8:
        notes.sort(key=lambda note: note.at + random.uniform(0, 0.2) * D)
    some: list[Notes | Erasure] = []
    while notes:
        count = random.choice([1, 2, 10])
        some.append(Notes("ringside.calls", 0, tuple(notes[:count])))
        notes = notes[count:]
        if random.random() < 0.02:
            some.append(Erasure(random.choice(tokens), "shop"))
    return some


def _note(random: Random, token: str, key: str, at: float) -> Note:
    says = None
    if random.random() < 0.95:
        direction = "inbound" if random.random() < 0.7 else "outbound"
        outcome = random.choice(OUTCOMES)
        over_at = None
        if outcome in {"abandoned", "flowed_out"} or (outcome is None and random.random() < 0.5):
            over_at = at + random.choice([0.0, 60.0, 1800.0])
        rep = random.choice(["", "linh", "an"])
        says = CallNote("pbx", direction, at, random.choice(["", "loans"]), rep, outcome, over_at)  # type: ignore[arg-type]
    told_at = at + random.choice([0.0, 90.0])
    return Note(token, random.choice([1, 1, 2]), random.randint(1, 50), told_at, key, says)


@settings(max_examples=120, derandomize=True, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_run_makes_no_difference(seed: int) -> None:
    random = seeded(seed)
    notes = some_notes(random, random.choice([0.5, 3.0, 20.0]))
    both(notes, random.choice([0.0, 3600.0, 2 * D]), random)


def test_calls_that_come_one_after_another_are_not_left_to_python() -> None:
    # A repeat, one given up, a call back, one that reaches, one before them that is told later.
    notes = [
        answered("a", 0),
        answered("b", H),
        missed("c", 2 * H),
        called("d", 3 * H),
        called("e", 5 * H, reached=True),
        answered("f", 4 * H),
    ]
    worker = both(notes, H, seeded(1))
    assert worker.left == 0
    assert worker.fold.ledger.applied == len(notes)


def test_what_is_not_plain_is_left_to_python() -> None:
    worker = both([answered("a", 0), answered("a", 0), answered("a#2", 60)], H, seeded(1))
    assert worker.left == 2
    assert worker.fold.ledger.duplicate == 1
    many = [answered(f"c-{number}", 60.0 * number) for number in range(MAX_LEGS + 3)]
    assert both(many, H, seeded(1)).left == 3
