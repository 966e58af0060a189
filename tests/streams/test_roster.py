"""The roster as an index: instants worked out by hand, in UTC."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.roster import Queue, Rep, Roster, Site, Team
from streams.roster import EMPTY, QueueInfo, RosterIndex, day_start, zone_info
from streams.roster_rules import difference, validate


def utc(*parts: int) -> float:
    return datetime(*parts, tzinfo=UTC).timestamp()  # type: ignore[misc,arg-type]


HANOI = Site(id="hanoi", zone="Asia/Ho_Chi_Minh", holidays=(date(2026, 9, 2),))
NEW_YORK = Site(id="ny", zone="America/New_York")
ROSTER = Roster(
    sites=(HANOI, NEW_YORK),
    teams=(
        Team(id="north", site="hanoi"),
        Team(id="east", site="hanoi"),
        Team(id="east", site="ny", since="2026-07-01"),
    ),
    reps=(
        Rep(id="linh", team="north"),
        Rep(id="linh", team="east", since="2026-03-01"),
        Rep(id="minh", team="north", since="2026-01-01"),
        Rep(id="minh", team=None, since="2026-02-01"),
    ),
    queues=(
        Queue(id="loans", site="hanoi"),
        Queue(id="loans", site="hanoi", target_seconds=30, since="2026-05-01T00:00:00Z"),
    ),
)
INDEX = RosterIndex(ROSTER)


def test_an_entry_holds_from_midnight_at_its_site() -> None:
    # Midnight of 1 March in Hanoi (UTC+7) is 17:00 of 28 February in UTC.
    changes_at = utc(2026, 2, 28, 17)
    assert INDEX.team_of("linh", changes_at - 0.001) == "north"
    assert INDEX.team_of("linh", changes_at) == "east"


def test_a_team_that_moves_to_another_site_moves_at_midnight_there() -> None:
    # 1 July in New York begins at 04:00 UTC (daylight saving time, UTC-4).
    assert INDEX.site_of_team("east", utc(2026, 7, 1, 3, 59)) == "hanoi"
    assert INDEX.site_of_team("east", utc(2026, 7, 1, 4)) == "ny"


def test_who_is_not_in_the_roster_is_unknown_and_nobody_is_nobody() -> None:
    assert INDEX.team_of("stranger", 0) == "unknown"
    assert INDEX.team_of("", 0) == ""
    assert INDEX.site_of_team("unknown", 0) == "unknown"
    assert INDEX.site_of_team("", 0) == ""
    assert INDEX.queue("stranger", 0) == QueueInfo("unknown", "UTC", 20, 5)
    assert EMPTY.team_of("linh", 0) == "unknown"


def test_a_rep_is_unknown_before_the_first_entry_and_after_leaving() -> None:
    # In Hanoi: from 2026-01-01 (17:00 UTC the day before), left on 2026-02-01.
    assert INDEX.team_of("minh", utc(2025, 12, 31, 16, 59)) == "unknown"
    assert INDEX.team_of("minh", utc(2025, 12, 31, 17)) == "north"
    assert INDEX.team_of("minh", utc(2026, 1, 31, 16, 59)) == "north"
    assert INDEX.team_of("minh", utc(2026, 1, 31, 17)) == "unknown"


def test_a_queue_has_the_limits_of_its_time() -> None:
    assert INDEX.queue("loans", utc(2026, 4, 30)) == QueueInfo("hanoi", "Asia/Ho_Chi_Minh", 20, 5)
    assert INDEX.queue("loans", utc(2026, 5, 1)).target_seconds == 30


def test_a_queue_follows_its_sites_change_of_zone() -> None:
    moved = Roster(
        sites=(
            Site(id="a", zone="Asia/Seoul"),
            Site(id="a", zone="Asia/Ho_Chi_Minh", since="2026-06-01T00:00:00Z"),
        ),
        queues=(Queue(id="q", site="a"),),
    )
    assert RosterIndex(moved).queue("q", utc(2026, 5, 31)).zone == "Asia/Seoul"
    assert RosterIndex(moved).queue("q", utc(2026, 6, 1)).zone == "Asia/Ho_Chi_Minh"


def test_what_has_a_queue_counts_for_the_queues_site_else_for_the_teams() -> None:
    at = utc(2026, 8, 1)
    assert INDEX.site_of("loans", "linh", at) == "hanoi"
    assert INDEX.site_of("", "linh", at) == "ny"
    assert INDEX.site_of("", "", at) == ""


def test_a_day_begins_at_midnight_of_the_site() -> None:
    # 2026-03-10 02:00 in Hanoi is 2026-03-09 19:00 UTC; that day began at 17:00 UTC.
    assert INDEX.day_start("hanoi", utc(2026, 3, 9, 19)) == utc(2026, 3, 9, 17)
    assert INDEX.day_start("nowhere", utc(2026, 3, 9, 19)) == utc(2026, 3, 9)


def test_a_day_on_which_the_clocks_change_still_begins_at_midnight() -> None:
    # New York, 8 March 2026: 02:00 EST becomes 03:00 EDT. The day began at 00:00 EST, 05:00 UTC,
    # and the next at 00:00 EDT, 04:00 UTC: 23 hours later.
    assert INDEX.day_start("ny", utc(2026, 3, 8, 20)) == utc(2026, 3, 8, 5)
    assert INDEX.day_start("ny", utc(2026, 3, 9, 4)) == utc(2026, 3, 9, 4)
    # 1 November 2026: a day of 25 hours, from 04:00 UTC to 05:00 UTC.
    assert INDEX.day_start("ny", utc(2026, 11, 2, 4, 59)) == utc(2026, 11, 1, 4)


def test_where_the_clocks_skip_midnight_the_day_begins_after_the_gap() -> None:
    # Beirut, 29 March 2026: 00:00 (UTC+2) becomes 01:00 (UTC+3), at 22:00 UTC of the 28th.
    assert day_start("Asia/Beirut", utc(2026, 3, 29, 10)) == utc(2026, 3, 28, 22)


@given(
    zone=st.sampled_from(["Asia/Kathmandu", "America/New_York", "Asia/Beirut", "Pacific/Chatham"]),
    at=st.floats(min_value=utc(2020, 1, 1), max_value=utc(2035, 1, 1)),
)
def test_the_start_of_the_day_is_the_same_day_and_the_instant_before_it_is_not(
    zone: str, at: float
) -> None:
    info = zone_info(zone)
    today = datetime.fromtimestamp(at, info).date()
    start = day_start(zone, at)
    assert start <= at < start + 25 * 3600
    assert datetime.fromtimestamp(start, info).date() == today
    assert datetime.fromtimestamp(start - 1, info).date() < today


def test_working_hours_are_half_open_and_holidays_are_free() -> None:
    # Tuesday, 1 September 2026, 08:30-17:00 in Hanoi is 01:30-10:00 UTC; the 2nd is a holiday.
    assert not INDEX.is_working("hanoi", utc(2026, 9, 1, 1, 29))
    assert INDEX.is_working("hanoi", utc(2026, 9, 1, 1, 30))
    assert not INDEX.is_working("hanoi", utc(2026, 9, 1, 10))
    assert not INDEX.is_working("hanoi", utc(2026, 9, 2, 3))
    assert not INDEX.is_working("hanoi", utc(2026, 9, 6, 3))  # a Sunday
    assert INDEX.is_working("nowhere", utc(2026, 9, 6, 3))


def test_the_periods_are_half_open_and_leave_out_who_has_left() -> None:
    reps = [(p.id, p.start_at, p.end_at, p.entry.team) for p in INDEX.periods().reps]
    march, january, february = utc(2026, 2, 28, 17), utc(2025, 12, 31, 17), utc(2026, 1, 31, 17)
    assert reps == [
        ("linh", -float("inf"), march, "north"),
        ("linh", march, float("inf"), "east"),
        ("minh", january, february, "north"),
    ]


def test_a_right_roster_has_no_complaints() -> None:
    assert validate(ROSTER) == []


@pytest.mark.parametrize(
    ("roster", "sentence"),
    [
        (Roster(teams=(Team(id="t", site="x"),)), "team t: there is no site 'x'"),
        (Roster(reps=(Rep(id="r", team="x"),)), "rep r: there is no team 'x'"),
        (Roster(queues=(Queue(id="q", site="x"),)), "queue q: there is no site 'x'"),
        (Roster(sites=(Site(id="s", zone="Asia/Hanoi"),)), "no time zone 'Asia/Hanoi'"),
        (Roster(sites=(Site(id="s", zone="../etc"),)), "no time zone '../etc'"),
        (Roster(sites=(Site(id="unknown", zone="UTC"),)), "choose another"),
        (Roster(reps=(Rep(id="a\nb", team=None),)), "control character"),
        (Roster(reps=(Rep(id="r", team=None, since="2026-02-30"),)), "no such day or time"),
        (Roster(activity_volume=("sales",)), "activity_volume: sales is none of"),
        (Roster(reps=(Rep(id="r", team=None), Rep(id="r", team=None))), "rep r has two entries"),
        (
            Roster(sites=(HANOI,), queues=(Queue(id="q", site="hanoi", target_seconds=17),)),
            "target_seconds 17 cannot be counted exactly",
        ),
        (
            Roster(
                sites=(HANOI,), teams=(Team(id="t", site="hanoi", monthly_targets={"wins": 9}),)
            ),
            "team t: monthly_targets: wins is none of activities_logged, ",
        ),
        (
            Roster(sites=(Site(id="s", zone="UTC", working_hours={"mon": "22:00-06:00"}),)),
            "end before they begin",
        ),
    ],
)
def test_a_wrong_roster_is_told_in_one_sentence(roster: Roster, sentence: str) -> None:
    (complaint,) = validate(roster)
    assert sentence in complaint


def test_the_same_instant_written_in_two_ways_is_the_same_from() -> None:
    # Midnight of 1 May in UTC, once as a date at a site in UTC, once as an instant of Hanoi.
    entries = (
        Queue(id="q", site="s", since="2026-05-01"),
        Queue(id="q", site="s", since="2026-05-01T07:00+07:00"),
    )
    complaints = validate(Roster(sites=(Site(id="s", zone="UTC"),), queues=entries))
    assert complaints == ["queue q has two entries with the same `from`; keep one of them"]


def test_the_difference_names_what_is_new_gone_and_changed() -> None:
    old = Roster(reps=(Rep(id="a", team="x"), Rep(id="b", team="x")))
    new = Roster(reps=(Rep(id="b", team="y"), Rep(id="c", team="x", since="2026-01-01")))
    assert difference(old, new) == [
        "- rep a: was always: team x",
        "~ rep b: always: team y (was: always: team x)",
        "+ rep c: from 2026-01-01: team x",
    ]
    assert difference(new, new) == []


@pytest.mark.parametrize(
    ("at", "hours"),
    # Clocks go forward in the night to 29 March 2026, and back in that to 25 October.
    [("2026-03-29T12:00Z", 23), ("2026-10-25T12:00Z", 25), ("2026-10-25T23:59Z", 24)],
)
def test_a_day_is_23_to_25_hours_long(at: str, hours: int) -> None:
    roster = RosterIndex(Roster(sites=(Site(id="b", zone="Europe/Berlin"),)))
    assert roster.sites == ("b",)
    instant = datetime.fromisoformat(at).timestamp()
    assert roster.day_seconds("b", instant) == hours * 3600
