"""Lives of calls, each counted by hand. T0 is 10:00:00; numbers are seconds after it."""

from datetime import UTC, datetime
from typing import Any
from unittest.mock import ANY

import pytest

from schemas import events as e
from schemas.events import Fact
from streams.call_state import Call
from streams.facts import Dims
from streams.fold import Fold
from tests.streams.lives import T0, apply, event, new_fold, panes, quarter

OFFERED = (0, e.CallOffered("loans", customer="ct1_x"))


def told(*pieces: tuple[float, Fact], call: str = "c1") -> Fold:
    return apply(new_fold("ringside.calls"), [event(call, T0 + at, data) for at, data in pieces])


def counted(*pieces: tuple[float, Fact]) -> dict[str, float]:
    return quarter(told(*pieces))


def test_a_call_that_waits_is_offered_and_on_the_floor() -> None:
    fold = told(OFFERED)
    assert quarter(fold) == {"calls_offered": 1}
    assert list(fold.live) == ["c1"]


def test_an_answered_call_is_counted_with_its_wait_before_it_ends() -> None:
    # 12 s is in the bucket of at most 15 s: the seventh bound, index 6.
    fold = told(OFFERED, (12, e.CallAnswered("linh")))
    assert quarter(fold, rep="") == {"calls_offered": 1}
    assert quarter(fold, rep="linh") == {
        "calls_answered": 1,
        "call_wait_seconds": 12,
        "answered_wait:6": 1,
    }
    assert list(fold.live) == ["c1"]


def test_a_handled_call_counts_talk_holds_and_after_call_work() -> None:
    fold = told(
        OFFERED,
        (12, e.CallAnswered("linh")),
        (30, e.CallHeld()),
        (45, e.CallResumed()),  # 15 s
        (60, e.CallHeld()),
        (65, e.CallResumed()),  # 5 s
        (132, e.CallEnded()),  # conversation 120 s, of which 20 s on hold
        (150, e.CallWrapupEnded()),  # 18 s
    )
    assert quarter(fold, rep="linh", queue="loans", direction="inbound") == {
        "calls_answered": 1,
        "call_wait_seconds": 12,
        "answered_wait:6": 1,
        "calls_handled": 1,
        "call_talk_seconds": 100,
        "talk:14": 1,  # <= 120 s
        "call_hold_seconds": 20,
        "call_holds": 2,
        "call_wrapup_seconds": 18,
        "handle:15": 1,  # 100 + 20 + 18 = 138 s <= 150 s
        "calls_answered_by_end": 1,
        "answered_wait_by_end:6": 1,
    }
    assert not fold.live


def test_a_hold_without_an_end_lasts_until_the_conversation_ends() -> None:
    cells = counted(OFFERED, (10, e.CallAnswered("linh")), (20, e.CallHeld()), (60, e.CallEnded()))
    assert cells["call_hold_seconds"] == 40
    assert cells["call_talk_seconds"] == 10


def test_a_second_hold_before_the_first_one_ended_adds_no_time() -> None:
    cells = counted(
        OFFERED,
        (10, e.CallAnswered("linh")),
        (20, e.CallHeld()),
        (25, e.CallHeld()),
        (30, e.CallResumed()),
        (60, e.CallEnded()),
    )
    assert (cells["call_hold_seconds"], cells["call_talk_seconds"]) == (10, 40)


def test_an_abandoned_call_counts_its_wait_only_in_a_bucket() -> None:
    fold = told(OFFERED, (5, e.CallAbandoned()))
    # Exactly 5 s is at most 5 s: the fourth bound, index 3; a short abandon.
    assert quarter(fold) == {
        "calls_offered": 1,
        "calls_abandoned": 1,
        "abandoned_wait:3": 1,
        "calls_abandoned_by_end": 1,
        "abandoned_wait_by_end:3": 1,
    }
    assert not fold.live


def test_a_call_that_ends_unanswered_was_abandoned() -> None:
    assert counted(OFFERED, (9, e.CallEnded()))["calls_abandoned"] == 1


def test_a_call_transferred_before_an_answer_flowed_out() -> None:
    fold = told(OFFERED, (30, e.CallTransferred("blind", to_queue="cards")))
    out = {"calls_flowed_out": 1, "calls_flowed_out_by_end": 1}
    assert quarter(fold) == {"calls_offered": 1, **out}
    assert not fold.live


def test_offered_is_answered_and_abandoned_and_flowed_out() -> None:
    fold = new_fold("ringside.calls")
    for call, end in {"a": e.CallAnswered("linh"), "b": e.CallAbandoned()}.items():
        apply(fold, [event(call, T0, OFFERED[1]), event(call, T0 + 1, end)])
    apply(fold, [event("c", T0, OFFERED[1]), event("c", T0 + 1, e.CallTransferred())])
    cells = quarter(fold)
    parts = cells["calls_answered"] + cells["calls_abandoned"] + cells["calls_flowed_out"]
    assert cells["calls_offered"] == parts == 3


