"""Corrected meetings, activities, leads and deals: figures by hand, and the same in any order."""

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import permutations
from typing import cast

import msgspec
import pytest

from schemas import events as e
from schemas.events import Event, Fact
from schemas.topics import ACTIVITIES, DEALS, MEETINGS
from streams.deal_state import Deal
from streams.facts import Fact as Counted
from streams.fold import Fold
from streams.meetings import Meeting, step
from tests.streams.lives import T0, TYPE_OF, apply, funnel, new_fold, panes, quarter


def starts(at: float) -> datetime:
    return datetime.fromtimestamp(T0 + at, UTC)


def told(id_: str, subject: str, at: float, data: Fact, corrects: str | None = None) -> Event:
    fact = cast("e.AnyFact", data)
    return Event(id_, "crm", subject, TYPE_OF[type(data)], T0 + at, fact, "", corrects)


def folds(topic: str, events: Iterable[Event]) -> list[Fold]:
    """The same events in every order, and each twice."""
    listed = list(events)
    found = [apply(new_fold(topic), order) for order in permutations(listed)]
    found.append(apply(new_fold(topic), (*listed, *reversed(listed))))
    assert all(panes(fold) == panes(found[0]) for fold in found)
    return found


BOOKED = told("b", "m1", 0, e.MeetingBooked("linh", starts(3600)))
HELD = told("h", "m1", 60, e.MeetingHeld())


def meeting(*events: Event) -> tuple[dict[str, float], Meeting]:
    found = folds(MEETINGS.name, events)
    one = found[0].entities["m1"]
    assert isinstance(one, Meeting)
    return quarter(found[0]), one


def test_a_corrected_outcome_takes_the_place_of_the_one_it_names() -> None:
    # Not held after all: the customer did not come, which was known ten seconds earlier.
    cells, one = meeting(BOOKED, HELD, told("x", "m1", 50, e.MeetingNoShow(), "h"))
    assert cells == {"meetings_booked": 1, "meetings_no_show": 1}
    assert (one.outcome, one.outcome_at) == ("no_show", T0 + 50)


def test_what_happened_after_a_corrected_outcome_still_counts() -> None:
    # The no-show was really called off; it was moved, and held a quarter of an hour later.
    later = told("h2", "m1", 500, e.MeetingHeld())
    no_show = told("n", "m1", 60, e.MeetingNoShow())
    cells, _ = meeting(BOOKED, no_show, told("x", "m1", 55, e.MeetingCancelled(), "n"), later)
    assert cells == {"meetings_booked": 1, "meetings_held": 1}


def test_one_of_several_moves_of_a_meeting_can_be_corrected_or_taken_back() -> None:
    first = told("r1", "m1", 10, e.MeetingRescheduled(starts(7200)))
    second = told("r2", "m1", 20, e.MeetingRescheduled(starts(9000)))
    back = told("x", "m1", 30, e.MeetingRetracted("meeting.rescheduled"), "r2")
    cells, one = meeting(BOOKED, first, second, back)
    assert cells == {"meetings_booked": 1, "meetings_rescheduled": 1}
    assert one.starts_at == T0 + 7200
    none = told("x", "m1", 30, e.MeetingRetracted("meeting.rescheduled"), "")
    cells, one = meeting(BOOKED, first, second, none)
    assert cells == {"meetings_booked": 1}
    assert one.starts_at == T0 + 3600  # as it was booked


def test_a_corrected_booking_moves_the_meeting_to_another_rep_and_quarter() -> None:
    other = told("x", "m1", -300, e.MeetingBooked("minh", starts(3600)), "b")
    found = folds(MEETINGS.name, [BOOKED, HELD, other])[0]
    assert quarter(found, rep="linh") == {}
    assert quarter(found, rep="minh") == {"meetings_booked": 1, "meetings_held": 1}
    assert {start for grain, start, _ in panes(found) if grain == 900} == {
        int(T0) - 900,
        int(T0),
    }


