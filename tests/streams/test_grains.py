"""Quarters of an hour as sums of minutes give what counting in each of them alone gives."""

from random import Random

from schemas.measures import QUARTER_SECONDS
from streams.facts import Dims, Fact, Spell, ticks
from streams.grains import Grains
from streams.panes import PaneTable, Table
from streams.quarters import Parts
from tests.streams.lives import seeded

Panes = dict[tuple[int, int, Dims], dict[str, float]]

LOANS, CARDS = Dims("loans"), Dims("cards")


def content(*tables: Table[object]) -> Panes:  # type: ignore[type-var]
    """Everything that is counted; a pane that lost everything is none."""
    return {
        (table.grain_seconds, start, dims): dict(cells)
        for table in tables
        for start, slot in table.slots.items()
        for dims, cells in slot.panes.items()  # type: ignore[attr-defined]
        if cells
    }


def fact(at: float, dims: Dims = LOANS, **amounts: float) -> Fact:
    return Fact(at, dims, tuple(amounts.items()))


def spell(start_at: float, end_at: float, sign: int = 1) -> Spell:
    return Spell(start_at, end_at, LOANS, "seconds", sign)


def counted(*facts: Fact | Spell) -> Grains:
    grains = Grains()
    assert grains.count(facts) == 0
    return grains


def taken(grains: Grains) -> dict[tuple[int, Dims], dict[str, float]]:
    return {(start, dims): parts.total() for start, dims, parts in grains.take_changed()}


def anything(random: Random, at: float) -> Fact | Spell:
    dims = Dims("loans", random.choice(("linh", "minh")))
    at = ticks(at - random.choice((0, 0, 10, 70, 5_000, 100_000)) * random.random())
    if random.random() < 0.5:
        cells = tuple((cell, random.choice((1, -1, 0.5))) for cell in ("a", "b"))
        return Fact(at, dims, cells)
    end_at = at + ticks(random.choice((5, 100, 2_000)) * random.random())
    return Spell(at, end_at, dims, "seconds", random.choice((1, 1, -1)))


def clipped(one: Fact | Spell, closed_before: int) -> Fact | Spell | None:
    """What of a fact counts in a grain of which all before `closed_before` is closed."""
    if isinstance(one, Spell):
        start_at = max(one.start_at, float(closed_before))
        left = Spell(start_at, one.end_at, one.dims, one.cell, one.sign)
        return left if start_at < one.end_at else None
    return one if one.at >= closed_before else None


