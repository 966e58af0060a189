"""What is learnt from the last weeks; every figure worked by hand."""

from collections.abc import Mapping
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.baseline.calendar import Day
from streams.baseline.profile import Profile, learn, scaled, share

MONDAY = date(2026, 3, 2)


def day(week: int, weekday: int, counts: Mapping[int, float]) -> Day:
    return Day(MONDAY + timedelta(days=7 * week + weekday), counts)


def weeks(*levels: float, slots: Mapping[int, float] | None = None) -> list[Day]:
    """Mondays with the same shape (100 and 200), each at its level."""
    shape = slots or {40: 100.0, 60: 200.0}
    return [
        day(week, 0, {slot: count * level for slot, count in shape.items()})
        for week, level in enumerate(levels)
    ]


def learnt(days: list[Day]) -> Profile:
    profile = learn(days)
    assert profile is not None
    return profile


def test_equal_weeks_are_expected_to_come_again() -> None:
    profile = learnt(weeks(1, 1, 1, 1))
    assert {slot: each.expected for slot, each in profile.slots.items()} == {40: 100, 60: 200}
    assert profile.weeks == 4


def test_nothing_is_expected_where_nothing_ever_happened() -> None:
    assert learn([]) is None
    assert learn(weeks(0, 0, 0)) is None


def test_the_spread_is_never_less_than_chance() -> None:
    # Of a Poisson count of 100 the standard deviation is 10.
    assert learnt(weeks(1, 1, 1, 1)).slots[40].spread == pytest.approx(10)


def test_the_spread_is_that_of_the_median_deviation() -> None:
    # Five Mondays of which slot 40 has 60, 80, 100, 120, 140 and slot 80 keeps the level at 1:
    # deviations from 100 are 40, 20, 0, 20, 40, their median 20, and 1.4826 * 20 = 29.652.
    days = [
        day(week, 0, {40: count, 80: 10_000.0})
        for week, count in enumerate((60.0, 80.0, 100.0, 120.0, 140.0))
    ]
    slot = learnt(days).slots[40]
    assert slot.expected == pytest.approx(100, rel=0.005)
    assert slot.spread == pytest.approx(29.652, rel=0.01)


def test_growth_is_followed() -> None:
    # 10 % more each week. The level is the median of the last three weeks, that of last week but
    # one: 100 * 1.1 ** 6 of 100 * 1.1 ** 7.
    levels = [1.1**week for week in range(8)]
    assert learnt(weeks(*levels)).slots[40].expected == pytest.approx(100 * 1.1**6)


def test_a_step_is_followed_once_it_has_lasted_three_weeks() -> None:
    assert learnt(weeks(1, 1, 1, 1, 1, 2)).slots[40].expected == pytest.approx(100)
    assert learnt(weeks(1, 1, 1, 1, 2, 2, 2)).slots[40].expected == pytest.approx(200)


def test_an_odd_week_is_ignored() -> None:
    profile = learnt(weeks(1, 1, 1, 0.3, 1, 1))
    assert profile.slots[40].expected == pytest.approx(100)
    assert profile.weeks == 5
    assert profile.days_ignored == 1


def test_an_odd_day_is_ignored_and_its_week_is_not() -> None:
    # On Wednesday of the last week the telephones were out.
    days = [
        day(week, weekday, {weekday * 96 + 40: 100.0, weekday * 96 + 60: 100.0})
        for week in range(4)
        for weekday in range(5)
    ]
    outage = days.index(day(3, 2, days[17].counts))
    days[outage] = day(3, 2, {2 * 96 + 40: 3.0, 2 * 96 + 60: 0.0})
    profile = learnt(days)
    assert profile.slots[2 * 96 + 40].expected == pytest.approx(100)
    assert profile.days_ignored == 1
    assert profile.weeks == 4


def test_neighbours_are_averaged_where_they_differ_by_chance_only() -> None:
    # 100 and 110 differ by less than sqrt(210) = 14.5; 110 and 400 do not. Each counts double
    # itself, so slot 40 has a third of twice 100 and once 110.
    slots = learnt(weeks(1, 1, 1, 1, slots={40: 100.0, 41: 110.0, 42: 400.0})).slots
    assert slots[40].expected == pytest.approx(310 / 3)
    assert slots[41].expected == pytest.approx(320 / 3)
    assert slots[42].expected == pytest.approx(400)


def test_a_part_of_a_site_is_expected_to_do_its_share_with_more_chance_in_it() -> None:
    whole = learnt(weeks(1, 1, 1, 1))
    # A quarter of 100 is 25, whose chance is 5: half of the whole's 10, not a quarter.
    part = scaled(whole, 0.25).slots[40]
    assert (part.expected, part.spread) == (25, pytest.approx(5))
    assert scaled(whole, 0.25).weeks == 0


def test_the_share_of_a_new_team_is_measured_on_its_own_days() -> None:
    whole = learnt(weeks(1, 1, 1, 1))
    assert share([day(4, 0, {40: 30.0, 60: 60.0})], whole) == pytest.approx(0.3)
    assert share([], whole) is None


@given(st.lists(st.lists(st.integers(0, 500), min_size=6, max_size=6), min_size=1, max_size=8))
def test_whatever_the_history_expectations_are_no_less_than_zero(table: list[list[int]]) -> None:
    days = [
        day(week, 0, dict(enumerate(map(float, row), start=40))) for week, row in enumerate(table)
    ]
    profile = learn(days)
    if profile is not None:
        assert all(slot.expected >= 0 and slot.spread >= 0 for slot in profile.slots.values())
        assert set(profile.slots) <= set(range(40, 46))


@given(st.permutations(range(6)))
def test_the_order_of_the_days_of_a_week_does_not_matter(order: list[int]) -> None:
    days = [day(0, weekday, {weekday * 96 + 40: 50.0 + weekday}) for weekday in range(6)]
    assert learn([days[n] for n in order]) == learn(days)