def test_a_retracted_meeting_counts_nothing_until_that_is_corrected() -> None:
    back = told("x", "m1", 70, e.MeetingRetracted(), "")
    cells, _ = meeting(BOOKED, HELD, back)
    assert cells == {}
    again = told("y", "m1", 0, e.MeetingBooked("linh", starts(3600)), "x")
    cells, _ = meeting(BOOKED, HELD, back, again)
    assert cells == {"meetings_booked": 1, "meetings_held": 1}


LOGGED = told("a", "a1", 0, e.ActivityLogged("linh", "demo"))
CREATED = told("c", "l1", 0, e.LeadCreated("linh"))
QUALIFIED = told("q", "l1", 60, e.LeadQualified("linh"))


def activities(*events: Event) -> dict[str, float]:
    return quarter(folds(ACTIVITIES.name, events)[0])


def test_a_corrected_activity_is_of_another_kind_and_rep() -> None:
    now = told("x", "a1", 30, e.ActivityLogged("minh", "e-mail"), "a")
    found = folds(ACTIVITIES.name, [LOGGED, now])[0]
    assert quarter(found, rep="minh", kind="e-mail") == {"activities_logged": 1}
    assert quarter(found, rep="linh") == {}


def test_a_retracted_activity_counts_nothing() -> None:
    assert activities(LOGGED, told("x", "a1", 5, e.ActivityRetracted(), "")) == {}


def test_a_lead_that_was_not_qualified_stays_a_lead() -> None:
    back = told("x", "l1", 90, e.LeadRetracted("lead.qualified"), "q")
    assert activities(CREATED, QUALIFIED, back) == {"leads_created": 1}
    assert activities(CREATED, QUALIFIED, told("x", "l1", 90, e.LeadRetracted(), "")) == {}


OPENED = told("o", "d1", 0, e.DealCreated("linh", "sales", "new", 100, "USD"))
TRIAL = told("t", "d1", 60, e.DealStageChanged("trial"))


def deal(*events: Event) -> tuple[dict[str, float], Deal]:
    found = folds(DEALS.name, events)
    deals = [fold.entities["d1"] for fold in found]
    known = cast("Deal", deals[0])
    for one in deals:
        assert isinstance(one, Deal)
        assert (one.moves, one.turns, one.amount_minor) == (
            known.moves,
            known.turns,
            known.amount_minor,
        )
    assert all(funnel(fold) == funnel(found[0]) for fold in found)
    return quarter(found[0]), known


def test_a_corrected_stage_move_has_another_time_and_stage() -> None:
    cells, one = deal(OPENED, TRIAL, told("x", "d1", 30, e.DealStageChanged("offer"), "t"))
    assert cells == {"opportunities_created": 1, "deal_stage_changes": 1}
    assert [(move.at - T0, move.stage) for move in one.moves] == [(0, "new"), (30, "offer")]


def test_a_corrected_amount_gives_way_to_a_later_one_but_not_to_the_wrong_one() -> None:
    wrong = told("p", "d1", 60, e.DealAmountChanged(900, "USD"))
    right = told("x", "d1", 60, e.DealAmountChanged(90, "USD"), "p")
    _, one = deal(OPENED, wrong, right)
    assert (one.amount_minor, one.currency) == (90, "USD")
    _, one = deal(OPENED, wrong, told("x", "d1", 70, e.DealRetracted(), "p"))
    assert one.amount_minor == 100  # as it was created
    _, one = deal(OPENED, wrong, right, told("n", "d1", 90, e.DealAmountChanged(120, "USD")))
    assert one.amount_minor == 120


