"""The replay that measures the rules: what it replays, and a part of what it finds."""

from datetime import date

import numpy as np
import pytest

from benchmarks.alerts.bank import Bank, bank, slots
from benchmarks.alerts.drops import Kind, delays
from benchmarks.alerts.rules import CLOSE, OPEN, Ahead, alarms, walk
from schemas.alerting import Drop


@pytest.fixture(scope="module")
def centre() -> Bank:
    return bank(seed=1)


@pytest.fixture(scope="module")
def ahead(centre: Bank) -> list[Ahead]:
    return walk(centre, Drop())[60:75]


def test_half_of_the_mean_fires_on_17_percent_of_the_slots_as_docs_kpis_says() -> None:
    calls = slots()
    assert len(calls) == 27_716
    assert len(set(calls.index.date)) == 164
    assert (calls < calls.mean() / 2).mean() == pytest.approx(0.170, abs=0.0005)


def test_strewing_calls_over_minutes_loses_none(centre: Bank) -> None:
    calls = slots()
    assert centre.minutes.sum() == calls.sum()
    assert len(set(calls.index.date)) == len(calls) / 169
    first = centre.day_start(date(2003, 3, 3)) + OPEN
    assert centre.minutes[first : first + 5].sum() == calls.iloc[0] == 111


def test_days_without_calls_are_holidays(centre: Bank) -> None:
    independence_day = centre.start_at + centre.day_start(date(2003, 7, 4)) * 60 + 12 * 3600
    assert not centre.roster.is_working("bank", independence_day)
    assert centre.roster.is_working("bank", independence_day + 3 * 86_400)


def test_rules_know_nothing_of_the_day_that_they_are_asked_about(centre: Bank) -> None:
    # The same history and another day: what fires on the old day's counts is the same.
    before = walk(centre, Drop())[0]
    changed = centre.minutes.copy()
    start = centre.day_start(before.day)
    changed[start : start + CLOSE] = 0
    after = walk(centre._replace(minutes=changed), Drop())[0]
    for name, rule in before.rules.items():
        assert np.array_equal(rule(before.counts), after.rules[name](before.counts)), name


def test_alarms_that_come_back_within_ten_minutes_are_one() -> None:
    fires = np.zeros(100, dtype=bool)
    assert alarms(fires) == 0
    fires[[10, 11, 21, 40]] = True
    assert alarms(fires) == 2


def test_half_of_the_calls_missing_for_20_minutes_are_told_of(ahead: list[Ahead]) -> None:
    found = delays(ahead, each=25, seed=2)["activity_drop"]
    of_half = [each for each in found[Kind(0.5, 20)] if each is not None]
    assert len(of_half) >= 0.9 * 25
    assert sorted(of_half)[len(of_half) // 2] <= 660
    assert sum(each is not None for each in found[Kind(1.0, 20)]) >= 0.95 * 25


def test_three_summer_weeks_bring_few_false_alarms(ahead: list[Ahead]) -> None:
    told = sum(alarms(day.rules["activity_drop"](day.counts)) for day in ahead)
    assert told <= 3  # one a week
