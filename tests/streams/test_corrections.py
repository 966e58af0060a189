"""Corrected and retracted statements: figures by hand, and the same in any order."""

from itertools import permutations
from random import Random
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import events as e
from schemas.events import Event, Fact
from schemas.kpis import BY_NAME
from streams.call_state import Call
from streams.corrections import MAX_CORRECTIONS
from streams.fold import Fold
from streams.kpi import evaluate
from streams.located import locate
from streams.panes import Cells, merge
from streams.reps import Rep
from streams.roster import EMPTY
from tests.streams.lives import (
    SOURCES,
    T0,
    TYPE_OF,
    apply,
    call_events,
    new_fold,
    panes,
    quarter,
    rep_events,
    seeded,
)


def told(
    id_: str, at: float, data: Fact, *, call: str = "c1", corrects: str | None = None
) -> Event:
    fact = cast("e.AnyFact", data)
    return Event(id_, "pbx/hanoi", call, TYPE_OF[type(data)], T0 + at, fact, causation_id=corrects)


CALL = [
    told("e1", 0, e.CallOffered("loans")),
    told("e2", 12, e.CallAnswered("linh")),
    told("e3", 72, e.CallEnded()),
]


def counted(*events: Event) -> dict[str, float]:
    return quarter(apply(new_fold("ringside.calls"), events))


def without_marks(cells: dict[str, float]) -> dict[str, float]:
    marks = {"calls_corrected", "calls_moved_away", "calls_retracted"}
    return {cell: amount for cell, amount in cells.items() if cell not in marks}


def same_in_every_order(*events: Event) -> dict[str, float]:
    """What these count, in whatever order they come, and also if each comes twice."""
    found = [apply(new_fold("ringside.calls"), order) for order in permutations(events)]
    found += [apply(new_fold("ringside.calls"), (*events, *reversed(events)))]
    assert all(panes(fold) == panes(found[0]) for fold in found)
    return quarter(found[0])


def test_a_corrected_answer_takes_the_place_of_the_first_one() -> None:
    # It was minh, and after 25 s: one answered call, 25 s of wait, 47 s of talk.
    corrected = told("e4", 25, e.CallAnswered("minh"), corrects="e2")
    cells = same_in_every_order(*CALL, corrected)
    assert cells["calls_answered"] == cells["calls_corrected"] == 1
    assert (cells["call_wait_seconds"], cells["call_talk_seconds"]) == (25, 47)
    # Without `causationid` the earlier answer counts: that is a repetition, or a wrong clock.
    assert counted(*CALL, told("e4", 25, e.CallAnswered("minh")))["call_wait_seconds"] == 12


def test_a_corrected_arrival_moves_the_call_to_another_quarter_and_queue() -> None:
    corrected = told("e4", -300, e.CallOffered("cards"), corrects="e1")
    fold = apply(new_fold("ringside.calls"), [*CALL, corrected])
    assert quarter(fold, queue="loans") == {"calls_moved_away": 1}
    cells = quarter(fold, queue="cards")
    assert (cells["calls_offered"], cells["call_wait_seconds"]) == (1, 312)
    starts = {
        start for (grain, start, dims), cells in panes(fold).items() if "calls_handled" in cells
    }
    assert starts == {int(T0) - 900, int(T0) - 300}


def test_a_correction_of_a_correction_wins_in_every_order() -> None:
    first = told("e4", 20, e.CallAnswered("minh"), corrects="e2")
    second = told("e5", 10, e.CallAnswered("an"), corrects="e4")
    third = told("e6", 15, e.CallAnswered("linh"), corrects="e5")
    cells = same_in_every_order(*CALL, first, second, third)
    assert cells["call_wait_seconds"] == 15


def test_of_two_corrections_of_one_event_the_same_counts_in_every_order() -> None:
    one = told("e4", 20, e.CallAnswered("minh"), corrects="e2")
    other = told("e5", 30, e.CallAnswered("an"), corrects="e2")
    cells = same_in_every_order(*CALL, one, other)
    assert cells["call_wait_seconds"] == 20  # both are statements of now, and the earliest counts


