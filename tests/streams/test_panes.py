"""Panes: half-open, exact, and closed for good once nobody reads them any more."""

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.facts import Dims, Fact, Spell, difference, ticks
from streams.panes import PaneTable, merge, pane_start

LOANS, CARDS = Dims("loans"), Dims("cards")
FAST = settings(max_examples=100, derandomize=True, deadline=None)

amounts = st.one_of(st.integers(-1000, 1000), st.integers(-(2**20), 2**20).map(lambda n: n / 1024))
cells = st.dictionaries(st.sampled_from("abcde"), amounts, max_size=5)


@FAST
@given(st.lists(cells, max_size=4), st.randoms(use_true_random=False))
def test_merging_does_not_depend_on_the_order(parts: list[dict[str, float]], random: Any) -> None:  # noqa: ANN401
    shuffled = random.sample(parts, len(parts))
    assert merge(shuffled) == merge(parts)


@FAST
@given(cells, cells, cells)
def test_merging_does_not_depend_on_the_grouping(
    one: dict[str, float], two: dict[str, float], three: dict[str, float]
) -> None:
    assert merge([merge([one, two]), three]) == merge([one, merge([two, three])])


@FAST
@given(cells)
def test_nothing_is_neutral_and_what_is_merged_stays_as_it_was(one: dict[str, float]) -> None:
    before = one.copy()
    assert merge([one, {}]) == merge([{}, one]) == one
    merge([one, one])
    assert one == before


@FAST
@given(cells, cells)
def test_what_is_taken_back_is_gone_to_the_last_bit(
    one: dict[str, float], two: dict[str, float]
) -> None:
    back = {cell: -amount for cell, amount in two.items()}
    merged = merge([one, two, back])
    assert {cell: merged[cell] for cell in one} == one


@pytest.mark.parametrize(
    ("at", "minute", "quarter"),
    [(0, 0, 0), (59.999, 0, 0), (60, 60, 0), (899.999, 840, 0), (900, 900, 900), (961.5, 960, 900)],
)
def test_a_pane_holds_its_start_and_not_its_end(at: float, minute: int, quarter: int) -> None:
    assert pane_start(at, 60) == minute
    assert pane_start(at, 900) == quarter


def fact(at: float, dims: Dims = LOANS, **amounts: float) -> Fact:
    return Fact(at, dims, tuple(amounts.items()))


def spell(start_at: float, end_at: float, sign: int = 1) -> Spell:
    return Spell(start_at, end_at, LOANS, "seconds", sign)


def contents(table: PaneTable) -> dict[tuple[int, Dims], dict[str, float]]:
    return {
        (start, dims): dict(cells)
        for start, slot in table.slots.items()
        for dims, cells in slot.panes.items()
    }


def test_facts_add_up_by_start_and_dimensions() -> None:
    table = PaneTable(60)
    for one in (fact(0, a=1), fact(59, a=2, b=1), fact(60, a=4), fact(0, CARDS, a=8)):
        table.count(one)
    assert contents(table) == {
        (0, LOANS): {"a": 3, "b": 1},
        (60, LOANS): {"a": 4},
        (0, CARDS): {"a": 8},
    }
    assert len(table) == 3


def test_what_is_taken_back_leaves_no_zero() -> None:
    table = PaneTable(60)
    table.count(fact(0, a=1, b=2))
    table.count(fact(0, a=-1))
    assert contents(table) == {(0, LOANS): {"b": 2}}


def test_a_correction_touches_only_what_differs() -> None:
    old = (fact(0, a=1, b=5), fact(0, c=1))
    new = (fact(0, a=1, b=7), fact(0, CARDS, c=1), fact(0, d=1))
    table = PaneTable(60)
    for one in (*old, *difference(old, new)):
        table.count(one)
    assert contents(table) == {(0, LOANS): {"a": 1, "b": 7, "d": 1}, (0, CARDS): {"c": 1}}
    assert not difference(new, new)


slots = st.lists(
    st.builds(
        Fact,
        st.sampled_from([0.0, 60.0]),
        st.sampled_from([LOANS, CARDS]),
        st.dictionaries(st.sampled_from("abc"), st.integers(1, 3)).map(lambda c: tuple(c.items())),
    ),
    max_size=4,
)


@FAST
@given(slots, slots)
def test_old_and_the_difference_to_new_is_new(old: list[Fact], new: list[Fact]) -> None:
    one, other = PaneTable(60), PaneTable(60)
    for each in (*old, *difference(old, new)):
        one.count(each)
    for each in new:
        other.count(each)
    counted, expected = (
        {key: cells for key, cells in contents(table).items() if cells} for table in (one, other)
    )
    assert counted == expected


@FAST
@given(st.lists(st.integers(0, 10**7).map(lambda ms: 1.8e9 + ms / 1000), min_size=2, max_size=9))
def test_spells_that_follow_each_other_add_up_to_the_whole_exactly(times: list[float]) -> None:
    times.sort()
    for grain in (60, 900):
        table = PaneTable(grain)
        for start_at, end_at in itertools.pairwise(times):
            table.count(spell(ticks(start_at), ticks(end_at)))
        total = merge(contents(table).values()).get("seconds", 0)
        assert total == ticks(times[-1]) - ticks(times[0])
        assert all(cells.get("seconds", 0) <= grain for cells in contents(table).values())


def test_a_spell_taken_back_leaves_nothing() -> None:
    table = PaneTable(60)
    table.count(spell(10.1, 200.7))
    table.count(spell(10.1, 200.7, sign=-1))
    assert all(cells == {} for cells in contents(table).values())


def test_seconds_are_rounded_to_a_power_of_two_and_never_negative() -> None:
    assert ticks(1.0) == 1.0
    assert ticks(0.1) == 102 / 1024
    # Halves go to the even tick, at the size of today's times, too.
    assert ticks(1.5 / 1024) == ticks(2.5 / 1024) == 2 / 1024
    assert ticks(1_795_327_200 + 0.1) == 1_795_327_200 + 102 / 1024
    assert ticks(-5.0) == ticks(0.0) == 0.0


def test_a_start_is_closed_once() -> None:
    table = PaneTable(60, kept_seconds=300)
    table.count(fact(0, a=1))
    table.count(fact(60, a=1))
    # Kept: 300 s and the pane that the watermark is in. At 419 the pane [0, 60) is still wanted.
    assert table.close(419.0) == [0]
    assert table.closed_before == 60
    assert table.close(419.9) == []


def test_a_pane_is_kept_while_a_window_may_read_it() -> None:
    table = PaneTable(60, kept_seconds=300)
    table.count(fact(0, a=1))
    # A window of 300 s at 359 holds the panes that start after 59: this one is out by then.
    assert table.close(359.0) == []
    assert table.close(360.0 + 60.0) == [0]


def test_a_long_pause_closes_all_that_lies_in_it() -> None:
    table = PaneTable(60, kept_seconds=300)
    for start in (600, 0, 60 * 500):
        table.count(fact(start, a=1))
    # 450 minutes at once, two of them with panes.
    assert table.close(60 * 450 + 360.0) == [0, 600]
