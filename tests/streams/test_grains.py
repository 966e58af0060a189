"""Counting in both grains at once gives what counting in each of them gives."""

from random import Random

from streams.facts import Dims, Fact, Spell, ticks
from streams.grains import BothGrains
from streams.panes import PaneTable
from tests.streams.lives import seeded

Panes = dict[tuple[int, Dims], dict[str, float]]


def tables() -> tuple[PaneTable, PaneTable]:
    return PaneTable(60), PaneTable(900)


def content(table: PaneTable) -> Panes:
    return {
        (start, dims): dict(cells)
        for start, slot in table.slots.items()
        for dims, cells in slot.panes.items()
    }


def anything(random: Random, at: float) -> Fact | Spell:
    dims = Dims("loans", random.choice(("linh", "minh")))
    at = ticks(at - random.choice((0, 0, 10, 70, 5_000, 100_000)) * random.random())
    if random.random() < 0.5:
        cells = tuple((cell, random.choice((1, -1, 0.5))) for cell in ("a", "b"))
        return Fact(at, dims, cells)
    end_at = at + ticks(random.choice((5, 100, 2_000)) * random.random())
    return Spell(at, end_at, dims, "seconds", random.choice((1, 1, -1)))


def test_both_grains_get_what_each_alone_would() -> None:
    for seed in range(20):
        random = seeded(seed)
        alone, both = tables(), tables()
        grains = BothGrains(*both)
        at, closed = 200_000.0, 0
        for _ in range(400):
            at += random.random() * 20
            facts = [anything(random, at) for _ in range(random.randrange(4))]
            for fact in facts:
                alone[0].count(fact)
                closed += not alone[1].count(fact)
            closed -= grains.count(facts)
            if random.random() < 0.1:
                grains.forget()
                for one, other in zip(alone, both, strict=True):
                    assert one.close(at) == other.close(at)
                    taken = list(other.take_dirty())
                    assert sorted(one.take_dirty()) == sorted(taken)
        assert closed == 0
        assert [content(table) for table in both] == [content(table) for table in alone]
        assert content(both[0])


def test_a_pane_changes_its_slots_version_each_time() -> None:
    minutes, quarters = tables()
    grains = BothGrains(minutes, quarters)
    versions = []
    for _ in range(3):
        grains.count((Fact(905.0, Dims("loans"), (("a", 1),)),))
        versions.append((minutes.slots[900].version, quarters.slots[900].version))
    assert len(set(versions)) == 3
    assert content(minutes) == content(quarters) == {(900, Dims("loans")): {"a": 3}}