def test_a_retracted_call_counts_nothing_and_what_it_was_is_marked() -> None:
    cells = same_in_every_order(*CALL, told("e4", 80, e.CallRetracted(), corrects=""))
    assert cells == {"calls_retracted": 1}


def test_a_retraction_that_was_wrong_can_be_corrected() -> None:
    back = told("e4", 80, e.CallRetracted(), corrects="")
    again = told("e5", 0, e.CallOffered("loans"), corrects="e4")
    cells = same_in_every_order(*CALL, back, again)
    assert without_marks(cells) == counted(*CALL)


def test_one_kind_of_statement_can_be_taken_back() -> None:
    # There was no answer: the call was given up when it ended.
    back = told("e4", 80, e.CallRetracted("call.answered"), corrects="e2")
    cells = same_in_every_order(*CALL, back)
    assert without_marks(cells) == counted(CALL[0], CALL[2])


def test_an_answer_taken_back_leaves_an_outbound_call_with_whom_it_was_dialled_for() -> None:
    dialled = told("e1", 0, e.CallDialled("an", "cards"))
    answered = told("e2", 9, e.CallAnswered("minh"))
    back = told("x1", 30, e.CallRetracted("call.answered"), corrects="e2")
    for order in permutations([dialled, answered, back]):
        fold = apply(new_fold("ringside.calls"), order)
        assert without_marks(quarter(fold, rep="an")) == {"calls_dialled": 1}
        assert without_marks(quarter(fold, rep="minh")) == {}


def test_statements_taken_back_take_with_them_that_they_contradicted_each_other() -> None:
    two = [told("e2", 12, e.CallAnswered("linh")), told("e4", 12, e.CallAnswered("minh"))]
    assert counted(CALL[0], *two)["calls_contradicted"] == 1
    back = told("x1", 30, e.CallRetracted("call.answered"), corrects="e2")
    assert without_marks(same_in_every_order(CALL[0], *two, back)) == {"calls_offered": 1}


def test_a_retracted_call_leaves_the_floor() -> None:
    fold = apply(new_fold("ringside.calls"), CALL[:1])
    assert fold.live
    apply(fold, [told("e4", 5, e.CallRetracted(), corrects="")])
    assert not fold.live


def test_a_leg_is_corrected_by_itself_and_what_was_waited_on_it_changes() -> None:
    legs = [
        told("e1", 0, e.CallOffered("loans")),
        told("e2", 30, e.CallTransferred()),
        told("e3", 30, e.CallOffered("cards", leg=2)),
        told("e4", 50, e.CallAnswered("linh", leg=2)),
    ]
    corrected = told("e5", 10, e.CallOffered("loans"), corrects="e1")
    cells = same_in_every_order(*legs, corrected)
    assert cells["call_earlier_wait_seconds"] == 20


def test_what_a_correction_moved_is_kept_with_before_and_after() -> None:
    # Five answered calls of loans in one quarter, four within 20 s: 80 %. One of them had waited
    # 60 s after all: 60 %.
    fold = new_fold("ringside.calls")
    for number, wait in enumerate((5, 5, 5, 5, 40)):
        apply(fold, [told(f"o{number}", 0, e.CallOffered("loans"), call=f"c{number}")])
        apply(fold, [told(f"a{number}", wait, e.CallAnswered("linh"), call=f"c{number}")])
    assert level(fold) == 4 / 5
    apply(fold, [told("x", 60, e.CallAnswered("linh"), call="c3", corrects="a3")])
    assert level(fold) == 3 / 5
    call = fold.entities["c3"]
    assert isinstance(call, Call)
    assert call.corrected is not None
    moved = {cell: (was, is_) for one in call.corrected.moved for cell, was, is_ in one.cells}
    assert moved == {
        "calls_corrected": (0, 1),
        "call_wait_seconds": (60, 115),  # 4 x 5 + 40, and 55 more
        "answered_wait:3": (4, 3),
        "answered_wait:12": (0, 1),
    }
    assert {(one.id, one.cause, one.offset) for one in call.corrected.moved} == {("x", "a3", 10)}