def test_a_leg_told_at_its_end_by_a_record_knows_what_was_waited_on_the_one_before() -> None:
    # Waited 12 s, was passed on after 60 s, wrapped up. The next leg waits 5 s, talks for 40 min
    # (four times the lateness), and is told only then; meanwhile the first one is over.
    first = [
        *(OFFERED, (12, e.CallAnswered("linh")), (72, e.CallTransferred("blind"))),
        (80, e.CallWrapupEnded()),
    ]
    fold = told(*first)
    apply(fold, [event("other", T0 + 2470, e.CallOffered("loans"))])
    fold.release(fold.ledger.fence)
    came = datetime.fromtimestamp(T0 + 72, UTC)
    of = (came, "answered", "cards", "inbound", "minh", None, 5, 2400, 0, 0, 2)
    apply(fold, [event("c1", T0 + 72 + 5 + 2400, e.CallCompleted(*of))])
    assert quarter(fold, rep="minh")["call_earlier_wait_seconds"] == 12


@pytest.mark.parametrize("kind", ["blind", "attended"])
def test_a_transferred_call_is_two_legs_each_with_its_own_rep_and_queue(kind: Any) -> None:  # noqa: ANN401
    fold = told(
        OFFERED,
        (10, e.CallAnswered("linh")),
        (70, e.CallTransferred(kind, to_queue="cards")),
        (70, e.CallOffered("cards", leg=2)),
        (90, e.CallAnswered("minh", leg=2)),
        (150, e.CallEnded(leg=2)),
    )
    first = quarter(fold, queue="loans")
    assert first[f"calls_transferred_{kind}"] == first["calls_handled"] == 1
    assert (first["call_wait_seconds"], first["call_talk_seconds"]) == (10, 60)
    second = quarter(fold, queue="cards", rep="minh")
    assert (second["call_wait_seconds"], second["call_talk_seconds"]) == (20, 60)
    assert f"calls_transferred_{kind}" not in second
    assert quarter(fold)["calls_offered"] == 2


def test_a_leg_that_was_passed_on_is_over_then_even_if_its_end_is_told_later() -> None:
    pieces = (OFFERED, (10, e.CallAnswered("linh")), (70, e.CallTransferred("blind")))
    assert counted(*pieces, (80, e.CallEnded()))["call_talk_seconds"] == 60
    assert counted(*pieces, (65, e.CallEnded()))["call_talk_seconds"] == 55


def test_a_call_counts_when_it_arrived_whenever_it_ended() -> None:
    # Offered at 10:14:59, answered at 10:15:10, ended at 10:20: all of it at 10:00, but for what
    # has "by end" in its name, which stands in the pane of 10:15 and says that it came before.
    fold = told((899, e.CallOffered("loans")), (910, e.CallAnswered("linh")), (1200, e.CallEnded()))
    by_end = {"calls_answered_by_end": 1, "answered_wait_by_end:6": 1, "calls_ended_later": 1}
    assert {
        start: cells for (grain, start, _), cells in panes(fold).items() if start != int(T0)
    } == {int(T0) + 840: ANY, int(T0) + 900: by_end, int(T0) + 1200: by_end}
    cells = panes(fold)[900, int(T0), Dims("loans", "linh", "inbound", "", "pbx/hanoi")]
    assert cells["calls_answered"] == cells["calls_handled"] == 1
    assert not cells.keys() & by_end.keys()


def test_an_outbound_call_is_dialled_and_connected_and_in_no_service_level() -> None:
    fold = told(
        (0, e.CallDialled("linh", "campaign")),
        (20, e.CallAnswered("linh")),
        (80, e.CallEnded()),
        (95, e.CallWrapupEnded()),
    )
    assert quarter(fold, direction="outbound", rep="linh", queue="campaign") == {
        "calls_dialled": 1,
        "calls_connected": 1,
        "outbound_handled": 1,
        "outbound_dialling_seconds": 20,
        "outbound_talk_seconds": 60,
        "outbound_wrapup_seconds": 15,
        # The thirteenth bucket goes up to 60 s, the fifteenth from 90 to 120: it took 95 s in all.
        "dialled_talk:12": 1,
        "dialled_handle:14": 1,
    }


def test_an_outbound_call_that_nobody_took_is_dialled_and_not_connected() -> None:
    fold = told((0, e.CallDialled("linh")), (30, e.CallAbandoned()))
    assert quarter(fold) == {
        "calls_dialled": 1,
        "calls_not_connected": 1,
        "outbound_unanswered_seconds": 30,
    }
    assert not fold.live


def test_what_the_dialler_dialled_is_the_reps_who_talked() -> None:
    fold = told((0, e.CallDialled("dialler")), (20, e.CallAnswered("linh")))
    assert quarter(fold, rep="linh") == {"calls_dialled": 1, "calls_connected": 1}
    assert quarter(fold, rep="dialler") == {}


