"""What a call tells its customer: once per change that matters, to the right one, and all of it."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import events as e
from schemas import notes
from schemas.codec import Message, Reason, Rejected
from schemas.customers import Tokeniser
from schemas.erasures import Erasure, encode_erasure
from schemas.notes import CallNote, Note, Notes
from schemas.topics import CALLS, CUSTOMERS
from streams.fold import Fold
from tests.streams.lives import (
    LATENESS_SECONDS,
    T0,
    apply,
    call_events,
    event,
    new_fold,
    quarter,
    seeded,
)

ALICE, BOB = "ct1_" + "a" * 32, "ct1_" + "b" * 32


def told(fold: Fold) -> list[Note]:
    changes = fold.take_changes()
    return changes.notes if changes is not None else []


def said(fold: Fold) -> list[tuple[str, str, CallNote | None]]:
    return [(note.customer, note.entity, note.says) for note in told(fold)]


def test_a_call_that_came_and_went_between_two_checkpoints_makes_one_note() -> None:
    fold = new_fold(CALLS.name)
    pieces = [e.CallOffered("loans", ALICE), e.CallAnswered("linh"), e.CallEnded()]
    apply(fold, [event("c1", T0 + n, piece) for n, piece in enumerate(pieces)])
    (note,) = told(fold)
    assert note == Note(
        ALICE,
        epoch=1,
        offset=3,
        at=T0 + 2,
        entity="c1",
        says=CallNote("pbx/hanoi", "inbound", T0, "loans", "linh", "answered"),
    )


def test_holds_and_wrap_up_are_no_news_to_the_customer() -> None:
    fold = new_fold(CALLS.name)
    apply(
        fold,
        [
            event("c1", T0, e.CallOffered("loans", ALICE)),
            event("c1", T0 + 9, e.CallAnswered("linh")),
        ],
    )
    assert len(told(fold)) == 1
    apply(fold, [event("c1", T0 + 20, e.CallHeld()), event("c1", T0 + 30, e.CallResumed())])
    apply(fold, [event("c1", T0 + 40, e.CallEnded()), event("c1", T0 + 50, e.CallWrapupEnded())])
    assert told(fold) == []


def test_a_call_without_a_customer_tells_nobody() -> None:
    fold = new_fold(CALLS.name)
    apply(fold, [event("c1", T0, e.CallOffered("loans")), event("c1", T0 + 9, e.CallAbandoned())])
    assert told(fold) == []


def test_when_the_customer_turns_out_to_be_another_the_first_one_is_told_so() -> None:
    fold = new_fold(CALLS.name)
    apply(fold, [event("c1", T0 + 9, e.CallOffered("loans", ALICE))])
    assert [customer for customer, _, _ in said(fold)] == [ALICE]
    apply(fold, [event("c1", T0, e.CallOffered("loans", BOB))])
    assert [(who, says is None) for who, _, says in said(fold)] == [(ALICE, True), (BOB, False)]


def test_a_leg_that_names_no_customer_has_that_of_the_first_whichever_is_heard_of_first() -> None:
    fold = new_fold(CALLS.name)
    apply(fold, [event("c1", T0 + 60, e.CallOffered("cards", leg=2))])
    assert said(fold) == []
    apply(fold, [event("c1", T0, e.CallOffered("loans", ALICE))])
    assert sorted((who, key) for who, key, _ in said(fold)) == [(ALICE, "c1"), (ALICE, "c1#2")]
    apply(fold, [event("c1", T0 + 70, e.CallAnswered("minh", 2))])
    assert [(who, key) for who, key, _ in said(fold)] == [(ALICE, "c1#2")]


def test_a_call_that_we_closed_while_it_waited_is_missed_since_it_was_last_heard_of() -> None:
    calls, customers = new_fold(CALLS.name), new_fold(CUSTOMERS.name, 30 * 86_400)
    notes_of: list[Notes] = []

    def tell() -> dict[str, float]:
        """Tell the customers' fold, and again in the wrong order; return what is counted."""
        notes_of.append(Notes(CALLS.name, 0, tuple(told(calls))))
        return quarter(apply(customers, [*notes_of, *reversed(notes_of)]), queue="loans")

    apply(calls, [event("c1", T0, e.CallOffered("loans", ALICE))])
    apply(calls, [event("c2", T0, e.CallOffered("loans", BOB))])
    assert tell() == {"contacts": 2}
    apply(calls, [event("back", T0 + 3600, e.CallDialled("minh", customer=BOB))])
    assert tell() == {"contacts": 2}
    # A queue's limit is four hours unless the roster says otherwise. Nothing else is heard. Bob was
    # called back before we had closed the call, but after the last that was heard of it.
    calls.idle(4 * 3600, now=T0 + 5 * 3600)
    assert tell() == {"contacts": 2, "contacts_missed": 2, "missed_called_back": 1}
    ((_, call),) = customers.entities[ALICE].open_missed  # type: ignore[union-attr]
    assert (call.missed_at, call.is_closed_by_us) == (T0, True)
    assert set(customers.live) == {ALICE}
    # News of one undoes that: it was answered, late.
    apply(calls, [event("c1", T0 + 5 * 3600, e.CallAnswered("linh"))])
    assert tell() == {"contacts": 2, "contacts_missed": 1, "missed_called_back": 1}
    assert not customers.live


