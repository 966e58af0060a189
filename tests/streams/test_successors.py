"""A customer whose token changes: told to the old and the new, what is counted is of one customer.

Compared with the batch computation of tests/streams/test_contacts_batch.py, which knows no tokens.
"""

from random import Random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.changelog import Entry
from agents.state import ChangelogTopics, Restorer, to_records
from schemas.customers import Tokeniser
from schemas.events import DealCreated
from schemas.notes import Note, Notes
from schemas.topics import CUSTOMERS, DEALS
from streams.fold import Fold
from streams.successors import handed_over, to_hand_over
from tests.streams.customer_told import D, answered, missed
from tests.streams.lives import T0, apply, event, new_fold, seeded
from tests.streams.test_contacts_batch import computed, counted, lives

OLD, NEW = "ct1_" + "0" * 32, "ct2_" + "f" * 32


def newest(token: str) -> str:
    return NEW if token == OLD else token


def told_to(customer: str, notes: Notes) -> Notes:
    return msgspec.structs.replace(
        notes,
        notes=tuple(msgspec.structs.replace(one, customer=customer) for one in notes.notes),
    )


def taken_back(notes: Notes) -> Notes:
    """The call turns out to be another customer's; it is the fourth thing told of it."""
    return msgspec.structs.replace(
        notes,
        notes=tuple(msgspec.structs.replace(one, offset=4, says=None) for one in notes.notes),
    )


class Partitions:
    """The old token's partition and the new one's."""

    def __init__(self) -> None:
        self.folds = {token: new_fold(CUSTOMERS.name, 8 * D) for token in (OLD, NEW)}

    def tell(self, notes: Notes) -> None:
        apply(self.folds[notes.notes[0].customer], [notes])

    def hand_over(self, random: Random | None = None) -> None:
        """As at a restart: whatever the old one has, again and again; in any order."""
        entities = self.folds[OLD].entities
        of_old = {token: entities[token] for token in to_hand_over(entities, newest)}
        notes: list[Note] = list(handed_over(of_old, newest))
        if random is not None:
            random.shuffle(notes)
        for note in notes:
            self.tell(Notes(CUSTOMERS.name, 0, (note,)))

    def counted(self) -> dict[tuple[float, str, str, str], float]:
        found: dict[tuple[float, str, str, str], float] = {}
        for fold in self.folds.values():
            for key, amount in counted(fold).items():
                found[key] = found.get(key, 0) + amount
        return {key: amount for key, amount in found.items() if amount}


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_it_is_as_if_the_customer_had_had_one_token(seed: int) -> None:
    random = seeded(seed)
    calls = lives(random)
    both = Partitions()
    told: list[Notes] = []
    kept = []
    for life in calls:
        # Of one call some is told under the old key, what comes later under the old or the new.
        notes = life.tell()
        is_taken_back = life.second is None and random.random() < 0.2
        if is_taken_back:
            notes.append(taken_back(notes[-1]))
        else:
            kept.append(life)
        since = random.randrange(len(notes) + 1)
        told += [told_to(OLD if at < since else NEW, one) for at, one in enumerate(notes)]
    told += random.choices(told, k=len(told) // 2)
    random.shuffle(told)
    for notes in told:
        both.tell(notes)
        if random.random() < 0.2:
            both.hand_over(random)
    both.hand_over(random)
    watermark = random.choice([7.5 * D, 9 * D, 20 * D])
    for fold in both.folds.values():
        fold.idle(30 * D, now=T0 + watermark + 8 * D)
    assert both.counted() == computed(kept, watermark)
    assert not [fold for fold in both.folds.values() if fold.ledger.closed_facts]


def test_a_missed_call_under_the_old_key_meets_the_call_back_under_the_new() -> None:
    both = Partitions()
    both.tell(told_to(OLD, missed("c1", 0)))
    both.tell(told_to(NEW, answered("c2", 600)))
    assert _sum(both, "contacts_preceded_24h") == 0, "nobody has told of it yet"
    both.hand_over()
    # The second contact within ten minutes: preceded; the first: followed.
    assert _sum(both, "contacts") == 2
    assert _sum(both, "contacts_preceded_24h") == 1
    assert _sum(both, "contacts_followed_24h") == 1
    assert len(both.folds[NEW].entities[NEW].contacts) == 2  # type: ignore[union-attr]
    assert not both.folds[OLD].entities[OLD].contacts  # type: ignore[union-attr]


def test_a_checkpoint_after_a_restart_hands_over_without_news() -> None:
    fold = apply(new_fold(CUSTOMERS.name), [told_to(OLD, missed("c1", 0))])
    restored = _restored(fold)
    assert restored.take_changes() is None
    restored.touch(to_hand_over(restored.entities, newest))
    changes = restored.take_changes()
    assert changes is not None
    assert [note.customer for note in handed_over(changes.entities, newest)] == [NEW, OLD]


def test_what_is_restored_has_the_newest_token_wherever_one_stands() -> None:
    first = Tokeniser(b"sixteen bytes !!")
    both = Tokeniser(b"another sixteen!", version=2, older={1: b"sixteen bytes !!"})
    old, new = first.token("+84901234567"), both.token("+84901234567")
    fold = apply(
        new_fold(DEALS.name),
        [event("d1", T0, DealCreated("linh", "new", "lead", 900, "USD", customer=old))],
    )
    changes = fold.take_changes()
    assert changes is not None
    topics = ChangelogTopics("test")
    for tokeniser, known in ((None, old), (first, old), (both, new)):
        restorer = Restorer(0, lateness_of=lambda _: 600.0, epoch=1, tokeniser=tokeniser)
        records = [one for one in to_records([changes], topics, 0) if one.topic == topics.entities]
        restorer.add(Entry("entities", one.key or b"", one.value) for one in records)
        assert restorer.finish()[DEALS.name].entities["d1"].customer == known  # type: ignore[union-attr]


def _restored(fold: Fold) -> Fold:
    """A fold with that one's customers, as a worker has it that begins."""
    restored = new_fold(CUSTOMERS.name)
    restored.entities.update(fold.entities)
    return restored


def _sum(both: Partitions, measure: str) -> float:
    return sum(amount for (*_, cell), amount in both.counted().items() if cell == measure)
