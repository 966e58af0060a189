"""The live windows: which days are in them, what is open, what is stalled; worked by hand."""

import pytest

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
from tests.streams.sales import DAY, DAY0, SALES, created, deal, pipelines, said


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
