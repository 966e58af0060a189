"""Workers with the compiled panes write what workers with the Python ones write, to the byte."""

import gc
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.facts import Dims, Fact, Spell
from streams.fold_state import FoldState
from streams.grains import Grains
from streams.quarters import Parts
from tests.streams.lives import LIVES, seeded
from tests.streams.test_grains import LOANS
from tests.streams.test_restarts import Worker, consume, some_messages

fast = pytest.importorskip("streams.fast_grains", reason="not compiled")


def test_a_fold_counts_in_the_compiled_ones() -> None:
    assert FoldState.grains_type is fast.Grains


def lived(topic: str, seed: int, grains_type: type[Grains]) -> tuple[object, ...]:
    """Return all that a worker wrote which dies now and then."""
    random = seeded(seed)
    lateness_seconds = random.choice([60.0, 330.0, 7_200.0])
    messages = some_messages(topic, random, lateness_seconds)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FoldState, "grains_type", grains_type)
        worker = consume(Worker(topic, lateness_seconds), messages, random, dies=True)
    assert type(worker.fold.grains) is grains_type
    return worker.changelog, worker.database, worker.turns, worker.fold.ledger


@pytest.mark.parametrize("topic", LIVES)
@settings(max_examples=4, derandomize=True, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_worker_writes_the_same_with_either(topic: str, seed: int) -> None:
    assert lived(topic, seed, fast.Grains) == lived(topic, seed, Grains)


NUMBERS = (
    st.floats(allow_nan=False, allow_infinity=False)
    | st.integers(1 - 2**53, 2**53 - 1)
    | st.integers(-(2**53), 2**53).map(lambda ticks: ticks / 1024)
    | st.integers(0, 200_000_000).map(lambda ticks: ticks / 1024)
)


@settings(derandomize=True, deadline=None)
@given(st.lists(NUMBERS, max_size=30))
def test_amounts_are_written_as_msgspec_writes_them(amounts: list[float]) -> None:
    facts = [Fact(0.0, LOANS, tuple((f"n{n}", one) for n, one in enumerate(amounts)))]
    written = []
    for grains in (Grains(), fast.Grains()):
        grains.count(facts)
        written.append([parts.json() for _, _, parts in grains.take_changed()])
    assert written[0] == written[1]


def test_every_fraction_of_a_second_is_written_as_msgspec_writes_it() -> None:
    test = test_amounts_are_written_as_msgspec_writes_them.hypothesis.inner_test  # type: ignore[attr-defined]
    for whole in (0, 7, 99_998, 99_999, 100_000, 4_194_304, 8_589_934_592):
        test([whole + ticks / 1024 for ticks in range(1024)])


@pytest.mark.parametrize("amount", [2**53, -(2**53) - 1, 2**80])
def test_a_whole_number_that_would_not_be_exact_is_refused(amount: int) -> None:
    grains = fast.Grains()
    with pytest.raises(OverflowError, match=r"below 2\*\*53"):
        grains.count([Fact(0.0, LOANS, (("a", amount),))])
    grains.count([Fact(0.0, LOANS, (("a", 2**53 - 1),)), Fact(60.0, LOANS, (("a", 1),))])
    with pytest.raises(OverflowError, match=r"below 2\*\*53"):
        grains.count([Fact(0.0, LOANS, (("a", 1),))])
    with pytest.raises(OverflowError, match=r"below 2\*\*53"):
        grains.close(7_200.0)


@pytest.mark.parametrize("at", [float("nan"), float("inf"), 2.0**41])
def test_a_time_that_is_none_is_refused(at: float) -> None:
    grains = fast.Grains()
    for fact in (
        Fact(at, LOANS, (("a", 1),)),
        Spell(at, at + 1, LOANS, "a"),
        Spell(0.0, at, LOANS, "a"),
    ):
        with pytest.raises(OverflowError, match="no time"):
            grains.count([fact])
    assert len(grains.minutes) == 0


def test_what_is_no_fact_is_refused() -> None:
    grains = fast.Grains()
    for wrong in (None, LOANS, Fact(0.0, LOANS, (("a", "1"),)), Fact(0.0, LOANS, ((1, 1),))):  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            grains.count([wrong])
    for start, number in ((0, 15), (0, -1), (1, 0)):
        with pytest.raises(ValueError, match="no quarter"):
            grains.restore(start, LOANS, Parts({}, {number: {}}))


def test_quarters_that_share_a_place_among_the_known_are_told_apart() -> None:
    # 1,024 places: a quarter of an hour has the place of the one that is so many quarters later.
    grains = fast.Grains()
    for quarter in (0, 1_024, 2_048, 0):
        grains.count([Fact(quarter * 900.0, LOANS, (("a", 1),))])
    counted = {start: slot.panes[LOANS] for start, slot in grains.quarters.slots.items()}
    assert counted == {0: {"a": 2}, 921_600: {"a": 1}, 1_843_200: {"a": 1}}


def day(grains: Grains, number: int) -> None:
    """Count, take, close and drop some panes, and let go of others with all that is in them."""
    at = 200_000.0 * number
    facts: list[Fact | Spell] = [
        Spell(at, at + 2_000, Dims(f"queue {index}"), "seconds") for index in range(30)
    ]
    # More panes than are known at a time.
    facts += [Fact(at, Dims("other", f"{index}"), (("a", 1),)) for index in range(1_200)]
    grains.count(facts)
    for _, _, parts in grains.take_changed():
        assert parts.json()
        assert parts.total()
    for start, dims in grains.close(at + 100_000):
        grains.drop(start, dims)
    fast.Grains().count(facts)


def test_nothing_is_left_of_panes_that_were_dropped() -> None:
    grains = fast.Grains()
    for number in range(3):
        day(grains, number)
    gc.collect()
    tracemalloc.start()
    try:
        day(grains, 3)
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        for number in range(4, 14):
            day(grains, number)
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (len(grains.quarters), len(grains.minutes)) == (0, 0)
    assert after - before < 10_000  # ten days' panes are more than 1,000,000 bytes