def test_a_call_that_is_forgotten_between_two_checkpoints_is_told_of_all_the_same() -> None:
    fold = new_fold(CALLS.name)
    apply(fold, [event("c1", T0, e.CallOffered("loans", ALICE))])
    apply(fold, [event("c1", T0 + 1, e.CallAbandoned())])
    fold.idle(9 * 86_400, now=T0 + 9 * 86_400)
    assert len(told(fold)) == 1
    # It is over and about to go; news of it comes, and it goes before the next checkpoint.
    late_at = T0 + 9 * 86_400 - 1
    apply(fold, [event("c1", late_at, e.CallAnswered("linh"))])
    fold.idle(9 * 86_400, now=T0 + 18 * 86_400)
    fold.release(fold.ledger.fence)
    assert not fold.entities
    ((who, key, says),) = said(fold)
    assert (who, key, says is not None and says.outcome) == (ALICE, "c1", "answered")


def test_what_time_changes_while_nothing_comes_counts_further_than_what_was_written() -> None:
    fold = new_fold(CUSTOMERS.name)
    says = CallNote("pbx", "inbound", T0, "loans", "linh", "answered")
    apply(fold, [Notes(CALLS.name, 0, (Note(ALICE, 1, 1, T0, "c1", says),))])
    before = fold.take_changes()
    fold.idle(2 * 86_400, now=T0 + 2 * 86_400)
    after = fold.take_changes()
    assert before is not None
    assert after is not None
    assert before.ledger.next_offset == after.ledger.next_offset
    assert before.ledger.fence < after.ledger.fence
    assert any("contacts_settled_24h" in cells for cells in after.snapshot.panes.values())


@settings(max_examples=50, derandomize=True, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_last_note_of_a_leg_does_not_depend_on_when_checkpoints_fall(seed: int) -> None:
    random = seeded(seed)
    events = [
        msgspec.structs.replace(one, data=msgspec.structs.replace(one.data, customer=ALICE))
        if hasattr(one.data, "customer")
        else one
        for one in call_events(random)
    ]
    random.shuffle(events)
    last: list[dict[str, CallNote | None]] = []
    for share in (0.0, 0.5):
        fold, notes_of = new_fold(CALLS.name, LATENESS_SECONDS * 2), {}
        for one in events:
            apply(fold, [one])
            if random.random() < share:
                notes_of |= {note.entity: note.says for note in told(fold)}
        notes_of |= {note.entity: note.says for note in told(fold)}
        last.append(notes_of)
    assert last[0] == last[1]


def message(value: bytes | None, key: str | None = None, topic: str = CUSTOMERS.name) -> Message:
    return Message(topic, key.encode() if key is not None else None, value)


def decoded(record: Message, now: float = T0) -> Notes | Erasure | Rejected:
    return notes.decode_notes(record, record.topic, now, Tokeniser(b"k" * 16))


SAYS = CallNote("pbx", "inbound", T0, "loans")
NOTES = Notes(CALLS.name, 0, (Note(ALICE, 1, 7, T0, "c1", SAYS), Note(BOB, 1, 7, T0 - 9, "c2")))
SINGLE = b'["ringside.calls",0,1,7,%f,"c1",["call","pbx","inbound",%f,"loans"]]' % (T0, T0)
"""As they were written before one record held many, its key the customer."""


def test_notes_come_out_as_they_went_in_and_their_time_is_the_newest() -> None:
    found = decoded(message(notes.encode(NOTES)))
    assert found == NOTES
    assert isinstance(found, Notes)
    assert found.at == T0


def test_a_note_of_its_own_record_is_read_as_it_was_before_there_were_lists() -> None:
    found = decoded(message(SINGLE, key=ALICE))
    assert found == Notes(CALLS.name, 0, (Note(ALICE, 1, 7, T0, "c1", SAYS),))


def test_what_is_no_note_is_refused_and_above_all_a_raw_number() -> None:
    good = notes.encode(NOTES)
    refused = {
        "a number": (message(good.replace(ALICE.encode(), b"+84901234567")), Reason.INVALID),
        "a number as key": (message(SINGLE, key="+84901234567"), Reason.WRONG_KEY),
        "other topic": (message(good, topic=CALLS.name), Reason.WRONG_TOPIC),
        "no json": (message(b"["), Reason.NOT_JSON),
        "no note": (message(b"[1]"), Reason.INVALID),
        "no notes": (message(b'["ringside.calls",0,[]]'), Reason.INVALID),
        "a list with a key": (message(good, key=ALICE), Reason.INVALID),
        "nothing": (message(None), Reason.INVALID),
        "too long": (message(b" " * 700_001), Reason.TOO_LARGE),
    }
    for name, (raw, reason) in refused.items():
        found = decoded(raw)
        assert isinstance(found, Rejected), name
        assert found.reason is reason, name
    late = decoded(message(good), now=T0 - 601)
    assert isinstance(late, Rejected)
    assert late.reason is Reason.TIME_IN_FUTURE


def test_a_customer_who_is_forgotten_leaves_no_state_and_what_was_counted() -> None:
    fold = new_fold(CUSTOMERS.name)
    noted = decoded(message(SINGLE, key=ALICE))
    wish = decoded(message(encode_erasure(ALICE, at=T0), key=ALICE))
    assert isinstance(wish, Erasure)
    assert isinstance(noted, Notes)
    fold.apply(noted, 0)
    fold.apply(wish, 1)
    assert not fold.entities
    assert quarter(fold) == {"contacts": 1}
    # What waited for time to pass finds nobody any more.
    fold.idle(3 * 86_400, now=T0 + 3 * 86_400)
    assert fold.take_changes() is not None
    assert quarter(fold) == {"contacts": 1}


def test_a_call_whose_customer_is_forgotten_before_the_checkpoint_tells_nobody() -> None:
    fold = new_fold(CALLS.name)
    apply(fold, [event("c1", T0, e.CallOffered("loans", ALICE))])
    fold.apply(Erasure(ALICE, "operator"), 1)
    assert told(fold) == []