class Compared:
    """Both grains at once, beside each of them alone."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.grains = Grains()
        self.both = (self.grains.minutes, self.grains.quarters)
        self.alone = (PaneTable(60, step_seconds=900), PaneTable(QUARTER_SECONDS))
        self.missed = 0

    def count(self, facts: list[Fact | Spell]) -> None:
        for one in facts:
            parts = [clipped(one, table.closed_before) for table in self.alone]
            for table, part in zip(self.alone, parts, strict=True):
                if part is not None:
                    table.count(part)
            self.missed += parts[1] != one
        self.missed -= self.grains.count(facts)

    def pause(self, at: float) -> None:
        """Sometimes take what changed, sometimes close what is over."""
        if self.random.random() < 0.1:
            list(self.grains.take_changed())
        if self.random.random() < 0.1:
            self.grains.close(at)
            for start in self.alone[0].close(at):
                del self.alone[0].slots[start]
            self.alone[1].close(at)
            assert [t.closed_before for t in self.both] == [t.closed_before for t in self.alone]


def test_both_grains_get_what_each_alone_would() -> None:
    for seed in range(20):
        random = seeded(seed)
        compared, at = Compared(random), 200_000.0
        for _ in range(400):
            at += random.random() * 20
            compared.count([anything(random, at) for _ in range(random.randrange(4))])
            compared.pause(at)
        assert compared.missed == 0
        assert content(*compared.both) == content(*compared.alone)
        assert content(compared.grains.minutes)
        assert content(compared.grains.quarters)


def test_a_facts_share_is_in_its_minute_and_in_its_quarter() -> None:
    grains = counted(fact(905, a=1), fact(965, a=2), spell(900.5, 970.5))
    assert content(grains.minutes) == {
        (60, 900, LOANS): {"a": 1, "seconds": 59.5},
        (60, 960, LOANS): {"a": 2, "seconds": 10.5},
    }
    assert content(grains.quarters) == {(900, 900, LOANS): {"a": 3, "seconds": 70.0}}
    assert (len(grains.minutes), len(grains.quarters)) == (2, 1)


def test_a_quarter_holds_what_its_minutes_held_when_they_are_closed() -> None:
    grains = counted(fact(0, a=1), fact(60, a=2), fact(60, CARDS, a=4))
    before = content(grains.quarters)
    # Minutes are kept for the hour after their end, and closed when that has gone by for all 15.
    for watermark, minutes in ((900 + 3_599.0, 3), (900 + 3_600.0, 0)):
        assert grains.close(watermark) == []
        assert len(grains.minutes) == minutes
        assert content(grains.quarters) == before
    assert before == {(900, 0, LOANS): {"a": 3}, (900, 0, CARDS): {"a": 4}}


def test_news_of_a_closed_minute_counts_in_its_quarter_alone() -> None:
    grains = counted(fact(0, a=1))
    grains.close(900 + 3_600.0)
    assert grains.count((fact(30, a=2), spell(840.0, 930.0))) == 0
    assert content(grains.minutes) == {(60, 900, LOANS): {"seconds": 30.0}}
    assert content(grains.quarters) == {
        (900, 0, LOANS): {"a": 3, "seconds": 60.0},
        (900, 900, LOANS): {"seconds": 30.0},
    }


def test_what_falls_into_a_closed_quarter_counts_nowhere_and_is_told() -> None:
    grains = counted(fact(0, a=1))
    # A quarter is kept for 26 hours.
    assert grains.close(26 * 3600 + 900.0) == [(0, LOANS)]
    assert grains.count((fact(30, a=1), spell(800.0, 1000.0))) == 2
    assert content(grains.quarters) == {
        (900, 0, LOANS): {"a": 1},
        (900, 900, LOANS): {"seconds": 100.0},
    }
    grains.drop(0, LOANS)
    grains.drop(0, LOANS)  # twice is once
    assert list(grains.quarters.slots) == [900]


def test_what_changed_is_told_once() -> None:
    grains = counted(fact(0, a=1), fact(60, a=1), fact(900, a=1))
    assert grains.dirty_count == 2
    assert taken(grains) == {(0, LOANS): {"a": 2}, (900, LOANS): {"a": 1}}
    assert (grains.dirty_count, taken(grains)) == (0, {})
    grains.count((fact(901, a=1),))
    assert taken(grains) == {(900, LOANS): {"a": 2}}


def test_a_minute_that_is_closed_is_no_change() -> None:
    grains = counted(fact(0, a=1))
    list(grains.take_changed())
    grains.close(7_200.0)
    assert (grains.dirty_count, taken(grains)) == (0, {})


def test_what_was_told_does_not_change_afterwards() -> None:
    # In a minute that is open, and in one that is settled meanwhile.
    grains = counted(fact(0, a=1))
    ((_, _, told),) = grains.take_changed()
    grains.count((fact(0, a=1),))
    ((_, _, again),) = grains.take_changed()
    grains.close(7_200.0)
    grains.count((fact(0, a=1),))
    assert (told, again) == (Parts({}, {0: {"a": 1}}), Parts({}, {0: {"a": 2}}))
    assert taken(grains) == {(0, LOANS): {"a": 3}}


def test_a_pane_that_lost_everything_is_told_as_empty() -> None:
    # Postgres has numbers in that row; they must become zero.
    grains = counted(fact(0, a=1))
    list(grains.take_changed())
    grains.count((fact(0, a=-1),))
    assert taken(grains) == {(0, LOANS): {}}
    grains.close(7_200.0)
    grains.count((fact(0, a=1), fact(0, a=-1)))
    assert taken(grains) == {(0, LOANS): {}}


def test_a_spell_taken_back_leaves_nothing() -> None:
    grains = counted(spell(ticks(10.1), ticks(1000.7)), spell(ticks(10.1), ticks(1000.7), -1))
    assert content(grains.minutes, grains.quarters) == {}


def test_a_pane_changes_its_slots_version_each_time() -> None:
    grains = Grains()
    versions = []
    for second in (905.0, 906.0, 1000.0):
        grains.count((fact(second, a=1),))
        versions.append(grains.quarters.slots[900].version)
    grains.close(900 + 7_200.0)
    versions.append(grains.quarters.slots[900].version)
    grains.count((fact(905.0, a=1),))
    versions.append(grains.quarters.slots[900].version)
    assert versions == sorted(set(versions))


def test_a_restored_pane_is_as_it_was_and_not_dirty() -> None:
    grains = counted(fact(0, a=1), fact(60, a=2))
    grains.close(900 + 3_600.0)
    grains.count((fact(0, b=1), fact(960, a=4), fact(1020, a=5)))
    told = {start: (dims, parts) for start, dims, parts in grains.take_changed()}
    assert told == {
        0: (LOANS, Parts({"a": 3, "b": 1}, {})),
        900: (LOANS, Parts({}, {1: {"a": 4}, 2: {"a": 5}})),
    }
    again = Grains()
    for start, (dims, parts) in told.items():
        again.restore(start, dims, parts)
    again.close(900 + 3_600.0)
    assert again.dirty_count == 0
    for one, other in ((again.minutes, grains.minutes), (again.quarters, grains.quarters)):
        assert content(one) == content(other)
    again.count((fact(60, a=1), fact(960, a=1)))
    assert taken(again) == {(0, LOANS): {"a": 4, "b": 1}, (900, LOANS): {"a": 10}}
