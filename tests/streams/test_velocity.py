"""Sales velocity and the split of its change, worked by hand; the leak; what is stalled."""

from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import events as e
from schemas import funnel as f
from streams.funnel import Cells
from streams.funnel_days import FunnelDays
from streams.funnel_windows import (
    FunnelReader,
    Spot,
    limits_days,
    open_now,
    quantile_days,
    window_start,
)
from streams.velocity import FACTORS, Velocity, split_of_change, velocity
from tests.streams.sales import DAY, DAY0, SALES, created, deal, pipelines, said

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


def read(*deals: object, now: float, by: object = SALES) -> dict[int, dict[Spot, Cells]]:
    table = FunnelDays(by)  # type: ignore[arg-type]
    table.fill((str(number), one) for number, one in enumerate(deals))
    return FunnelReader().read([table], now)


def test_windows_are_the_last_days_today_included() -> None:
    now = DAY0 + 40.5 * DAY
    windows = read(*(deal(created(day)) for day in (0, 10, 34, 40)), now=now)
    spot = Spot("sales", "agreed", "USD")
    assert {days: cells[spot]["cohort_entered"] for days, cells in windows.items()} == {
        7: 2,  # days 34 to 40
        30: 2,  # days 11 to 40
        90: 4,
    }


def test_windows_begin_at_midnight_in_the_zone_also_when_clocks_change() -> None:
    # Clocks go back in Berlin on 25 October 2026: that day has 25 hours.
    now = DAY0 + 57.5 * DAY  # 28 October, noon UTC
    assert window_start("Europe/Berlin", now, 1) == DAY0 + 57 * DAY - 3_600
    assert window_start("Europe/Berlin", now, 7) == DAY0 + 51 * DAY - 7_200


def test_a_reader_sees_what_was_changed_since_and_forgets_what_is_gone() -> None:
    table, reader, now = FunnelDays(SALES), FunnelReader(), DAY0 + DAY
    first = deal(created(0))
    spot = Spot("sales", "agreed", "USD")
    table.changed("a", None, first)
    assert reader.read([table], now)[7][spot]["cohort_entered"] == 1
    table.changed("b", None, first)
    assert reader.read([table], now)[7][spot]["cohort_entered"] == 2
    table.changed("a", first, None)
    table.changed("b", first, None)
    assert reader.read([table], now)[7] == {}


def test_a_deal_is_stalled_past_the_limit_that_is_set_else_past_nine_of_ten_stays() -> None:
    by = pipelines(
        {"id": "sales", "stages": [{"id": "agreed"}, {"id": "trial", "stalled_after_days": 3}]}
    )
    # Stays in agreed: ten of one day, one of four. Nine of ten of these 11 are 9.9; ten lie between
    # the bounds of half a day and one: 0.5 + 0.5 x 9.9 / 10 = 0.995 days.
    moved = [deal(created(0), said(1, "trial"), said(2, e.DealLost())) for _ in range(10)]
    waiting = [deal(created(0)), deal(created(4.5)), deal(created(0), said(4, "trial"))]
    table = FunnelDays(by)
    table.fill((str(number), one) for number, one in enumerate((*moved, *waiting)))
    now = DAY0 + 5 * DAY
    limits = limits_days(by, FunnelReader().read([table], now)[90], now)
    assert limits == {("sales", "agreed"): pytest.approx(0.995), ("sales", "trial"): 3}
    found = open_now([table], now, limits)
    agreed, trial = (found[Spot("sales", stage, "USD")] for stage in ("agreed", "trial"))
    assert (agreed.deals, agreed.amount_minor, agreed.stalled, agreed.stalled_minor) == (
        2,
        200,
        2,
        200,
    )
    assert (trial.deals, trial.stalled) == (1, 0)
    # Ages count from the start of the day of entry: 5 days and 1 day.
    assert agreed.age_days_sum == 6
    assert [f.DAYS_BOUNDS[index] for index, count in enumerate(agreed.ages) if count] == [1, 5]


def test_a_quantile_of_nothing_is_none_and_above_the_last_bound_it_is_that() -> None:
    counts = [0.0] * (len(f.DAYS_BOUNDS) + 1)
    assert quantile_days(counts, 0.9) is None
    counts[-1] = 1
    assert quantile_days(counts, 0.9) == f.DAYS_BOUNDS[-1]