def test_an_answer_wins_over_a_hang_up_that_crossed_it() -> None:
    cells = counted(OFFERED, (10, e.CallAbandoned()), (10.5, e.CallAnswered("linh")))
    assert cells["calls_answered"] == 1
    assert "calls_abandoned" not in cells


def test_pieces_before_the_arrival_count_once_it_is_known() -> None:
    fold = told((12, e.CallAnswered("linh")), (60, e.CallEnded()))
    assert quarter(fold) == {"calls_answered_without_offer": 1}
    apply(fold, [event("c1", T0, OFFERED[1])])
    assert quarter(fold)["call_wait_seconds"] == 12
    assert "calls_answered_without_offer" not in quarter(fold)


def test_a_corrected_time_moves_what_was_counted() -> None:
    # First "answered after 25 s", then "it was 15 s": one answered call, 15 s.
    cells = counted(OFFERED, (25, e.CallAnswered("linh")), (15, e.CallAnswered("minh")))
    assert (cells["calls_answered"], cells["call_wait_seconds"]) == (1, 15)


def record(outcome: e.CallOutcome, **fields: Any) -> e.CallCompleted:  # noqa: ANN401
    return e.CallCompleted(datetime.fromtimestamp(T0, UTC), outcome, **fields)


def test_a_whole_call_in_one_record() -> None:
    durations = {"wait_seconds": 30, "talk_seconds": 100, "hold_seconds": 20, "wrapup_seconds": 60}
    fold = told((150, record("answered", queue="loans", rep="linh", **durations)))
    assert quarter(fold, rep="") == {"calls_offered": 1, "calls_told_by_record": 1}
    assert quarter(fold, rep="linh") == {
        "calls_answered": 1,
        "call_wait_seconds": 30,
        "answered_wait:9": 1,
        "calls_handled": 1,
        "call_talk_seconds": 100,
        "talk:14": 1,
        "call_hold_seconds": 20,
        "call_wrapup_seconds": 60,
        "handle:16": 1,  # 180 s is at most 180 s
        "calls_answered_by_end": 1,
        "answered_wait_by_end:9": 1,
    }


@pytest.mark.parametrize(
    ("outcome", "cells"),
    [
        (
            "abandoned",
            {
                "calls_offered": 1,
                "calls_abandoned": 1,
                "abandoned_wait:8": 1,
                "calls_abandoned_by_end": 1,
                "abandoned_wait_by_end:8": 1,
            },
        ),
        (
            "flowed_out",
            {"calls_offered": 1, "calls_flowed_out": 1, "calls_flowed_out_by_end": 1},
        ),
        ("menu", {"calls_ended_in_menu": 1}),
    ],
)
def test_records_of_calls_that_nobody_answered(
    outcome: e.CallOutcome, cells: dict[str, float]
) -> None:
    fold = told((25, record(outcome, queue="loans", wait_seconds=25)))
    assert quarter(fold) == cells | {"calls_told_by_record": 1}
    assert not fold.live


@pytest.mark.parametrize("first", [True, False])
def test_a_record_wins_over_pieces_whichever_comes_first(first: bool) -> None:
    pieces: list[tuple[float, Fact]] = [
        OFFERED,
        (10.0, e.CallAnswered("linh")),
        (20.0, e.CallHeld()),
        (40.0, e.CallTransferred("attended")),
    ]
    whole = (50.0, record("answered", queue="loans", rep="linh", wait_seconds=8, talk_seconds=42))
    cells = counted(whole, *pieces) if first else counted(*pieces, whole)
    assert cells == {
        "calls_offered": 1,
        "calls_answered": 1,
        "call_wait_seconds": 8,
        "answered_wait:4": 1,
        "calls_handled": 1,
        "call_talk_seconds": 42,
        "talk:11": 1,
        "handle:11": 1,
        "calls_told_by_record": 1,
        "calls_answered_by_end": 1,
        "answered_wait_by_end:4": 1,
    }


def test_a_call_belongs_to_the_source_that_told_of_its_arrival() -> None:
    fold = apply(
        new_fold("ringside.calls"),
        [
            event("c1", T0 + 9, e.CallAnswered("linh"), "crm"),
            event("c1", T0, e.CallOffered("loans"), "pbx"),
        ],
    )
    assert {dims.source for _, _, dims in panes(fold)} == {"pbx"}


def test_the_legs_of_a_call_are_apart_and_its_number_is_a_token() -> None:
    fold = told(OFFERED, (5, e.CallOffered("cards", leg=2)))
    assert sorted(fold.entities) == ["c1", "c1#2"]
    call = fold.entities["c1"]
    assert isinstance(call, Call)
    assert call.customer == "ct1_x"
    assert Dims("loans", "", "inbound", "", "pbx/hanoi") in {dims for _, _, dims in panes(fold)}
