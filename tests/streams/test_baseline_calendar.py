"""Quarters of the week: the clock on the wall, working hours, holidays."""

from datetime import UTC, date, datetime

from schemas.roster import Roster, Site
from streams.baseline.calendar import Day, days, quarters, slot_of
from streams.roster import RosterIndex

BERLIN = "Europe/Berlin"
WEEK = ("mon", "tue", "wed", "thu", "fri")


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def roster(zone: str = "UTC", hours: str = "09:00-10:00", *holidays: date) -> RosterIndex:
    working = dict.fromkeys(WEEK, hours)
    return RosterIndex(
        Roster(sites=(Site(id="hq", zone=zone, working_hours=working, holidays=holidays),))
    )


def test_the_week_begins_on_monday_and_has_672_quarters() -> None:
    assert slot_of(at("2026-03-02T00:00"), "UTC") == 0  # a Monday
    assert slot_of(at("2026-03-03T09:20"), "UTC") == 96 + 9 * 4 + 1
    assert slot_of(at("2026-03-08T23:59"), "UTC") == 671


def test_a_quarter_is_that_of_the_clock_on_the_wall_in_summer_and_in_winter() -> None:
    # 09:00 in Berlin is 08:00 UTC on Friday 27 March 2026 and 07:00 UTC a week later.
    winter = slot_of(at("2026-03-27T08:00"), BERLIN)
    summer = slot_of(at("2026-04-03T07:00"), BERLIN)
    assert winter == summer == 4 * 96 + 9 * 4


def test_zones_that_are_off_by_a_quarter_have_quarters_of_their_own() -> None:
    assert slot_of(at("2026-03-02T00:00"), "Asia/Kathmandu") == 5 * 4 + 3  # 05:45


def test_a_day_holds_its_working_quarters_and_those_without_anything_are_zero() -> None:
    monday = at("2026-03-02T00:00")
    counts = {at("2026-03-02T09:15"): 7.0, at("2026-03-02T12:00"): 5.0}
    found = days(counts, "hq", roster(), start_at=monday, end_at=monday + 86_400)
    assert found == [Day(date(2026, 3, 2), {36: 0.0, 37: 7.0, 38: 0.0, 39: 0.0})]


def test_weekends_and_holidays_are_no_days() -> None:
    monday = at("2026-03-02T00:00")
    index = roster("UTC", "09:00-10:00", date(2026, 3, 4))
    found = days({}, "hq", index, start_at=monday, end_at=monday + 7 * 86_400)
    assert [each.day.day for each in found] == [2, 3, 5, 6]


def test_a_day_at_the_site_is_no_day_of_utc() -> None:
    # 09:00 on Tuesday in Seoul is 00:00 UTC.
    seoul = roster("Asia/Seoul", "08:00-10:00")
    start = at("2026-03-02T20:00")
    found = days({at("2026-03-03T00:00"): 3.0}, "hq", seoul, start_at=start, end_at=start + 36_000)
    assert [(each.day, each.counts[96 + 36]) for each in found] == [(date(2026, 3, 3), 3.0)]


def test_an_hour_that_comes_twice_counts_as_the_mean_of_both() -> None:
    # On 25 October 2026, a Sunday, 02:00 comes twice in Berlin: at 00:00 and at 01:00 UTC.
    working = {"sun": "02:00-02:15"}
    site = Site(id="hq", zone=BERLIN, working_hours=working)  # type: ignore[arg-type]
    index = RosterIndex(Roster(sites=(site,)))
    counts = {at("2026-10-25T00:00"): 4.0, at("2026-10-25T01:00"): 8.0}
    start = at("2026-10-24T22:00")
    found = days(counts, "hq", index, start_at=start, end_at=start + 86_400)
    assert [day.counts for day in found] == [{6 * 96 + 8: 6.0}]


def test_weeks_are_numbered_from_monday() -> None:
    sunday, monday = Day(date(2026, 3, 1), {}), Day(date(2026, 3, 2), {})
    assert monday.week == sunday.week + 1


def test_quarters_begin_within_the_half_open_time() -> None:
    assert list(quarters(1, 2701)) == [900, 1800, 2700]
    assert list(quarters(900, 1800)) == [900]
