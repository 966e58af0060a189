"""Repeats, resolution and calls back: worked by hand."""

from schemas.notes import Note, Notes
from streams.customers import KEPT_SECONDS, MAX_LEGS
from tests.streams.customer_told import (
    CUSTOMER,
    OTHER,
    D,
    H,
    answered,
    called,
    folded,
    missed,
    noted,
)
from tests.streams.lives import T0, apply, quarter


def test_a_second_call_within_a_day_makes_the_first_unresolved_and_itself_a_repeat() -> None:
    # 10:00 answered; 13:00 again; nothing more. Seen 9 days later, all windows have passed:
    # the first was followed within 24 h (and so within 7 d), the second was not.
    fold = folded(answered("a", 0), answered("b", 3 * H, "minh"), until=9 * D)
    assert quarter(fold, rep="linh") == {
        "contacts": 1,
        "contacts_followed_24h": 1,
        "contacts_followed_7d": 1,
        "contacts_settled_24h": 1,
        "contacts_settled_7d": 1,
    }
    assert quarter(fold, rep="minh") == {
        "contacts": 1,
        "contacts_preceded_24h": 1,
        "contacts_preceded_7d": 1,
        "contacts_settled_24h": 1,
        "contacts_settled_7d": 1,
        "contacts_resolved_24h": 1,
        "contacts_resolved_7d": 1,
    }


def test_what_may_still_be_followed_is_not_settled() -> None:
    fold = folded(answered("a", 0), until=D)
    assert quarter(fold) == {"contacts": 1}
    fold = folded(answered("a", 0), until=D + 60)
    assert quarter(fold)["contacts_resolved_24h"] == 1
    assert "contacts_settled_7d" not in quarter(fold)


def test_the_window_includes_its_end_and_nothing_beyond() -> None:
    assert quarter(folded(answered("a", 0), answered("b", D)))["contacts_followed_24h"] == 1
    assert "contacts_followed_24h" not in quarter(folded(answered("a", 0), answered("b", D + 1)))


def test_an_outbound_call_is_no_repeat_and_another_customer_neither() -> None:
    fold = folded(answered("a", 0), called("b", H, reached=True), answered("c", H, customer=OTHER))
    assert quarter(fold) == {"contacts": 2}


def test_the_legs_of_a_transfer_are_one_contact_of_the_queue_it_came_to() -> None:
    first = noted("a", 0, "answered", rep="linh")
    second = noted("a#2", 300, "answered", queue="cards", rep="minh")
    fold = folded(first, second)
    assert quarter(fold, queue="loans", rep="linh") == {"contacts": 1}
    assert quarter(fold) == {"contacts": 1}


def test_a_call_that_flowed_out_and_was_answered_elsewhere_is_not_missed() -> None:
    first = noted("a", 0, "flowed_out", over_at=T0 + 90)
    fold = folded(first)
    assert quarter(fold)["contacts_missed"] == 1
    apply(fold, [noted("a#2", 90, "answered", queue="cards", rep="minh")])
    assert quarter(fold) == {"contacts": 1}
    assert not fold.live


def test_a_missed_call_waits_until_it_is_called_back() -> None:
    fold = folded(missed("a", 0))
    (customer,) = fold.live.values()
    assert [call.missed_at for _, call in customer.open_missed] == [T0 + 60]  # type: ignore[union-attr]
    apply(fold, [called("b", 2 * H)])
    assert not fold.live
    # Called back within 24 h, and not reached: final only once the 24 h have passed.
    so_far = {"contacts": 1, "contacts_missed": 1, "missed_called_back": 1}
    assert quarter(fold) == so_far
    fold.idle(2 * D, now=T0 + 2 * D)
    settled = {"missed_settled": 1, "missed_settled_called_back": 1}
    resolved = {"contacts_settled_24h": 1, "contacts_resolved_24h": 1}
    assert quarter(fold) == so_far | settled | resolved


def test_a_call_back_after_24_hours_closes_the_backlog_and_does_not_count_as_closure() -> None:
    fold = folded(missed("a", 0), called("b", D + 61, reached=True), until=2 * D)
    assert not fold.live
    assert quarter(fold)["missed_settled"] == 1
    assert "missed_settled_called_back" not in quarter(fold)


def test_a_call_dialled_while_the_customer_still_waits_is_no_call_back() -> None:
    assert "missed_called_back" not in quarter(folded(missed("a", 0), called("b", 59)))
    assert quarter(folded(missed("a", 0), called("b", 60)))["missed_called_back"] == 1


def test_who_got_through_in_another_call_needs_no_call_back() -> None:
    fold = folded(missed("a", 0), answered("b", 600))
    assert not fold.live
    assert quarter(fold)["contacts_missed"] == 1
    assert "missed_called_back" not in quarter(fold)


def test_a_missed_call_leaves_the_backlog_after_a_week() -> None:
    assert folded(missed("a", 0), until=7 * D).live
    assert not folded(missed("a", 0), until=7 * D + 120).live


def test_a_call_that_ended_in_the_menu_is_a_contact_and_not_missed() -> None:
    assert quarter(folded(noted("a", 0, "menu", queue=""))) == {"contacts": 1}


def test_what_is_taken_back_no_longer_counts() -> None:
    gone = Notes("ringside.calls", 0, (Note(CUSTOMER, 1, 9, T0, "b", None),))
    fold = folded(answered("a", 0), answered("b", H))
    apply(fold, [gone])
    assert quarter(fold) == {"contacts": 1}
    # Not even if an older note comes after it.
    apply(fold, [answered("b", H)])
    assert quarter(fold) == {"contacts": 1}
    assert fold.ledger.duplicate == 1


def test_a_customer_of_too_many_calls_stays_small_and_counts_on() -> None:
    many = [answered(f"c{n}", n * 60.0) for n in range(3 * MAX_LEGS)]
    fold = folded(*many)
    assert len(fold.entities[CUSTOMER].legs) == MAX_LEGS  # type: ignore[union-attr]
    found = quarter(fold)
    assert found["contacts"] == 3 * MAX_LEGS
    assert found["contacts_preceded_24h"] == found["contacts_followed_24h"] == 3 * MAX_LEGS - 1
    assert found["customer_notes_dropped"] == 2 * MAX_LEGS


def test_a_customer_is_forgotten_after_eight_days() -> None:
    fold = folded(answered("a", 0))
    changes = fold.take_changes()
    assert changes is not None
    assert set(changes.snapshot.entities) == {CUSTOMER}
    fold.idle(2 * KEPT_SECONDS, now=T0 + 2 * KEPT_SECONDS)
    for _ in range(2):
        changes = fold.take_changes()
        if changes is not None:
            fold.release(changes.ledger.fence)
    assert not fold.entities
