"""Meetings: however often moved, one meeting with one outcome. T0 is 10:00:00."""

from datetime import UTC, datetime

from schemas import events as e
from schemas.events import Fact
from streams.fold import Fold
from streams.meetings import Meeting
from tests.streams.lives import T0, apply, event, new_fold, quarter

DAY_SECONDS = 86_400.0


def starts(at: float) -> datetime:
    return datetime.fromtimestamp(T0 + at, UTC)


BOOKED = (0.0, e.MeetingBooked("linh", starts(3600)))


def told(*pieces: tuple[float, Fact]) -> Fold:
    events = [event("m1", T0 + at, data) for at, data in pieces]
    return apply(new_fold("ringside.meetings"), events)


def meeting(fold: Fold) -> Meeting:
    found = fold.entities["m1"]
    assert isinstance(found, Meeting)
    return found


def test_a_meeting_booked_and_held_is_one_of_each() -> None:
    fold = told(BOOKED, (60, e.MeetingHeld()))
    assert quarter(fold, rep="linh") == {"meetings_booked": 1, "meetings_held": 1}


def test_a_moved_meeting_is_still_one_meeting() -> None:
    fold = told(BOOKED, (10, e.MeetingRescheduled(starts(7200))), (60, e.MeetingHeld()))
    assert quarter(fold) == {"meetings_booked": 1, "meetings_rescheduled": 1, "meetings_held": 1}
    assert meeting(fold).starts_at == T0 + 7200


def test_the_latest_move_says_when_it_starts_in_any_order() -> None:
    fold = told(
        (20, e.MeetingRescheduled(starts(9000))),
        (10, e.MeetingRescheduled(starts(7200))),
        BOOKED,
    )
    assert meeting(fold).starts_at == T0 + 9000
    assert quarter(fold) == {"meetings_booked": 1, "meetings_rescheduled": 2}


def test_a_meeting_that_ended_twice_was_held_once() -> None:
    fold = told(BOOKED, (60, e.MeetingHeld()), (61, e.MeetingHeld()))
    assert quarter(fold)["meetings_held"] == 1


def test_a_cancelled_meeting_that_took_place_was_held() -> None:
    fold = told(BOOKED, (30, e.MeetingCancelled()), (60, e.MeetingHeld()))
    assert quarter(fold) == {"meetings_booked": 1, "meetings_held": 1}


def test_the_last_word_by_time_counts_not_the_last_to_arrive() -> None:
    fold = told(BOOKED, (60, e.MeetingHeld()), (30, e.MeetingNoShow()))
    assert quarter(fold) == {"meetings_booked": 1, "meetings_held": 1}


def test_a_no_show_that_is_moved_and_held_the_next_day_was_held() -> None:
    # Hours lie between them: the meeting must not have been forgotten.
    fold = told(BOOKED, (3600, e.MeetingNoShow()))
    fold.take_changes()
    fold.idle(4 * 3600.0, now=T0 + DAY_SECONDS)
    fold.release(fold.ledger.fence)
    apply(
        fold,
        [
            event("m1", T0 + 5 * 3600, e.MeetingRescheduled(starts(DAY_SECONDS))),
            event("m1", T0 + DAY_SECONDS, e.MeetingHeld()),
        ],
    )
    assert quarter(fold) == {"meetings_booked": 1, "meetings_rescheduled": 1, "meetings_held": 1}


def test_nothing_counts_before_the_booking_says_whose_it_is() -> None:
    fold = told((60, e.MeetingHeld()))
    assert quarter(fold) == {}
    apply(fold, [event("m1", T0, BOOKED[1])])
    assert quarter(fold, rep="linh") == {"meetings_booked": 1, "meetings_held": 1}


def test_the_earliest_booking_counts() -> None:
    fold = told((10, e.MeetingBooked("minh", starts(99))), BOOKED)
    assert quarter(fold, rep="linh") == {"meetings_booked": 1}
    assert quarter(fold, rep="minh") == {}


def test_moves_are_bounded() -> None:
    fold = told(BOOKED, *((at, e.MeetingRescheduled(starts(at))) for at in range(1, 100)))
    assert quarter(fold)["meetings_rescheduled"] == 32
