"""Panes read back from a log that tells of them again and again are what they were at the end."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.facts import Dims
from streams.grains import Grains
from streams.quarters import Parts
from tests.streams.lives import seeded
from tests.streams.test_grains import LOANS, anything, content, fact

Told = list[tuple[int, Dims, Parts | None]]
"""What a changelog holds that was never compacted, oldest first; None: a tombstone."""


def restored(told: Told, watermark: float) -> Grains:
    """Return what is made of a changelog, the watermark being where it was."""
    grains = Grains()
    for start, dims, parts in told:
        if parts is None:
            grains.drop(start, dims)
        else:
            grains.restore(start, dims, parts)
    grains.close(watermark)
    return grains


def lived(random: Random, grains: Grains) -> tuple[Told, float]:
    """Let a day go by in some steps; return what checkpoints told, and the last watermark."""
    told: Told = []
    watermark = at = 0.0
    for _ in range(random.randrange(1, 12)):
        at += random.choice((1, 60, 3_600, 20_000)) * random.random()
        grains.count([anything(random, at) for _ in range(random.randrange(8))])
        told += grains.take_changed()
        watermark = max(watermark, at - random.choice((0, 600, 7_200)))
        for start, dims in grains.close(watermark):
            grains.drop(start, dims)
            told.append((start, dims, None))
    return told, watermark


@settings(max_examples=400, derandomize=True, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_log_with_every_version_of_a_pane_gives_the_last(seed: int) -> None:
    grains = Grains()
    told, watermark = lived(seeded(seed), grains)
    again = restored(told, watermark)
    assert content(again.minutes) == content(grains.minutes)
    assert content(again.quarters) == content(grains.quarters)


def test_news_of_a_closed_minute_is_not_added_to_what_the_minute_held() -> None:
    # A call of noon is told of at noon, and at three that it ended: one and one are two.
    grains = Grains()
    grains.count([fact(0, a=1)])
    told: Told = [*grains.take_changed()]
    grains.close(900 + 3_600.0)
    grains.count([fact(0, a=1)])
    told += grains.take_changed()
    assert [parts for _, _, parts in told] == [Parts({}, {0: {"a": 1}}), Parts({"a": 2}, {})]
    again = restored(told, 900 + 3_600.0)
    assert again.quarters.slots[0].panes == {LOANS: {"a": 2}}


@pytest.mark.parametrize("is_closed", [False, True])
def test_a_pane_that_was_taken_away_leaves_nothing(is_closed: bool) -> None:
    grains = Grains()
    grains.count([fact(0, a=1), fact(61, a=1)])
    told: Told = [*grains.take_changed(), (0, LOANS, None)]
    again = restored(told, 900 + 3_600.0 if is_closed else 0.0)
    assert (len(again.quarters), len(again.minutes)) == (0, 0)
    assert (again.quarters.slots, again.minutes.slots) == ({}, {})
    again.count([fact(0, a=1), fact(5_000, a=1)])
    assert (
        sum(cells["a"] for slot in again.quarters.slots.values() for cells in slot.panes.values())
        == 2
    )
