"""Live windows: which panes are in, whose day it is, and who was where at the time."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import events as e
from schemas.roster import Queue, Rep, Roster, Site, Team
from streams.fold import Fold
from streams.located import Place
from streams.quarters import Parts
from streams.roster import EMPTY, RosterIndex
from streams.windows import Located, WindowReader
from tests.streams.lives import LIVES, T0, apply, event, new_fold, seeded

CALLS = "ringside.calls"
ROSTER = RosterIndex(
    Roster(
        sites=(Site(id="ny", zone="America/New_York"), Site(id="hanoi", zone="Asia/Ho_Chi_Minh")),
        teams=(Team(id="north", site="hanoi"), Team(id="east", site="ny")),
        reps=(
            Rep(id="linh", team="north"),
            Rep(id="linh", team="east", since="2026-09-01T10:10:00Z"),
        ),
        queues=(
            Queue(id="loans", site="ny", target_seconds=60),
            Queue(id="cards", site="hanoi", target_seconds=10, short_abandon_seconds=3),
        ),
    )
)


def at(*parts: int) -> float:
    return datetime(*parts, tzinfo=UTC).timestamp()  # type: ignore[misc,arg-type]


def offered(*times: float, queue: str = "loans") -> Fold:
    calls = [event(f"c{time}", time, e.CallOffered(queue)) for time in times]
    return apply(new_fold(CALLS), calls)


def count(located: Located, cell: str = "calls_offered") -> float:
    return sum(cells.get(cell, 0) for cells in located.values())


def read(*folds: Fold, now: float, roster: RosterIndex = ROSTER) -> dict[str, Located]:
    return WindowReader().read(folds, roster, now)


def test_a_window_of_minutes_ends_with_the_one_that_is_filling() -> None:
    # At 10:04:30 the last 5 minutes are those from 10:00 to now; at 10:05:00 10:00 is out.
    fold = offered(T0, T0 + 59.9, T0 + 60)
    assert count(read(fold, now=T0 + 270)["5m"]) == 3
    assert count(read(fold, now=T0 + 299.9)["5m"]) == 3
    assert count(read(fold, now=T0 + 300)["5m"]) == 1


def test_the_longer_windows_hold_what_the_shorter_one_lost() -> None:
    windows = read(offered(T0, T0 + 60), now=T0 + 1800)
    counts = {name: count(located) for name, located in windows.items()}
    assert counts == {"5m": 0, "15m": 0, "1h": 2, "today": 2}


def test_what_lies_ahead_of_now_waits_for_its_time() -> None:
    fold = offered(T0 + 120)
    assert count(read(fold, now=T0)["5m"]) == 0
    assert count(read(fold, now=T0 + 120)["5m"]) == 1


def every_hour(start_at: float, end_at: float) -> Fold:
    """A call half an hour after each full hour, to the end."""
    hours = int((end_at - start_at) // 3600)
    return offered(*(start_at + 3600 * hour + 1800 for hour in range(hours)))


@pytest.mark.parametrize(
    ("midnight", "next_midnight", "hours"),
    [
        # In New York clocks go forward on 8 March 2026 and back on 1 November.
        (at(2026, 3, 7, 5), at(2026, 3, 8, 5), 24),
        (at(2026, 3, 8, 5), at(2026, 3, 9, 4), 23),
        (at(2026, 11, 1, 4), at(2026, 11, 2, 5), 25),
    ],
)
def test_today_is_the_sites_day_of_23_24_or_25_hours(
    midnight: float, next_midnight: float, hours: int
) -> None:
    fold = every_hour(midnight - 3600, next_midnight)
    # The call before midnight is yesterday's; the last one was at half past eleven.
    assert count(read(fold, now=next_midnight - 1)["today"]) == hours
    assert count(read(fold, now=next_midnight)["today"]) == 0


def test_each_site_has_its_own_day() -> None:
    # At 18:00 UTC it is one o'clock in the night in Hanoi, and 14:00 in New York.
    fold = apply(
        new_fold(CALLS),
        [
            event(f"{queue}{hour}", at(2026, 9, 1, hour), e.CallOffered(queue))
            for hour in (16, 17)
            for queue in ("loans", "cards", "no such queue")
        ],
    )
    today = read(fold, now=at(2026, 9, 1, 18))["today"]
    assert {place.site: count({place: cells}) for place, cells in today.items()} == {
        "ny": 2,
        "hanoi": 1,
        "unknown": 2,  # in UTC
    }


def test_a_call_counts_for_the_team_its_rep_was_in_when_it_arrived() -> None:
    # linh moves from the north to the east team at 10:10, within a quarter of an hour.
    answered = [
        one
        for minute in (9, 10)
        for one in (
            event(f"c{minute}", T0 + 60 * minute, e.CallOffered("loans")),
            event(f"c{minute}", T0 + 60 * minute + 5, e.CallAnswered("linh")),
        )
    ]
    windows = read(apply(new_fold(CALLS), answered), now=T0 + 700)
    teams = {place.team: cells.get("calls_answered") for place, cells in windows["15m"].items()}
    assert teams == {"": None, "north": 1, "east": 1}
    # Offered calls have no rep, so no team; the queue says the site.
    assert windows["15m"][Place("loans", "", "ny", "", "inbound", "")]["calls_offered"] == 2


def test_a_roster_that_comes_late_repairs_the_past() -> None:
    fold = apply(
        new_fold("ringside.activities"), [event("a1", T0, e.ActivityLogged("linh", "demo"))]
    )
    reader = WindowReader()
    before = reader.read([fold], EMPTY, T0 + 60)["5m"]
    assert [(place.team, place.site) for place in before] == [("unknown", "unknown")]
    after = reader.read([fold], ROSTER, T0 + 60)["5m"]
    assert [(place.team, place.site) for place in after] == [("north", "hanoi")]


def waits(queue: str) -> list[e.Event]:
    """Answered after 10 and 20 s, abandoned after 3 and 5 s."""
    ends = {10: e.CallAnswered("linh"), 20: e.CallAnswered("linh")}
    ends |= {3: e.CallAbandoned(), 5: e.CallAbandoned()}  # type: ignore[dict-item]
    return [
        one
        for wait, end in ends.items()
        for one in (
            event(f"{queue}{wait}", T0, e.CallOffered(queue)),
            event(f"{queue}{wait}", T0 + wait, end),
        )
    ]


@pytest.mark.parametrize(
    ("queue", "within"),
    [
        ("loans", (2, 2, 2)),  # target 60, short 5 (the default)
        ("cards", (1, 2, 1)),  # target 10, short 3
        ("no such queue", (2, 2, 2)),  # the defaults: 20 and 5
    ],
)
def test_waits_count_against_their_own_queues_limits(
    queue: str, within: tuple[int, int, int]
) -> None:
    located = read(apply(new_fold(CALLS), waits(queue)), now=T0 + 60)["5m"]
    names = ("answered_wait_within_target", "abandoned_wait_within_target")
    found = [count(located, name) for name in (*names, "abandoned_wait_within_short_abandon")]
    assert tuple(found) == within


def test_a_record_that_names_no_queue_counts_by_the_default_limits() -> None:
    # As the database's views do: else its service level would be none of one, 0 %.
    arrived = datetime.fromtimestamp(T0, UTC)
    whole = e.CallCompleted(arrived, "answered", rep="linh", wait_seconds=20, talk_seconds=30)
    fold = apply(new_fold(CALLS), [event("c1", T0 + 50, whole)])
    assert count(read(fold, now=T0 + 60)["5m"], "answered_wait_within_target") == 1


def test_activity_is_what_the_roster_says_it_is() -> None:
    roster = RosterIndex(Roster(activity_volume=("activities_logged", "leads_created")))
    events = [
        event("a1", T0, e.ActivityLogged("linh", "demo")),
        event("l1", T0, e.LeadCreated("linh")),
        event("l1", T0 + 1, e.LeadQualified("linh")),
    ]
    fold = apply(new_fold("ringside.activities"), events)
    assert count(read(fold, now=T0 + 60, roster=roster)["5m"], "activity_volume") == 2
    assert count(read(fold, now=T0 + 60)["5m"], "activity_volume") == 3


def test_a_state_that_still_runs_is_in_the_window_up_to_now() -> None:
    fold = apply(new_fold("ringside.reps"), [event("linh", T0, e.RepStateChanged("available"))])
    windows = read(fold, now=T0 + 90)
    assert count(windows["5m"], "rep_available_seconds") == 90
    # Five minutes of panes: the four whole ones before this, and 30 s of this one.
    windows = read(fold, now=T0 + 3630)
    assert count(windows["5m"], "rep_available_seconds") == 270
    assert count(windows["today"], "rep_available_seconds") == 3630
    assert not any(slot.panes for slot in fold.tables[60].slots.values())


def test_partitions_add_up() -> None:
    one, other = offered(T0), offered(T0, T0 + 1)
    other.partition = 1
    assert count(read(one, other, now=T0 + 60)["5m"]) == 3


def test_what_was_taken_back_is_in_no_place() -> None:
    created = event("d1", T0, e.DealCreated("linh", "sales", "new"))
    fold = apply(new_fold("ringside.deals"), [created, event("d1", T0 + 1, e.DealDeleted())])
    assert read(fold, now=T0 + 60)["5m"] == {}


def test_a_partition_that_comes_back_is_read_anew() -> None:
    # Lost and assigned again between two looks: same panes, same number of changes, other content.
    reader = WindowReader()
    assert count(reader.read([offered(T0)], ROSTER, T0 + 60)["5m"]) == 1
    again = new_fold(CALLS)
    for start, dims, _ in offered(T0).grains.take_changed():
        again.grains.restore(start, dims, Parts({}, {0: {"calls_offered": 2}}))
    assert count(reader.read([again], ROSTER, T0 + 60)["5m"]) == 2


@settings(max_examples=30, derandomize=True, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_what_a_reader_keeps_never_differs_from_a_fresh_look(seed: int) -> None:
    random = seeded(seed)
    folds = [new_fold(topic) for topic in LIVES]
    lives = [LIVES[fold.topic](random, 600.0) for fold in folds]
    reader = WindowReader()
    for step in range(6):
        for fold, events in zip(folds, lives, strict=True):
            apply(fold, events[step::6])
        now = T0 + random.uniform(0, 1200)
        roster = random.choice([ROSTER, EMPTY])
        assert reader.read(folds, roster, now) == WindowReader().read(folds, roster, now)
