"""The floor now, counted by hand. T0 is 10:00:00."""

from schemas import events as e
from schemas.events import Event
from schemas.roster import Queue, Rep, Roster, Site, Team
from streams.floor import Floor, QueueNow, floor
from streams.roster import RosterIndex
from tests.streams.lives import T0, apply, event, new_fold

ROSTER = RosterIndex(
    Roster(
        sites=(Site(id="hanoi", zone="Asia/Ho_Chi_Minh"),),
        teams=(Team(id="north", site="hanoi"),),
        reps=(Rep(id="linh", team="north"), Rep(id="minh", team="north")),
        queues=(Queue(id="loans", site="hanoi"),),
    )
)


def floor_of(topic: str, *events: Event, now: float) -> Floor:
    return floor(apply(new_fold(topic), events).live.values(), ROSTER, now)


def test_calls_wait_talk_and_go() -> None:
    loans = e.CallOffered("loans")
    found = floor_of(
        "ringside.calls",
        *(event(f"c{at}", T0 + at, loans) for at in (0, 10, 20, 30)),
        event("c0", T0 + 40, e.CallAnswered("linh")),
        event("c10", T0 + 41, e.CallAbandoned()),
        now=T0 + 65,
    )
    # Of four, one talks, one gave up, two wait, for 45 and 35 s.
    assert found.queues == {"loans": QueueNow("hanoi", 2, 1, 45.0)}


def test_a_queue_in_which_nobody_waits_has_no_longest_wait() -> None:
    found = floor_of(
        "ringside.calls",
        event("c1", T0, e.CallOffered("cards")),
        event("c1", T0 + 1, e.CallAnswered("linh")),
        now=T0 + 5,
    )
    assert found.queues == {"cards": QueueNow("unknown", 0, 1, None)}


def test_an_outbound_call_is_in_progress_once_somebody_answers() -> None:
    dialled = event("c1", T0, e.CallDialled("linh"))
    assert floor_of("ringside.calls", dialled, now=T0 + 1).queues == {"": QueueNow("")}
    answered = event("c1", T0 + 9, e.CallAnswered("linh"))
    found = floor_of("ringside.calls", dialled, answered, now=T0 + 10)
    assert found.queues == {"": QueueNow("", 0, 1)}


def test_an_empty_floor_has_no_queues() -> None:
    found = floor_of(
        "ringside.calls",
        event("c1", T0, e.CallOffered("loans")),
        event("c1", T0 + 1, e.CallEnded()),
        now=T0 + 5,
    )
    assert found == Floor()


def test_a_clock_behind_the_sources_makes_no_negative_wait() -> None:
    offered = event("c1", T0, e.CallOffered("loans"))
    found = floor_of("ringside.calls", offered, now=T0 - 3)
    assert found.queues["loans"].longest_wait_seconds == 0


def test_reps_count_by_team_site_and_state_unless_offline() -> None:
    found = floor_of(
        "ringside.reps",
        event("linh", T0, e.RepStateChanged("available")),
        event("minh", T0, e.RepStateChanged("available")),
        event("minh", T0 + 1, e.RepStateChanged("on_call")),
        event("stranger", T0, e.RepStateChanged("paused", "lunch")),
        event("gone", T0, e.RepStateChanged("available")),
        event("gone", T0 + 1, e.RepStateChanged("offline")),
        now=T0 + 5,
    )
    assert found.reps == {
        ("north", "hanoi", "available"): 1,
        ("north", "hanoi", "on_call"): 1,
        ("unknown", "unknown", "paused"): 1,
    }


def test_pauses_are_told_by_reason_and_states_by_how_long_they_last() -> None:
    pause = e.RepStateChanged("paused", "lunch")
    fold = apply(
        new_fold("ringside.reps"),
        [
            event("linh", T0, pause),
            event("minh", T0 + 30, pause),
            event("an", T0 + 40, e.RepStateChanged("paused")),
            event("mai", T0 + 50, e.RepStateChanged("available")),
            event("ha", T0 + 60, e.RepStateChanged("offline")),
        ],
    )
    now = floor(fold.live.values(), ROSTER, T0 + 100)
    # linh and minh are in north; the roster does not know the others.
    assert now.paused == {("north", "hanoi", "lunch"): 2, ("unknown", "unknown", ""): 1}
    assert now.longest_in_state == {
        ("north", "hanoi", "paused"): 100,
        ("unknown", "unknown", "paused"): 60,
        ("unknown", "unknown", "available"): 50,
    }
