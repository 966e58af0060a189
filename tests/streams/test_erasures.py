"""To be forgotten: no entity names the customer any more, and no number changes."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import events as e
from schemas.codec import Message, Reason, Rejected, decode
from schemas.customers import Tokeniser
from schemas.erasures import Erasure, encode_erasure
from schemas.events import AnyFact, Event
from schemas.notes import CallNote, Note, Notes, decode_notes
from schemas.topics import SOURCES
from streams.fold import Fold
from streams.ledger import Ledger

AT = 1_788_256_800.0
TOKENISER = Tokeniser(b"a key of sixteen")
STARTS_AT = datetime.fromtimestamp(AT, UTC)
GONE, OTHER = TOKENISER.token("+84901234567"), TOKENISER.token("+84907654321")
ERASURE = Erasure(GONE, "/ringside/privacy")


def event(subject: str, type_: str, data: AnyFact, at: float = AT) -> Event:
    return Event(f"{subject}/{type_}", "/pbx", subject, type_, at, data)


CALLS = [
    event("c1", "call.offered", e.CallOffered("sales", GONE)),
    event("c2", "call.offered", e.CallOffered("sales", OTHER), AT + 1),
    event("c1", "call.answered", e.CallAnswered("mai"), AT + 5),
    event("c1", "call.ended", e.CallEnded(), AT + 60),
    event("c3", "call.offered", e.CallOffered("sales", GONE), AT + 70),
    event("c2", "call.abandoned", e.CallAbandoned(), AT + 80),
]


def folded(messages: Sequence[Event | Notes | Erasure], topic: str = "ringside.calls") -> Fold:
    fold = Fold(topic, 0, ledger=Ledger(1), lateness_seconds=3600)
    for offset, message in enumerate(messages):
        fold.apply(message, offset)
    return fold


def test_nothing_names_the_customer_and_every_count_stays() -> None:
    before, after = folded([*CALLS]), folded([*CALLS, ERASURE])
    customers = {key: getattr(one, "customer", None) for key, one in after.entities.items()}
    assert customers == {"c1": None, "c2": OTHER, "c3": None}
    assert after.whole().panes == before.whole().panes
    assert GONE not in repr(after.entities)
    changes = after.take_changes()
    assert changes is not None
    assert GONE not in repr(changes.entities)


def test_only_what_changes_is_written_again() -> None:
    fold = folded([*CALLS])
    fold.take_changes()
    fold.apply(ERASURE, 100)
    changes = fold.take_changes()
    assert changes is not None
    assert set(changes.entities) == {"c1", "c3"}
    assert not changes.panes


def test_asked_twice_it_is_a_repetition_and_the_ledger_says_so() -> None:
    ledger = folded([*CALLS, ERASURE, ERASURE]).ledger
    assert (ledger.consumed, ledger.applied, ledger.duplicate) == (8, 7, 1)
    assert folded([ERASURE]).ledger.duplicate == 1


def test_what_is_forgotten_is_not_missed_when_its_time_has_come() -> None:
    note = Note(GONE, 1, 5, AT, "c1", CallNote("/pbx", "inbound", AT, "sales"))
    noted = Notes("ringside.calls", 0, (note,))
    fold = folded([noted, ERASURE, noted, ERASURE], "ringside.customers")
    assert not fold.entities
    later = msgspec.structs.replace(note, customer=OTHER, at=AT + 30 * 86_400)
    fold.apply(Notes("ringside.calls", 0, (later,)), 10)
    changes = fold.take_changes()
    assert changes is not None
    assert changes.entities[GONE] is None, "the changelog gets a tombstone"
    fold.release(11)
    assert set(fold.entities) == {OTHER}


def test_the_customers_topic_takes_it_too() -> None:
    record = Message("ringside.customers", GONE.encode(), encode_erasure(GONE, at=AT))
    assert decode_notes(record, record.topic, AT, TOKENISER) == ERASURE
    stranger = Message("ringside.customers", OTHER.encode(), encode_erasure(GONE, at=AT))
    assert isinstance(decode_notes(stranger, stranger.topic, AT, TOKENISER), Rejected)


def test_the_watermark_does_not_move() -> None:
    assert folded([ERASURE]).watermark.newest_at is None
    assert folded([CALLS[0], ERASURE]).watermark.newest_at == AT


NAMING: list[tuple[str, str, AnyFact]] = [
    ("ringside.meetings", "meeting.booked", e.MeetingBooked("mai", STARTS_AT, GONE)),
    ("ringside.deals", "deal.created", e.DealCreated("mai", "new", "lead", customer=GONE)),
    ("ringside.activities", "activity.logged", e.ActivityLogged("mai", "visit", GONE)),
]


@pytest.mark.parametrize(
    ("topic", "type_", "data"),
    [*NAMING, ("ringside.calls", "call.offered", e.CallOffered("sales", GONE))],
)
def test_what_was_corrected_is_forgotten_with_the_correction(
    topic: str, type_: str, data: AnyFact
) -> None:
    first = event("x", type_, data)
    again = msgspec.structs.replace(first, id="again", at=AT + 1)
    corrected = msgspec.structs.replace(first, id="c", at=AT + 2, causation_id=first.id)
    more = msgspec.structs.replace(corrected, id="d", at=AT + 3, causation_id="c")
    told: list[Event | Erasure] = [first, again, corrected]
    fold = folded([*told, ERASURE], topic)
    assert GONE not in repr(fold.entities)
    assert fold.whole().panes == folded(told, topic).whole().panes
    # What was forgotten can still be worked with.
    fold.apply(msgspec.structs.replace(more, data=_without_customer(data)), 9)
    assert GONE not in repr(fold.entities)
    assert fold.ledger.corrections_unmet == 0


def _without_customer(data: AnyFact) -> AnyFact:
    return msgspec.structs.replace(data, customer=None)


@pytest.mark.parametrize(("topic", "type_", "data"), NAMING)
def test_meetings_deals_and_activities_forget_too(topic: str, type_: str, data: AnyFact) -> None:
    fold = folded([event("x", type_, data), ERASURE], topic)
    assert GONE not in repr(fold.entities)
    assert fold.entities.keys() == {"x"}


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.permutations(CALLS), st.integers(0, len(CALLS)))
def test_wherever_it_stands_what_comes_after_counts_as_without_it(
    calls: list[Event], at: int
) -> None:
    with_it = folded([*calls[:at], ERASURE, *calls[at:]])
    assert with_it.whole().panes == folded([*calls]).whole().panes
    said_later = {one.subject for one in calls[at:] if getattr(one.data, "customer", "") == GONE}
    named = {key for key, one in with_it.entities.items() if getattr(one, "customer", "") == GONE}
    assert named <= said_later, "only who calls again is known again"


@pytest.mark.parametrize("topic", [topic.name for topic in SOURCES])
def test_the_message_is_read_in_every_source_topic(topic: str) -> None:
    value = encode_erasure(GONE, at=AT)
    assert decode(Message(topic, GONE.encode(), value), now=AT, tokeniser=TOKENISER) == ERASURE


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        (OTHER.encode(), encode_erasure(GONE, at=AT), Reason.WRONG_KEY),
        (b"+84901234567", encode_erasure("+84901234567", at=AT), Reason.INVALID),
        (b"", encode_erasure("", at=AT), Reason.INVALID),
    ],
)
def test_what_is_no_token_is_refused(key: bytes, value: bytes, reason: Reason) -> None:
    outcome = decode(Message("ringside.calls", key, value), now=AT, tokeniser=TOKENISER)
    assert isinstance(outcome, Rejected)
    assert outcome.reason is reason
    assert "4567" not in outcome.where
