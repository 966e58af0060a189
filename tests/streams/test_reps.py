"""A rep's states: every second of a state, in the pane it fell into. T0 is 10:00:00."""

import msgspec

from schemas import events as e
from streams import reps
from streams.facts import Dims
from streams.fold import Fold
from streams.rep_turns import SPARE
from streams.reps import Rep
from tests.streams.lives import T0, apply, event, new_fold, panes, quarter

SPELLS: tuple[tuple[float, e.RepState, str], ...] = (
    (0, "available", "rep_available_seconds"),
    (10, "ringing", "rep_ringing_seconds"),
    (15, "on_call", "rep_on_call_seconds"),
    (75, "after_call_work", "rep_wrapup_seconds"),
    (95, "paused", "rep_paused_seconds"),
)


def changed(*turns: tuple[float, e.RepState]) -> Fold:
    return apply(
        new_fold("ringside.reps"),
        [event("linh", T0 + at, e.RepStateChanged(state)) for at, state in turns],
    )


def checkpoint(fold: Fold) -> None:
    """Write what changed, and let it reach Postgres."""
    fold.take_changes()
    fold.release(fold.ledger.fence)


def seconds_of(fold: Fold) -> dict[str, float]:
    """Seconds in all quarters, without what was moved."""
    return {cell: amount for cell, amount in quarter(fold).items() if cell.endswith("_seconds")}


def minutes(fold: Fold, cell: str) -> dict[int, float]:
    """Seconds by minute after 10:00."""
    return {
        (start - int(T0)) // 60: cells[cell]
        for (grain, start, _), cells in panes(fold).items()
        if grain == 60 and cell in cells
    }


def test_each_state_counts_its_own_seconds_until_the_next_one() -> None:
    fold = changed(*((at, state) for at, state, _ in SPELLS), (125, "offline"))
    # 0-10 available, 10-15 ringing, 15-75 on a call, 75-95 after-call work, 95-125 paused.
    assert quarter(fold) == dict(
        zip((cell for _, _, cell in SPELLS), (10, 5, 60, 20, 30), strict=True)
    )


def test_a_state_that_crosses_panes_gives_each_its_share() -> None:
    # On a call from 10:00:15 to 10:03:05: 45 + 60 + 60 + 5 s.
    fold = changed((15, "on_call"), (185, "available"))
    assert minutes(fold, "rep_on_call_seconds") == {0: 45, 1: 60, 2: 60, 3: 5}


def test_parts_of_a_second_add_up_exactly() -> None:
    fold = changed((59.9, "available"), (60.2, "offline"))
    shares = minutes(fold, "rep_available_seconds")
    # 1/1024 s is the grain: 59.9 s after the hour is 59 + 922/1024, 60.2 is 60 + 205/1024.
    assert shares == {0: 102 / 1024, 1: 205 / 1024}


def test_nothing_is_counted_offline_nor_before_a_state_ends() -> None:
    assert panes(changed((0, "available"))) == {}
    assert panes(changed((0, "offline"), (600, "available"))) == {}


def test_the_state_that_still_runs_is_added_when_read() -> None:
    fold = changed((0, "available"))
    rep = fold.entities["linh"]
    assert isinstance(rep, Rep)
    (spell,) = reps.running(rep, T0 + 42)
    assert (spell.cell, spell.end_at - spell.start_at) == ("rep_available_seconds", 42)
    assert reps.running(rep, T0 - 1) == ()


def test_a_pause_is_counted_by_its_reason() -> None:
    fold = apply(
        new_fold("ringside.reps"),
        [
            event("linh", T0, e.RepStateChanged("paused", "lunch")),
            event("linh", T0 + 60, e.RepStateChanged("paused", "training")),
            event("linh", T0 + 90, e.RepStateChanged("offline")),
        ],
    )
    assert quarter(fold, kind="lunch") == {"rep_paused_seconds": 60}
    assert quarter(fold, kind="training") == {"rep_paused_seconds": 30}


def test_a_state_that_comes_late_cuts_the_one_it_falls_into() -> None:
    # "Available from 0 to 100" becomes available to 40, on a call from 40 to 100.
    fold = changed((0, "available"), (100, "offline"), (40, "on_call"))
    assert quarter(fold) == {"rep_available_seconds": 40, "rep_on_call_seconds": 60}


def test_a_state_before_the_first_known_one_counts_until_that() -> None:
    fold = changed((100, "on_call"), (160, "offline"), (0, "available"))
    assert quarter(fold) == {"rep_available_seconds": 100, "rep_on_call_seconds": 60}


def test_a_repetition_counts_nothing() -> None:
    fold = changed((0, "available"), (60, "on_call"), (0, "available"), (60, "on_call"))
    assert quarter(fold) == {"rep_available_seconds": 60}
    assert fold.ledger.duplicate == 2


def test_the_same_state_again_goes_on() -> None:
    fold = changed((0, "available"), (30, "available"), (60, "offline"))
    assert quarter(fold) == {"rep_available_seconds": 60}


def test_seconds_belong_to_the_rep_and_no_queue() -> None:
    fold = changed((0, "available"), (60, "offline"))
    assert {dims for _, _, dims in panes(fold)} == {Dims("", "linh", "", "", "pbx/hanoi")}


def test_a_reps_history_is_as_long_as_an_event_may_be_late() -> None:
    # A turn each 10 s; 600 s are allowed: 61 turns from the horizon to now, and what held before.
    # Older ones go by eights, at checkpoints.
    fold = new_fold("ringside.reps")
    for index in range(200):
        apply(fold, [event("linh", T0 + 10.0 * index, e.RepStateChanged("available"))])
        checkpoint(fold)
    rep = fold.entities["linh"]
    assert isinstance(rep, Rep)
    assert 62 <= len(rep.turns) < 70
    assert quarter(fold) == {"rep_available_seconds": 1990}
    # The latest that may come cuts what held at the horizon.
    apply(fold, [event("linh", T0 + 1390, e.RepStateChanged("on_call"))])
    assert fold.ledger.late == 0
    assert quarter(fold)["rep_on_call_seconds"] == 10


def test_a_rep_who_was_corrected_stays_as_small_as_any_other_and_counts_on() -> None:
    # A pause that was a call; then ten hours of 9 s available, 27 s on a call, in turns.
    wrong = event("linh", T0, e.RepStateChanged("paused"))
    right = msgspec.structs.replace(
        event("linh", T0, e.RepStateChanged("on_call")), id="right", causation_id=wrong.id
    )
    fold = apply(new_fold("ringside.reps"), [wrong, right])
    cycles = 1000
    for at in range(0, 36 * cycles, 36):
        apply(fold, [event("linh", T0 + 4 + at, e.RepStateChanged("available"))])
        apply(fold, [event("linh", T0 + 13 + at, e.RepStateChanged("on_call"))])
        checkpoint(fold)
    fold.apply(event("linh", T0 + 4 + 36 * cycles, e.RepStateChanged("offline")), 10_000)
    (rep,) = fold.entities.values()
    assert isinstance(rep, Rep)
    assert len(rep.turns) < reps.MAX_TURNS + SPARE + 4  # and what came since the last checkpoint
    assert seconds_of(fold) == {
        "rep_available_seconds": 9 * cycles,
        "rep_on_call_seconds": 4 + 27 * cycles,
    }
