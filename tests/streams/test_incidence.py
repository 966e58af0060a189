"""The Aalen-Johansen estimate: by hand, and equal to scikit-survival's on real and random deals."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from math import exp, log, sqrt
from pathlib import Path
from random import Random

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.incidence import MAX_AGE_DAYS, Age, Cohort, Share, ages, expected, incidence

OPPORTUNITIES = Path(__file__).parents[2] / "../shared/data/crm_opportunities.csv"
OPEN, REACHED, LOST = 0, 1, 2

Deal = tuple[int, int | None, int]
"""(day of entry, age at its end or None, how it ended)."""


def cohorts_of(deals: Iterable[Deal]) -> list[Cohort]:
    entered: Counter[int] = Counter()
    ends: defaultdict[tuple[int, int], Counter[int]] = defaultdict(Counter)
    for day, age, end in deals:
        entered[day] += 1
        if age is not None:
            ends[day, end][age] += 1
    return [Cohort(day, n, ends[day, REACHED], ends[day, LOST]) for day, n in entered.items()]


# Today is day 4. Day 0: four deals; one reached at the age of 1 day, one lost at 2, two open.
# Day 3: one deal, open, 1 day old.
WORKED = [(0, 1, REACHED), (0, 2, LOST), (0, None, OPEN), (0, None, OPEN), (3, None, OPEN)]


def test_deals_at_risk_follow_from_entries_and_ends_alone() -> None:
    # At the age of 1 day the young deal is still at risk, at 2 nothing is known of it.
    assert ages(cohorts_of(WORKED), today=4) == [
        Age(0, 5, 0, 0),
        Age(1, 5, 1, 0),
        Age(2, 3, 0, 1),
        Age(3, 2, 0, 0),
        Age(4, 2, 0, 0),
    ]


def test_the_estimate_and_its_variance_by_hand() -> None:
    first, last = incidence(ages(cohorts_of(WORKED), today=4))
    # Age 1: 1 of 5 reached. Without censoring yet: variance F (1 - F) / n = 0.2 * 0.8 / 5.
    assert first.reached.value == pytest.approx(1 / 5)
    assert first.reached.variance == pytest.approx(0.2 * 0.8 / 5)
    assert (first.lost.value, first.undecided) == (0, pytest.approx(4 / 5))
    # Age 2: 4/5 survived age 1, 1 of the 3 at risk lost: 4/15, where 1/5 would be its plain share.
    assert last.lost.value == pytest.approx(4 / 15)
    assert last.reached == first.reached
    assert last.undecided == pytest.approx(8 / 15)
    # Squares (4/15)^2 / (5 * 4), own (4/5)^2 * 1 * 2 / 3^3, and no cross term.
    assert last.lost.variance == pytest.approx(16 / 225 / 20 + 0.64 * 2 / 27)


def test_the_interval_by_hand() -> None:
    # log(-log F) of 0.2 with a standard error of 0.1: 0.1 / (0.2 * |log 0.2|) = 0.310668...
    low, high = Share(0.2, 0.01).interval or (0, 0)
    assert low == pytest.approx(exp(-exp(log(-log(0.2)) + 1.959964 * 0.310668)), abs=1e-6)
    assert high == pytest.approx(exp(-exp(log(-log(0.2)) - 1.959964 * 0.310668)), abs=1e-6)
    assert Share(0.0, 0.0).interval is None
    assert Share(1.0, 0.0).interval is None


def test_without_censoring_it_is_the_plain_share_with_the_binomial_variance() -> None:
    # 3 of 10 reached at 5, 20 and 400 days, 7 lost: every one has ended.
    deals = [(0, age, REACHED) for age in (5, 20, 400)] + [(0, 9, LOST)] * 7
    last = incidence(ages(cohorts_of(deals), today=500))[-1]
    assert last.reached.value == pytest.approx(0.3)
    assert last.reached.variance == pytest.approx(0.3 * 0.7 / 10)
    assert last.undecided == pytest.approx(0)


def test_nothing_entered_gives_no_estimate() -> None:
    assert ages([], today=0) == []
    assert incidence([]) == []
    assert expected([Cohort(0, 0, {}, {})], [], today=9) is None


def test_a_young_cohort_is_expected_to_end_like_the_old_ones() -> None:
    # 100 old deals: 20 reached at 10 days, 30 lost at 40 days, 50 reached at 60.
    old = Cohort(0, 100, {10: 20, 60: 50}, {40: 30})
    # 10 young ones, 20 days old: 2 reached, 8 open. Of 80 old ones open at 20 days 50 were reached.
    young = Cohort(980, 10, {10: 2}, {})
    found = expected([young], ages([old], today=1000), today=1000)
    assert found is not None
    assert found.observed == pytest.approx(0.2)
    assert found.expected == pytest.approx(0.2 + 0.8 * 50 / 80)
    # p = 5/8: what of it is chance in 8 deals, and what the estimate's own from 80.
    p = 5 / 8
    spread = 1.959964 * sqrt(8**2 * p * (1 - p) / 80 + 8 * p * (1 - p)) / 10
    assert found.low == pytest.approx(0.7 - spread, abs=1e-6)
    assert found.high == pytest.approx(min(1.0, 0.7 + spread), abs=1e-6)


def test_of_deals_older_than_any_that_ended_nothing_is_expected() -> None:
    table = ages([Cohort(0, 10, {5: 10}, {})], today=100)
    found = expected([Cohort(50, 4, {5: 1}, {})], table, today=100)
    assert found is not None
    assert (found.observed, found.open) == (0.25, 0.75)
    assert (found.expected, found.low, found.high) == (None, None, None)


def test_cohorts_of_several_days_are_expected_together() -> None:
    old = Cohort(0, 100, {10: 20, 60: 50}, {40: 30})
    # 4 deals of 20 days: 5/8 each; 6 of 50 days: all of the old ones open by then were reached.
    young = [Cohort(980, 4, {}, {}), Cohort(950, 6, {}, {})]
    found = expected(young, ages([old], today=1000), today=1000)
    assert found is not None
    assert (found.observed, found.open) == (0.0, 1.0)
    assert found.expected == pytest.approx((4 * 5 / 8 + 6) / 10)


def test_it_can_be_asked_as_of_any_day() -> None:
    # On day 5 the one that entered on day 6 was not there, and the end on day 8 had not come.
    cohorts = [Cohort(0, 2, {8: 1}, {3: 1}), Cohort(6, 1, {}, {})]
    assert ages(cohorts, today=5) == [
        *(Age(0, 2, 0, 0), Age(1, 2, 0, 0), Age(2, 2, 0, 0)),
        *(Age(3, 2, 0, 1), Age(4, 1, 0, 0), Age(5, 1, 0, 0)),
    ]


def test_a_cohort_without_open_deals_is_what_it_is() -> None:
    found = expected([Cohort(0, 4, {5: 1}, {2: 3})], [], today=100)
    assert found == (0.25, 0.0, 0.25, 0.25, 0.25)


def test_what_ended_after_the_last_age_was_open_then() -> None:
    cohort = Cohort(0, 3, {MAX_AGE_DAYS: 1, MAX_AGE_DAYS + 1: 1}, {})
    table = ages([cohort], today=5 * MAX_AGE_DAYS)
    assert len(table) == MAX_AGE_DAYS + 1
    assert table[-1] == Age(MAX_AGE_DAYS, 3, 1, 0)


_DEALS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 60), st.sampled_from((OPEN, REACHED, LOST))),
    min_size=1,
    max_size=200,
)


def _as_seen(deals: list[tuple[int, int, int]], today: int) -> list[Deal]:
    """An end that lies after today has not been seen: the deal is open."""
    return [
        (day, age, end) if end and day + age <= today else (day, None, OPEN)
        for day, age, end in deals
    ]


@given(_DEALS, st.randoms(use_true_random=False))
def test_cohorts_add_up_in_any_order(deals: list[tuple[int, int, int]], random: Random) -> None:
    seen = _as_seen(deals, today=60)
    singly = [cohorts_of([deal])[0] for deal in seen]
    random.shuffle(singly)
    assert ages(singly, today=60) == ages(cohorts_of(seen), today=60)


@settings(deadline=None)
@given(_DEALS)
def test_it_equals_scikit_survival_on_random_deals(deals: list[tuple[int, int, int]]) -> None:
    # One stays open throughout: where all that are at risk end, the reference divides by zero.
    _equals_reference([*_as_seen(deals, today=60), (-1, None, OPEN)], today=60)


@pytest.mark.skipif(not OPPORTUNITIES.exists(), reason="no ../shared/data")
def test_it_equals_scikit_survival_on_a_real_crm() -> None:
    table = pd.read_csv(OPPORTUNITIES)
    table = table[table["engage_date"].notna()]
    engaged, closed = (pd.to_datetime(table[name], format="%m/%d/%Y") for name in _DATES)
    first, today = engaged.min(), closed.max()
    days, ended = (engaged - first).dt.days, (closed - engaged).dt.days
    codes = table["deal_stage"].map({"Won": REACHED, "Lost": LOST}).fillna(OPEN).astype(int)
    deals = [
        (int(day), None if code == OPEN else int(age), int(code))
        for day, age, code in zip(days, ended, codes, strict=True)
    ]
    assert Counter(code for _, _, code in deals) == {REACHED: 4238, LOST: 2473, OPEN: 1589}
    _equals_reference(deals, today=(today - first).days)


_DATES = ("engage_date", "close_date")


def _equals_reference(deals: list[Deal], today: int) -> None:
    # Its wheels lag behind new Pythons; there the worked cases above have to do.
    nonparametric = pytest.importorskip("sksurv.nonparametric", exc_type=ImportError)
    numpy = pytest.importorskip("numpy")
    if {end for _, _, end in deals} - {OPEN} != {REACHED, LOST}:
        return  # the reference wants to see every kind of end
    exits = numpy.array([float(today - day if age is None else age) for day, age, _ in deals])
    events = numpy.array([end for _, _, end in deals])
    with numpy.errstate(all="ignore"):
        times, curves, bounds = nonparametric.cumulative_incidence_competing_risks(
            events, exits, conf_type="log-log", var_type="Dinse_Approx"
        )
    reference = {int(time): index for index, time in enumerate(times)}
    ours = incidence(ages(cohorts_of(deals), today))
    assert {one.age_days for one in ours} == {age for _, age, _ in deals if age is not None}
    for one in ours:
        index = reference[one.age_days]
        for kind, share in ((REACHED, one.reached), (LOST, one.lost)):
            assert share.value == pytest.approx(curves[kind, index], abs=1e-12)
            theirs = bounds[kind, :, index]
            if share.interval is None:
                assert share.value == 0 or share.variance == 0
                continue
            assert share.interval == pytest.approx(tuple(sorted(theirs)), abs=1e-9)