def level(fold: Fold) -> float | None:
    cells: Cells = merge(locate(fold.tables[900].slots[int(T0)].panes, T0, EMPTY).values())
    return evaluate(BY_NAME["service_level_answered_of_offered"], cells)


def test_there_is_a_limit_to_the_corrections_of_one_call() -> None:
    many = [
        told(f"x{n:02}", 100 - n, e.CallAnswered("linh"), corrects="e2")
        for n in range(MAX_CORRECTIONS + 5)
    ]
    fold = apply(new_fold("ringside.calls"), [*CALL, *many])
    call = fold.entities["c1"]
    assert isinstance(call, Call)
    assert call.corrected is not None
    assert len(call.corrected.corrections) == MAX_CORRECTIONS
    assert fold.ledger.duplicate == 5


def corrected_lives(random: Random, events: list[Event]) -> list[Event]:
    """Some events of a life, said again as corrections of others of their kind."""
    added = []
    for index, one in enumerate(random.sample(events, min(len(events), 5))):
        kin = [other for other in (*events, *added) if other.type == one.type]
        kin = [other for other in kin if other.subject == one.subject]
        cause = random.choice(kin)
        at = T0 + random.randrange(500)
        said = Event(f"x{index}", one.source, one.subject, one.type, at, one.data, "", cause.id)
        if isinstance(one.data, e.CallOffered) and random.random() < 0.5:
            back = e.CallRetracted(random.choice([None, "call.answered"]), one.data.leg)
            said = Event(
                f"x{index}", one.source, one.subject, "call.retracted", at, back, "", cause.id
            )
        if not isinstance(one.data, e.CallCompleted):
            added.append(said)
    return added


@pytest.mark.parametrize(
    ("topic", "lives"), [("ringside.calls", call_events), ("ringside.reps", rep_events)]
)
@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_corrections_may_come_in_any_order_and_twice(topic: str, lives: Any, seed: int) -> None:  # noqa: ANN401
    random = seeded(seed)
    events = [
        Event(f"e{n}", one.source, one.subject, one.type, one.at, one.data)
        for n, one in enumerate(lives(random))
    ]
    events += corrected_lives(random, events)
    in_order = apply(new_fold(topic), events)
    shuffled = [*events, *random.sample(events, len(events) // 2)]
    random.shuffle(shuffled)
    assert panes(apply(new_fold(topic), shuffled)) == panes(in_order)


# Reps.


def state(id_: str, at: float, name: Any, corrects: str | None = None) -> Event:  # noqa: ANN401
    said = e.RepStateChanged(name)
    return Event(id_, SOURCES[0], "linh", "rep.state_changed", T0 + at, said, "", corrects)


STATES = [state("s1", 0, "available"), state("s2", 60, "paused"), state("s3", 100, "offline")]


def seconds(*events: Event) -> dict[str, float]:
    found = [apply(new_fold("ringside.reps"), order) for order in permutations(events)]
    assert all(panes(fold) == panes(found[0]) for fold in found)
    return quarter(found[0])


def test_a_corrected_state_takes_the_place_of_the_first_one() -> None:
    # On a call, not paused, and only from 80 s on.
    cells = seconds(*STATES, state("s4", 80, "on_call", corrects="s2"))
    assert cells == {"rep_available_seconds": 80, "rep_on_call_seconds": 20}


def test_a_retracted_state_is_as_if_it_had_not_been_said() -> None:
    back = Event(
        "s4", SOURCES[0], "linh", "rep.state_retracted", T0 + 70, e.RepStateRetracted(), "", "s2"
    )
    assert seconds(*STATES, back) == {"rep_available_seconds": 100}
    fold = apply(new_fold("ringside.reps"), [STATES[1], back])
    rep = fold.entities["linh"]
    assert isinstance(rep, Rep)
    assert rep.now.state == "offline"  # nothing is known of her any more


def test_a_corrected_correction_of_a_state_counts_no_more() -> None:
    cells = seconds(
        *STATES, state("s4", 60, "on_call", corrects="s2"), state("s5", 60, "ringing", "s4")
    )
    assert cells == {"rep_available_seconds": 60, "rep_ringing_seconds": 40}
