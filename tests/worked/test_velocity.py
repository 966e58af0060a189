"""Sales velocity and the split of its change, worked by hand."""

from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.funnel import Cells
from tests.worked.velocity import FACTORS, Velocity, split_of_change, velocity

factors = st.builds(
    Velocity,
    st.integers(0, 5_000),
    # With fewer digits than a float has, a sixth of one can be a quarter of it off.
    st.floats(0, 1, allow_subnormal=False),
    st.floats(0, 10**9, allow_subnormal=False),
    st.floats(0.01, 1_000),
)


def test_the_crms_velocity_is_60146_85_a_day() -> None:
    # KPIS.md, 4: won 4,238 and lost 2,473 of 8,800, 2,089 open; won value 10,005,534 (here in
    # hundredths); 51.78 days from engagement to close on average: 219,452 days together.
    cells: Cells = {
        "won": 4_238,
        "lost": 2_473,
        "won_minor": 1_000_553_400,
        "won_priced": 4_238,
        "cycle_seconds": 219_452 * 86_400,
    }
    found = velocity(2_089, cells)
    assert found.win_rate == pytest.approx(0.6315, abs=5e-5)
    assert found.average_won_minor == pytest.approx(236_091, abs=0.5)
    assert found.cycle_days == pytest.approx(51.78, abs=0.005)
    assert found.minor_per_day == pytest.approx(6_014_685, abs=0.5)


def test_without_a_win_there_is_no_velocity() -> None:
    found = velocity(10, {"lost": 3})
    assert (found.win_rate, found.average_won_minor, found.cycle_days) == (0, None, None)
    assert found.minor_per_day is None
    assert split_of_change(found, found) is None


def test_a_change_of_two_factors_is_split_as_by_hand() -> None:
    # 10 deals x 0.5 x 100 / 10 days = 50 a day; 20 deals in 5 days: 200 a day. Deals first: +50,
    # then the cycle +100; the cycle first: +50, then deals +100. On average 75 each.
    before, after = Velocity(10, 0.5, 100, 10), Velocity(20, 0.5, 100, 5)
    assert (before.minor_per_day, after.minor_per_day) == (50, 200)
    parts = split_of_change(before, after)
    assert parts is not None
    assert parts == pytest.approx(
        {"open": 75, "win_rate": 0, "average_won_minor": 0, "cycle_days": 75}
    )


@given(factors, factors)
def test_the_parts_add_up_to_the_change(before: Velocity, after: Velocity) -> None:
    parts, was, now = split_of_change(before, after), before.minor_per_day, after.minor_per_day
    assert parts is not None
    assert was is not None
    assert now is not None
    assert tuple(parts) == FACTORS
    # Floats: no better than a small part of the largest product on the way.
    least = 1e-12 * prod(
        max(one, other)
        for one, other in zip((*before[:3], 1 / before[3]), (*after[:3], 1 / after[3]), strict=True)  # type: ignore[operator]
    )
    assert sum(parts.values()) == pytest.approx(now - was, rel=1e-9, abs=least)
    back = split_of_change(after, before)
    assert back is not None
    assert {name: -part for name, part in back.items()} == pytest.approx(parts, rel=1e-9, abs=least)
