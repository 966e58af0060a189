"""Monthly targets: the share of the month's working time that has gone, and where teams stand."""

from datetime import UTC, date, datetime

import pytest

from schemas.roster import Roster, Site, Team
from streams.roster import RosterIndex
from streams.targets import Month, Progress, month_of, progress, targeted, time_ratio

WEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-10:00")
HQ = Site(id="hq", zone="UTC", working_hours=WEEK, holidays=(date(2026, 11, 4),))
RED = Team(id="red", site="hq", monthly_targets={"deals_won": 40, "meetings_held": 200})


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def index(*teams: Team, site: Site = HQ) -> RosterIndex:
    return RosterIndex(Roster(sites=(site,), teams=teams))


OCTOBER = at("2026-10-05T09:00")


def test_a_months_progress_worked_by_hand() -> None:
    # November 2026 begins on a Sunday: 21 days from Monday to Friday, of which the 4th is a
    # holiday: 20 days of one hour. By Friday the 13th at 09:30 the 2nd, 3rd, 5th, 6th and the 9th
    # to the 12th are over, and half an hour: 8.5 hours of 20. Of 40 deals 17 are expected, of 200
    # meetings 85; the 12 deals are 12 / 17 of what they should be, and no meeting was counted.
    found = progress(
        index(RED, Team(id="blue", site="hq")),
        {("red", "deals_won"): 12.0, ("blue", "deals_won"): 99.0},
        at("2026-11-13T09:30"),
        began_at=OCTOBER,
    )
    assert list(found) == [
        Progress("red", "hq", "deals_won", 40, 12, 8.5 / 20),
        Progress("red", "hq", "meetings_held", 200, 0, 8.5 / 20),
    ]


@pytest.mark.parametrize(
    ("when", "hours"),
    [
        ("2026-11-01T00:00", 0),
        ("2026-11-02T09:00", 0),
        ("2026-11-02T09:07:30", 0.125),  # half of a quarter
        ("2026-11-02T23:00", 1),
        ("2026-11-04T12:00", 2),  # the holiday adds nothing
        ("2026-11-08T12:00", 4),  # nor does the week-end
        ("2026-11-30T09:59", 19 + 59 / 60),
        ("2026-11-30T23:59", 20),
        ("2026-12-01T08:00", 0),  # another month
    ],
)
def test_only_working_time_goes_by(when: str, hours: float) -> None:
    assert time_ratio("hq", index(), at(when)) == pytest.approx(hours / 20)


@pytest.mark.parametrize(
    ("zone", "when", "start", "end"),
    [
        # Hanoi is seven hours ahead: there it is November already.
        ("Asia/Ho_Chi_Minh", "2026-10-31T17:00", "2026-10-31T17:00", "2026-11-30T17:00"),
        ("Asia/Ho_Chi_Minh", "2026-10-31T16:59", "2026-09-30T17:00", "2026-10-31T17:00"),
        # Clocks go back within this one.
        ("Europe/Berlin", "2026-10-10T00:00", "2026-09-30T22:00", "2026-10-31T23:00"),
        ("UTC", "2026-12-31T23:59", "2026-12-01T00:00", "2027-01-01T00:00"),
    ],
)
def test_a_month_is_that_of_the_clock_at_the_site(
    zone: str, when: str, start: str, end: str
) -> None:
    roster = index(site=Site(id="hq", zone=zone))
    assert month_of("hq", roster, at(when)) == Month(at(start), at(end))


def test_the_target_of_now_holds() -> None:
    roster = index(
        Team(id="red", site="hq"),
        Team(id="red", site="hq", since="2026-11-01", monthly_targets={"deals_won": 40}),
        Team(id="red", site="hq", since="2026-11-16", monthly_targets={"deals_won": 50}),
    )

    def target(when: str) -> list[int]:
        return [each.target for each in progress(roster, {}, at(when), began_at=OCTOBER)]

    times = ("2026-10-30T12:00", "2026-11-15T23:59", "2026-11-16T00:00")
    assert [target(each) for each in times] == [[], [40], [50]]
    assert list(targeted(roster, at("2026-10-30T12:00"))) == []
    assert list(targeted(roster, at("2026-11-02T12:00"))) == ["red"]


def test_a_team_has_its_sites_targets_unless_it_has_its_own_or_none() -> None:
    site = Site(id="hq", zone="UTC", working_hours=WEEK, monthly_targets={"deals_won": 30})
    roster = index(
        Team(id="usual", site="hq"),
        Team(id="other", site="hq", monthly_targets={"meetings_held": 5}),
        Team(id="none", site="hq", monthly_targets={}),
        Team(id="elsewhere", site="branch"),
        site=site,
    )
    found = progress(roster, {}, at("2026-11-20T12:00"), began_at=OCTOBER)
    assert {(each.team, each.measure, each.target) for each in found} == {
        ("usual", "deals_won", 30),
        ("other", "meetings_held", 5),
    }


@pytest.mark.parametrize(
    ("began", "is_known"),
    [
        ("2026-10-31T23:45", True),
        ("2026-11-02T09:45", True),  # on the first working day
        ("2026-11-03T09:00", False),  # that of the first one is missing
    ],
)
def test_what_was_reached_before_counting_began_is_not_known(began: str, is_known: bool) -> None:
    found = list(progress(index(RED), {}, at("2026-11-20T12:00"), began_at=at(began)))
    assert bool(found) == is_known
    # The next month is known as a whole.
    assert list(progress(index(RED), {}, at("2026-12-01T12:00"), began_at=at(began)))


def test_a_site_without_working_time_and_a_count_that_is_none_have_no_progress() -> None:
    closed = index(RED, site=Site(id="hq", zone="UTC", working_hours={}))
    assert time_ratio("hq", closed, at("2026-11-20T12:00")) is None
    assert list(progress(closed, {}, at("2026-11-20T12:00"), began_at=OCTOBER)) == []
    wrong = index(Team(id="red", site="hq", monthly_targets={"1; DROP TABLE pane": 1}))
    assert list(progress(wrong, {}, at("2026-11-20T12:00"), began_at=OCTOBER)) == []
    assert targeted(wrong, at("2026-11-20T12:00")) == {}
