"""What a PBX gets wrong or leaves out (docs/pbx.md): for each a rule, held to by a figure."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import events as e
from schemas.events import Event, Fact
from schemas.kpis import BY_NAME
from schemas.roster import Queue, Roster, Site
from streams.call_keys import call_id_and_leg, call_key
from streams.floor import floor
from streams.fold import Fold
from streams.ghosts import GhostLimits
from streams.kpi import evaluate
from streams.roster import EMPTY, RosterIndex
from tests.streams.lives import (
    LATENESS_SECONDS,
    T0,
    apply,
    call_events,
    event,
    new_fold,
    panes,
    quarter,
    seeded,
)

OFFERED = (0.0, e.CallOffered("loans"))
ANSWERED = (12.0, e.CallAnswered("linh"))


def told(*pieces: tuple[float, Fact], call: str = "c1") -> Fold:
    return apply(new_fold("ringside.calls"), [event(call, T0 + at, data) for at, data in pieces])


# Wrong order, repeated.


def test_events_that_come_after_newer_ones_are_counted_as_out_of_order() -> None:
    fold = told(ANSWERED, OFFERED, (60, e.CallEnded()), (60, e.CallEnded()))
    assert (fold.ledger.out_of_order, fold.ledger.duplicate) == (1, 1)
    assert quarter(fold)["call_wait_seconds"] == 12


# Missing.


def test_an_end_without_an_answer_is_an_abandoned_call() -> None:
    cells = quarter(told(OFFERED, (30, e.CallEnded())))
    assert cells["calls_abandoned"] == cells["calls_ended_without_answer"] == 1


def test_an_answer_without_an_offer_counts_only_as_such_until_the_offer_comes() -> None:
    fold = told(ANSWERED, (60, e.CallEnded()))
    assert quarter(fold) == {"calls_answered_without_offer": 1}
    apply(fold, [event("c1", T0, OFFERED[1])])
    assert quarter(fold)["calls_answered"] == 1
    assert "calls_answered_without_offer" not in quarter(fold)


# Calls that never end.

LIMITS = GhostLimits(
    RosterIndex(
        Roster(
            sites=(Site(id="hanoi", zone="Asia/Ho_Chi_Minh"),),
            queues=(Queue(id="loans", site="hanoi", ghost_after_seconds=1800),),
        )
    )
)


def ghostly(*pieces: tuple[float, Fact], until: float) -> Fold:
    """A fold with a limit of half an hour for loans, after an event of another call."""
    fold = new_fold("ringside.calls")
    fold.ghost_limits = LIMITS
    apply(fold, [event("c1", T0 + at, data) for at, data in pieces])
    return apply(fold, [event("other", T0 + until, e.CallOffered("cards"))])


def test_a_call_without_news_for_its_queues_limit_is_closed_by_us() -> None:
    fold = ghostly(OFFERED, until=1800)
    assert set(fold.live) == {"c1", "other"}  # exactly the limit is not over it
    fold = ghostly(OFFERED, until=1860)
    assert set(fold.live) == {"other"}
    assert floor(fold.live.values(), EMPTY, T0 + 1860).queues.keys() == {"cards"}
    cells = quarter(fold, queue="loans")
    assert cells == {"calls_offered": 1, "calls_closed_waiting": 1}
    # Nobody knows how it went: it is in no service level, at its worst neither.
    assert evaluate(BY_NAME["service_level_answered_of_offered_worst"], cells) is None


def test_a_queue_without_a_limit_of_its_own_has_four_hours() -> None:
    fold = ghostly(until=0)
    apply(fold, [event("late", T0 + 4 * 3600, e.CallOffered("loans"))])
    assert "other" in fold.live
    apply(fold, [event("later", T0 + 4 * 3600 + 60, e.CallOffered("loans"))])
    assert "other" not in fold.live


def test_a_conversation_without_an_end_leaves_the_floor_and_stays_answered() -> None:
    cells = quarter(ghostly(OFFERED, ANSWERED, until=1900), queue="loans")
    assert cells["calls_answered"] == cells["calls_closed_talking"] == 1
    assert "calls_handled" not in cells


def test_the_real_end_undoes_it() -> None:
    fold = ghostly(OFFERED, ANSWERED, until=1900)
    apply(fold, [event("c1", T0 + 2000, e.CallEnded())])
    cells = quarter(fold, queue="loans")
    assert "calls_closed_talking" not in cells
    assert (cells["calls_handled"], cells["call_talk_seconds"]) == (1, 1988)


def test_news_brings_a_call_back_to_the_floor_and_it_may_be_closed_again() -> None:
    fold = ghostly(OFFERED, until=1900)
    apply(fold, [event("c1", T0 + 1950, e.CallAnswered("linh"))])
    assert "c1" in fold.live
    assert "calls_closed_waiting" not in quarter(fold)
    apply(fold, [event("other", T0 + 1950 + 1860, e.CallAbandoned())])
    assert "c1" not in fold.live
    assert quarter(fold, rep="linh")["calls_closed_talking"] == 1


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_what_is_closed_by_us_does_not_depend_on_the_order_of_events(seed: int) -> None:
    random = seeded(seed)
    events = call_events(random)
    last = [event("end", T0 + at, e.CallOffered("loans")) for at in (2600, 4600)]
    found = []
    for _ in range(2):
        fold = new_fold("ringside.calls")
        fold.ghost_limits = LIMITS
        apply(apply(fold, events), last)
        found.append((panes(fold), set(fold.live)))
        random.shuffle(events)
    assert found[0] == found[1]


# Clocks that disagree.


@pytest.mark.parametrize(
    ("pieces", "measure"),
    [
        # The answer from a source whose clock is 3 s behind: it waited 0 s, and is marked.
        ([OFFERED, (-3, e.CallAnswered("linh"))], "call_wait_seconds"),
        # The end before the answer: 0 s of talk.
        ([OFFERED, ANSWERED, (9, e.CallEnded())], "call_talk_seconds"),
    ],
)
def test_a_negative_duration_is_zero_and_the_call_is_marked(
    pieces: list[tuple[float, Fact]], measure: str
) -> None:
    cells = quarter(told(*pieces))
    assert cells["calls_out_of_sequence"] == 1
    assert cells.get(measure, 0) == 0


# Contradictions.

CONTRADICTIONS: list[list[tuple[float, Fact]]] = [
    [(0, e.CallOffered("loans")), (0, e.CallOffered("cards"))],
    [OFFERED, (12, e.CallAnswered("minh")), (12, e.CallAnswered("linh"))],
    [OFFERED, ANSWERED, (60, e.CallTransferred("blind")), (60, e.CallTransferred("attended"))],
    [(0, e.CallOffered("loans")), (0, e.CallDialled("linh", "loans"))],
]


@pytest.mark.parametrize("pieces", CONTRADICTIONS)
def test_of_two_statements_with_one_time_the_same_counts_in_every_order(
    pieces: list[tuple[float, Fact]],
) -> None:
    found = [quarter(told(*order)) for order in permutations(pieces)]
    assert all(cells == found[0] for cells in found)
    assert found[0]["calls_contradicted"] == 1


def test_of_two_sources_that_tell_of_one_arrival_one_has_the_call_in_every_order() -> None:
    # Hanoi comes first in the alphabet. Else the call would count under both, or under neither.
    arrivals = [event("c1", T0, e.CallOffered("loans"), f"pbx/{at}") for at in ("hanoi", "seoul")]
    answered = event("c1", T0, e.CallAnswered("linh"))
    for order in permutations([*arrivals, answered]):
        cells = {
            dims.source: c
            for (_, _, dims), c in panes(apply(new_fold("ringside.calls"), order)).items()
            if not dims.rep
        }
        assert {source: c["calls_offered"] for source, c in cells.items() if c} == {"pbx/hanoi": 1}


def test_a_third_statement_of_an_arrival_moves_all_that_the_second_left() -> None:
    said: list[tuple[float, Fact]] = [
        (0, e.CallDialled("an", "cards")),
        (0, e.CallDialled("minh")),
        (0, e.CallOffered("loans")),
        (193, e.CallTransferred("attended", to_queue="loans")),
    ]
    found = [panes(told(*order)) for order in permutations(said)]
    assert all(one == found[0] for one in found)


def test_a_third_answer_moves_all_that_the_second_left() -> None:
    answers = [(12, e.CallAnswered(rep)) for rep in ("minh", "linh", "an")]
    found = [panes(told(OFFERED, *order)) for order in permutations(answers)]
    assert all(one == found[0] for one in found)


def test_an_earlier_statement_takes_the_mark_away() -> None:
    pieces = (OFFERED, (12, e.CallAnswered("minh")), (12, e.CallAnswered("linh")))
    fold = told(*pieces, (10, e.CallAnswered("an")))
    assert quarter(fold, rep="an")["calls_answered"] == 1
    assert "calls_contradicted" not in quarter(fold)


def test_of_two_records_the_one_that_ended_first_counts() -> None:
    def record(talk: int) -> tuple[float, Fact]:
        offered_at = datetime.fromtimestamp(T0, UTC)
        data: Any = {"queue": "loans", "rep": "linh", "wait_seconds": 10, "talk_seconds": talk}
        return 10.0 + talk, e.CallCompleted(offered_at, "answered", **data)

    found = [quarter(told(*order)) for order in permutations([record(50), record(40)])]
    assert found[0] == found[1]
    assert found[0]["call_talk_seconds"] == 40
    assert found[0]["calls_contradicted"] == found[0]["calls_told_by_record"] == 1


# Several legs of one contact.


def legs() -> list[Event]:
    """30 s in loans, flows out to cards; 20 s there, 40 s of talk; back to loans, 5 s."""
    pieces = [
        (0, e.CallOffered("loans")),
        (30, e.CallTransferred("blind", to_queue="cards")),
        (30, e.CallOffered("cards", leg=2)),
        (50, e.CallAnswered("linh", leg=2)),
        (90, e.CallTransferred("attended", to_queue="loans", leg=2)),
        (90, e.CallOffered("loans", leg=3)),
        (95, e.CallAnswered("minh", leg=3)),
        (120, e.CallEnded(leg=3)),
    ]
    return [event("c1", T0 + at, data) for at, data in pieces]


def test_what_was_waited_on_earlier_legs_counts_since_the_arrival() -> None:
    cells = quarter(apply(new_fold("ringside.calls"), legs()))
    # In the queue: 20 and 5 s, mean 12.5 s. Since the customer came: 50 and 55 s, mean 52.5 s.
    assert evaluate(BY_NAME["average_speed_of_answer_seconds"], cells) == 12.5
    assert evaluate(BY_NAME["average_speed_of_answer_since_arrival_seconds"], cells) == 52.5
    # Three legs, one contact.
    assert cells["calls_offered"] - cells["calls_offered_again"] == 1


@settings(max_examples=50, derandomize=True, deadline=None)
@given(st.permutations(range(8)))
def test_legs_may_be_told_in_any_order(order: list[int]) -> None:
    events = legs()
    in_order = apply(new_fold("ringside.calls"), events)
    shuffled = apply(new_fold("ringside.calls"), [events[index] for index in order])
    assert panes(shuffled) == panes(in_order)


def test_a_leg_whose_end_was_not_told_waited_until_the_next_one_began() -> None:
    events = [one for one in legs() if one.at != T0 + 30 or one.type == "call.offered"]
    cells = quarter(apply(new_fold("ringside.calls"), events))
    assert evaluate(BY_NAME["average_speed_of_answer_since_arrival_seconds"], cells) == 52.5


def test_legs_are_forgotten_together_so_that_a_long_conversation_keeps_what_was_waited() -> None:
    fold = apply(new_fold("ringside.calls"), legs()[:4])
    apply(fold, [event("later", T0 + 3000, e.CallOffered("loans"))])
    fold.release(fold.ledger.fence)
    apply(fold, [event("much", T0 + 9000, e.CallOffered("loans"))])
    fold.release(fold.ledger.fence)
    assert {"c1", "c1#2"} <= fold.entities.keys()
    apply(fold, [event("c1", T0 + 9000, e.CallEnded(leg=2))])
    assert quarter(fold)["call_earlier_wait_seconds"] == 30
    for at in (9000 + LATENESS_SECONDS + 120, 9000 + LATENESS_SECONDS + 99_000):
        apply(fold, [event("last", T0 + at, e.CallHeld())])
        fold.release(fold.ledger.fence)
    assert not {"c1", "c1#2"} & fold.entities.keys()


# Ids.


@given(st.text("ab#129", min_size=1, max_size=6), st.integers(1, 99))
def test_a_key_says_which_call_and_which_leg(call_id: str, leg: int) -> None:
    assert call_id_and_leg(call_key(call_id, leg)) == (call_id, leg)


def test_a_call_whose_id_ends_like_a_leg_is_a_call_of_its_own() -> None:
    fold = told(OFFERED, (5, e.CallOffered("cards", leg=2)))
    apply(fold, [event("c1#2", T0 + 7, e.CallOffered("loans"))])
    cells = quarter(fold)
    assert (cells["calls_offered"], cells["calls_offered_again"]) == (3, 1)


# Days.


def test_a_call_across_midnight_belongs_to_the_day_it_came_on() -> None:
    # Midnight in Ho Chi Minh City is 17:00 UTC: came at 23:59:50, ended at 00:05.
    midnight = datetime(2026, 9, 1, 17, tzinfo=UTC).timestamp()
    fold = apply(
        new_fold("ringside.calls"),
        [
            event("c1", midnight - 10, e.CallOffered("loans")),
            event("c1", midnight - 2, e.CallAnswered("linh")),
            event("c1", midnight + 300, e.CallEnded()),
        ],
    )
    starts = {
        start: set(cells) for (grain, start, dims), cells in panes(fold).items() if grain == 900
    }
    yesterday, today = starts[int(midnight) - 900], starts[int(midnight)]
    assert "calls_handled" in yesterday | {"calls_handled"}
    assert today == {"calls_answered_by_end", "answered_wait_by_end:4", "calls_ended_later"}


@pytest.mark.parametrize(("day", "hours"), [((2026, 3, 29), 23), ((2026, 10, 25), 25)])
def test_a_call_over_a_change_of_clocks_lasts_as_long_as_it_lasted(
    day: tuple[int, int, int], hours: int
) -> None:
    # Europe/Berlin changes at 01:00 UTC. In local time the call seems to last -55 or +65 minutes.
    change = datetime(*day, 1, tzinfo=UTC)
    fold = apply(
        new_fold("ringside.calls"),
        [
            event("c1", change.timestamp() - 120, e.CallOffered("loans")),
            event("c1", change.timestamp() - 100, e.CallAnswered("linh")),
            event("c1", change.timestamp() + 200, e.CallEnded()),
        ],
    )
    assert quarter(fold)["call_talk_seconds"] == 300
    roster = RosterIndex(Roster(sites=(Site(id="b", zone="Europe/Berlin"),)))
    begins = roster.day_start("b", change.timestamp())
    ends = roster.day_start("b", (change + timedelta(hours=24)).timestamp())
    assert (ends - begins) / 3600 == hours
