"""The compiled comparison of calls tells customers what the Python code tells them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import events as e
from schemas.events import Event
from schemas.notes import Note
from schemas.topics import CALLS
from streams.call_notes import notes
from streams.fold import Fold
from streams.machines import COMPARE_CALLS
from streams.notes import NoteTaker, Told
from streams.simulation import FloorPlan, simulate
from tests.streams.call_lives import some_lives
from tests.streams.lives import LATENESS_SECONDS, T0, apply, event, new_fold, seeded

pytestmark = pytest.mark.skipif(COMPARE_CALLS is None, reason="streams.fast_notes is not compiled")
CUSTOMERS = ("ct1_" + "1" * 32, "ct1_" + "2" * 32)


def plain_fold() -> Fold:
    """Return a fold whose notes Python takes."""
    fold = new_fold(CALLS.name)
    fold._notes = NoteTaker(notes)
    fold._before = fold._notes.before
    return fold


def told(fold: Fold) -> list[Note]:
    changes = fold.take_changes()
    return [] if changes is None else changes.notes


def alike(messages: list[Event], cuts: set[int]) -> list[Note]:
    """Return what the messages tell, with a checkpoint after each of *cuts*."""
    fast, plain = new_fold(CALLS.name), plain_fold()
    all_told: list[Note] = []
    for index, message in enumerate(messages):
        for fold in (fast, plain):
            apply(fold, [message])
        if index in cuts:
            found, expected = told(fast), told(plain)
            # As bytes, too: 1 equals 1.0, and is written otherwise.
            assert msgspec.json.encode(found) == msgspec.json.encode(expected)
            assert found == expected
            all_told += found
        if index % 50 == 0:
            for fold in (fast, plain):
                fold.release(fold.ledger.next_offset)
    found, expected = told(fast), told(plain)
    assert found == expected
    return all_told + found


def _record(outcome: e.CallOutcome, direction: e.Direction = "inbound") -> e.CallCompleted:
    offered_at = datetime.fromtimestamp(T0, UTC)
    return e.CallCompleted(offered_at, outcome, "loans", direction, None, CUSTOMERS[0], 1, 0, 0, 0)


@settings(max_examples=80, derandomize=True, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_whatever_calls_are_told_their_customers_hear_the_same(seed: int) -> None:
    random = seeded(seed)
    messages = some_lives(random, LATENESS_SECONDS)
    often = random.choice([0.03, 0.3, 0.8])
    alike(messages, {n for n in range(len(messages)) if random.random() < often})


@pytest.mark.parametrize("is_cut", [False, True])
@pytest.mark.parametrize(
    "said",
    [
        [e.CallOffered("loans", CUSTOMERS[0]), e.CallAbandoned()],
        [e.CallOffered("loans", CUSTOMERS[0]), e.CallTransferred("blind"), e.CallEnded()],
        [e.CallOffered("loans", CUSTOMERS[0]), e.CallEnded(), e.CallTransferred("blind")],
        [e.CallOffered("loans", CUSTOMERS[0]), e.CallAnswered("linh"), e.CallWrapupEnded()],
        [e.CallOffered("loans"), e.CallAnswered("linh"), _record("answered")],
        [_record("menu")],
        [_record("flowed_out"), e.CallAnswered("linh")],
        [e.CallOffered("loans", CUSTOMERS[0]), e.CallOffered("cards", CUSTOMERS[1])],
        [e.CallDialled("linh", "loans", CUSTOMERS[0]), e.CallEnded()],
        [e.CallDialled("linh", "loans", CUSTOMERS[0]), e.CallAnswered("linh"), e.CallEnded()],
        [e.CallOffered("loans", leg=2), e.CallOffered("loans", CUSTOMERS[0])],
        [e.CallOffered("loans", CUSTOMERS[0]), e.CallOffered("cards", leg=2)],
        [e.CallAnswered("linh"), e.CallOffered("loans", CUSTOMERS[0]), e.CallEnded()],
    ],
)
def test_each_way_of_a_call_is_told_alike(said: list[e.AnyFact], is_cut: bool) -> None:
    for name in ("c1", "c#1"):
        events = [event(name, T0 + n, data) for n, data in enumerate(said)]
        found = alike(events, set(range(len(events))) if is_cut else set())
        assert found


def test_nearly_all_calls_of_a_floor_are_plain() -> None:
    asked: list[str] = []

    def tell(key: str, old: Any, new: Any, calls: Mapping[str, Any]) -> Sequence[Told]:  # noqa: ANN401
        asked.append(key)
        return notes(key, old, new, calls)

    fold = plain_fold()
    fold._notes = NoteTaker(tell, COMPARE_CALLS)
    fold._before = fold._notes.before
    told_by = simulate(FloorPlan.sized(always_open=True), seed=3, start_at=T0, end_at=T0 + 3600)
    apply(fold, [one for one in told_by if one.type.startswith("call.")])
    assert len(told(fold)) > 500
    assert len(asked) < 100


def test_a_call_that_we_closed_is_told_alike() -> None:
    waiting = event("c1", T0, e.CallOffered("loans", CUSTOMERS[0]))
    later = [event(f"c{n}", T0 + 90_000.0 * n, e.CallOffered("loans")) for n in (2, 3)]
    found = alike([waiting, *later], {0, 1, 2})
    assert [note.says.over_at for note in found if note.says is not None] == [None, T0]
