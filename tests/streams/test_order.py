"""Whatever the order and however often: the same events give the same panes and the same floor."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.floor import floor
from streams.roster import EMPTY
from tests.streams.lives import LATENESS_SECONDS, LIVES, T0, apply, new_fold, panes, seeded

seeds = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize("topic", LIVES)
@settings(max_examples=150, derandomize=True, deadline=None)
@given(seeds)
def test_order_and_repetition_within_the_lateness_do_not_matter(topic: str, seed: int) -> None:
    same_in_any_order(topic, seed)


def same_in_any_order(topic: str, seed: int) -> None:
    """Fold some lives in the order of their times, and shuffled with repetitions; compare."""
    random = seeded(seed)
    events = [*LIVES[topic](random, LATENESS_SECONDS)]
    by_time = sorted(events, key=lambda one: one.at)
    in_order = apply(new_fold(topic), by_time)

    events += random.choices(events, k=random.randrange(len(events) + 1)) if events else []
    random.shuffle(events)
    shuffled = apply(new_fold(topic), events)

    assert panes(shuffled) == panes(in_order)
    now = T0 + 2 * LATENESS_SECONDS
    floors = [floor(one.live.values(), EMPTY, now) for one in (shuffled, in_order)]
    assert floors[0] == floors[1]
    assert shuffled.ledger.late == shuffled.ledger.dead_lettered == 0


@pytest.mark.parametrize("topic", LIVES)
@settings(max_examples=50, derandomize=True, deadline=None)
@given(seeds)
def test_a_repetition_at_once_is_a_duplicate_and_changes_nothing(topic: str, seed: int) -> None:
    events = LIVES[topic](seeded(seed), LATENESS_SECONDS)
    once = apply(new_fold(topic), events)
    twice = apply(new_fold(topic), [one for event in events for one in (event, event)])
    assert panes(twice) == panes(once)
    assert twice.entities == once.entities
    assert twice.ledger.applied == once.ledger.applied
    assert twice.ledger.duplicate == once.ledger.duplicate + len(events)
