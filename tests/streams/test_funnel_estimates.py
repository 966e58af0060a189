"""How live cohorts will end, worked by hand. Days count from 1 September 2026."""

import pytest

from schemas import events as e
from streams.deal_state import Deal
from streams.funnel_days import FunnelDays
from streams.funnel_estimates import Estimate, estimates
from streams.funnel_windows import FunnelReader
from tests.streams.sales import DAY, DAY0, SALES, created, deal, said


def of(*deals: Deal, day: float) -> dict[tuple[str, str], Estimate]:
    table, reader = FunnelDays(SALES), FunnelReader()
    table.fill((str(number), one) for number, one in enumerate(deals))
    now = DAY0 + day * DAY
    reader.read([table], now)
    return estimates(reader.aged_days(), SALES, now)


def test_open_deals_count_up_to_their_age() -> None:
    old = [
        deal(created(0), said(1, "trial")),
        deal(created(0), said(2, e.DealLost())),
        deal(created(0), said(2, e.DealLost())),
        deal(created(0), said(3, "trial")),
    ]
    young = [deal(created(4)) for _ in range(4)]
    found = of(*old, *young, day=5)
    # Age 1: 8 at risk, one got further: 1/8. The four young ones are open at age 1, and drop out.
    # Age 2: 3 at risk, two were lost: 7/8 x 1/3 = 7/24 are left. Age 3: the last got further.
    # 1/8 + 7/24 = 5/12 of eight. By what was seen it would be 2 of 8, without the open ones 2 of 4.
    step = found["sales", "agreed"]
    assert (step.deals, step.reached) == (8, pytest.approx(8 * 5 / 12))
    # Of the whole: two of eight were lost, none was won yet.
    assert found["sales", ""][:2] == (8, 0)
    # Nothing has ended that came to the trial: there is nothing to say.
    assert ("sales", "trial") not in found


def test_where_all_have_ended_the_variance_is_that_of_a_share() -> None:
    won = [deal(created(0), said(2, e.DealWon())) for _ in range(3)]
    found = of(*won, deal(created(0), said(3, e.DealLost())), day=9)
    # 3 of 4; 4 x 4 x (3/4 x 1/4 / 4) = 3/4.
    assert found["sales", ""] == (4, pytest.approx(3), pytest.approx(0.75))


def test_what_is_told_adds_up_over_workers() -> None:
    """Twice as many alike: the same share, and half of its variance."""
    deals = [deal(created(0), said(2, e.DealWon())), deal(created(0), said(3, e.DealLost()))]
    one, both = (of(*deals * times, day=9)["sales", ""] for times in (1, 2))
    assert both.reached == pytest.approx(2 * one.reached)
    assert both.variance == pytest.approx(2 * one.variance)