def test_a_win_that_was_none_leaves_the_deal_open_or_lost() -> None:
    won = told("w", "d1", 60, e.DealWon(700, "USD"))
    cells, one = deal(OPENED, won, told("x", "d1", 70, e.DealRetracted(), "w"))
    assert cells == {"opportunities_created": 1}
    assert (one.status, one.amount_minor) == ("open", 100)
    cells, one = deal(OPENED, won, told("x", "d1", 70, e.DealLost("price"), "w"))
    assert cells == {"opportunities_created": 1, "deals_lost": 1}
    assert (one.status, one.reason) == ("lost", "price")


def test_a_corrected_creation_takes_its_stage_along() -> None:
    now = told("x", "d1", 10, e.DealCreated("minh", "sales", "lead", 50, "KRW"), "o")
    found = folds(DEALS.name, [OPENED, TRIAL, now])[0]
    one = cast("Deal", found.entities["d1"])
    assert [move.stage for move in one.moves] == ["lead", "trial"]
    assert (one.rep, one.created_at, one.amount_minor, one.currency) == ("minh", T0 + 10, 50, "KRW")
    assert quarter(found, rep="linh") == {}


# What moved, and what could not.


def test_what_a_corrected_meeting_moved_is_kept_with_before_and_after() -> None:
    fold = apply(new_fold(MEETINGS.name), [BOOKED, HELD])
    apply(fold, [told("x", "m1", 50, e.MeetingNoShow(), "h")])
    one = cast("Meeting", fold.entities["m1"])
    assert one.corrected is not None
    (moved,) = one.corrected.moved
    assert (moved.id, moved.cause, moved.start_at) == ("x", "h", int(T0))
    assert moved.cells == (("meetings_held", 1, 0), ("meetings_no_show", 0, 1))
    assert (fold.ledger.corrections, fold.ledger.corrections_unmet) == (1, 0)


def test_a_quarter_that_is_closed_takes_no_correction_and_notes_none() -> None:
    fold = apply(new_fold(MEETINGS.name), [BOOKED, HELD])
    fold.idle(30 * 3600.0, now=T0 + 30 * 3600)
    apply(fold, [told("x", "m1", 30 * 3600, e.MeetingRetracted(), "")])
    assert quarter(fold) == {"meetings_booked": 1, "meetings_held": 1}
    assert fold.ledger.closed_facts == 2
    one = cast("Meeting", fold.entities["m1"])
    assert one.corrected is not None
    assert one.corrected.moved == ()


@pytest.mark.parametrize(
    ("topic", "before", "correction"),
    [
        (MEETINGS.name, [BOOKED], told("x", "m1", 9, e.MeetingNoShow(), "h")),
        (MEETINGS.name, [], told("x", "m1", 9, e.MeetingRetracted(), "")),
        (ACTIVITIES.name, [], told("x", "a1", 9, e.ActivityRetracted(), "")),
        (DEALS.name, [OPENED], told("x", "d1", 9, e.DealRetracted(), "t")),
    ],
)
def test_a_correction_that_finds_nothing_to_correct_is_counted(
    topic: str, before: list[Event], correction: Event
) -> None:
    fold = apply(new_fold(topic), [*before, correction])
    assert (fold.ledger.corrections, fold.ledger.corrections_unmet) == (1, 1)


def test_a_meeting_of_an_older_releases_changelog_goes_on_counting() -> None:
    # It has no statements yet: what was known of it is taken for what was said.
    record = f'["crm","linh",null,{T0},{T0 + 3600},[{T0 + 5}],"held",{T0 + 60},{T0 + 60},null]'
    old = msgspec.json.decode(record, type=Meeting)
    new, facts = step(old, told("n", "m1", 70, e.MeetingNoShow()))
    assert (new.booked_at, new.moves, new.outcome) == (T0, (T0 + 5,), "no_show")
    assert [cells for one in facts if isinstance(one, Counted) for cells in one.cells] == [
        ("meetings_held", -1),
        ("meetings_no_show", 1),
    ]
    gone, _ = step(new, told("x", "m1", 80, e.MeetingRetracted(), ""))
    assert gone.booked_at is None
