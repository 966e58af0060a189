"""The compiled buckets of what is over find the same keys in the same order as Python's."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams import calls
from streams.call_state import Call
from streams.expiry import HOUR_SECONDS, Expiry
from streams.packed import Packed
from tests.streams.lives import T0, seeded

fast = pytest.importorskip("streams.fast_expiry", reason="not compiled")
TIMES = (None, T0, T0 + 59.999, T0 + 60.0, T0 + 3_600.5)


@dataclass(frozen=True)
class Thing:
    over_at: float


def a_call(random: Random) -> Call:
    """Return a call of which any pieces are known."""
    at = [random.choice(TIMES) for _ in range(7)]
    durations = random.choice([None, None, (1.0, 2.0, 0.0, 3.0)])
    call = Call(last_at=T0 + random.choice([0.0, 59.999, 60.0, 12_345.678]))
    call.offered_at, call.answered_at, call.abandoned_at, call.transferred_at = at[:4]
    call.ended_at, call.wrapup_ended_at, call.closed_by_us_at = at[4:]
    call.in_menu, call.durations = random.random() < 0.2, durations
    return call


def a_thing(random: Random) -> Thing:
    return Thing(T0 + random.choice([-1e9 - T0, 0.0, 59.999, 60.0, random.uniform(0, 1e6), 1e9]))


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans(), st.sampled_from([60.0, 100.0, HOUR_SECONDS, 1e7]))
def test_the_same_are_over_in_the_same_order(seed: int, are_calls: bool, look: float) -> None:
    random = seeded(seed)
    make: Any = a_call if are_calls else a_thing
    expires_at: Any = calls.expires_at if are_calls else lambda thing: thing.over_at
    kinds = [kind(expires_at, look_seconds=look) for kind in (Expiry, fast.Expiry)]
    entities: Any = Packed(Call) if are_calls and random.random() < 0.3 else {}
    at = random.choice([-5000.0, -30.0, 0.0, T0])
    for step in range(40):
        for key in _some_keys(random, step):
            entities.setdefault(key, make(random))
            for one in kinds:
                one.add(key, entities[key])
        _change(random, entities, make)
        at += random.choice([0.0, 1.0, 61.0, 61.0, 4_000.0, 1e6])
        if entities and random.random() < 0.2:  # just when one is over
            at = max(at, expires_at(entities[random.choice(list(entities))]) + 60.0)
        found, also_found = (list(one.due(at, entities)) for one in kinds)
        assert also_found == found
        for key in found:
            entities.pop(key, None)


def _some_keys(random: Random, step: int) -> list[str]:
    kinds = ["c{}.{}", "chào {}.{}", "a much longer key than others have {}.{}"]
    return [random.choice(kinds).format(step, index) for index in range(random.randrange(6))]


def _change(random: Random, entities: dict[str, Any], make: Callable[[Random], object]) -> None:
    for key in [key for key in entities if random.random() < 0.2]:
        if random.random() < 0.3:
            del entities[key]
        else:
            entities[key] = make(random)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_call_is_over_when_python_says(seed: int) -> None:
    call = a_call(seeded(seed))
    over = calls.expires_at(call)
    buckets = fast.Expiry(calls.expires_at)
    list(buckets.due(over - 120.0, {}))
    buckets.add("c", call)
    first = (math.floor(over / 60) + 1) * 60.0
    assert list(buckets.due(first - 0.001, {"c": call})) == []
    assert list(buckets.due(first, {"c": call})) == ["c"]


@pytest.mark.parametrize("over_at", [math.inf, math.nan])
@pytest.mark.parametrize("kind", [Expiry, fast.Expiry])
def test_an_end_that_is_no_time_is_an_error(kind: type[Expiry], over_at: float) -> None:
    with pytest.raises(ValueError, match="cannot convert float NaN to integer"):
        kind(lambda _: over_at).add("k", 1)
