"""Row 8: shuffled and repeated within the lateness, a thousand times over."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from schemas.topics import ACTIVITIES, CALLS, DEALS, MEETINGS, REPS
from streams.machines import MACHINES
from streams.runs import RUNS
from tests.faults.plugin import Figures
from tests.streams.lives import LIVES
from tests.streams.test_order import same_in_any_order

SEEDS = 1000


@pytest.mark.fault(row=8)
@pytest.mark.parametrize("topic", LIVES)
def test_order_and_repetition_do_not_matter_for_1_000_seeds(
    topic: str, chance: random.Random, figures: Figures
) -> None:
    tried = 0

    @seed(chance.randrange(2**32))
    @settings(max_examples=SEEDS, deadline=None, database=None, derandomize=False)
    @given(st.integers(0, 2**32 - 1))
    def in_any_order(life: int) -> None:
        nonlocal tried
        tried += 1
        same_in_any_order(topic, life)

    in_any_order()
    assert tried >= SEEDS
    figures(seeds=tried)


@pytest.mark.fault(row=8)
@pytest.mark.parametrize("topic", [one.name for one in (CALLS, REPS, MEETINGS, DEALS, ACTIVITIES)])
def test_a_naive_fold_that_remembers_nothing_is_found_wrong(
    topic: str, chance: random.Random, figures: Figures, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = MACHINES[topic]
    naive = machine._replace(step=lambda _, event, before: machine.step(None, event, before))
    monkeypatch.setitem(MACHINES, topic, naive)
    monkeypatch.delitem(RUNS, topic, raising=False)  # compiled, it would pass the naive step by
    found = next(tried for tried in range(SEEDS) if _is_wrong(topic, chance.randrange(2**32)))
    figures(found_by_seed_number=found + 1)


def _is_wrong(topic: str, life: int) -> bool:
    try:
        same_in_any_order(topic, life)
    except AssertionError:
        return True
    return False
