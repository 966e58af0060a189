"""However the messages are cut into checkpoints, and wherever a worker dies: the same numbers.

A checkpoint is what `take_changes` returns, written as changelog records; what follows it dies with
the worker, and is read again from the source topic by the next one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.changelog import Entry
from agents.state import ChangelogTopics, OlderStateError, Restorer, to_records
from schemas.codec import Reason, Rejected
from schemas.events import Event
from schemas.notes import Notes
from schemas.topics import CALLS, FOLDED
from streams.fold import Fold
from streams.rep_state import Rep, needed_from
from streams.rep_turns import TAKEN_BACK, Turns
from streams.snapshot import PaneKey
from tests.streams.calls_told import told_calls
from tests.streams.lives import LIVES, T0, apply, check_ledger, new_fold, panes, seeded

TOPICS = ChangelogTopics("test")
TABLES = {TOPICS.entities: "entities", TOPICS.panes: "panes", TOPICS.ledger: "ledger"}
LONG_SECONDS = 30 * 3_600.0
Message = Event | Notes | Rejected


@dataclass
class Worker:
    """One shard's worker, with its changelog (compacted) and its database."""

    topic: str
    lateness_seconds: float
    fold: Fold = field(init=False)
    changelog: dict[tuple[str, bytes], bytes | None] = field(default_factory=dict)
    database: dict[PaneKey, dict[str, Any]] = field(default_factory=dict)
    turns: Turns = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.fold = new_fold(self.topic, self.lateness_seconds)

    def checkpoint(self, *, written: bool) -> None:
        """Checkpoint; the database gets it too, and then what is over may go."""
        changes = self.fold.take_changes()
        if changes is None:
            return
        for record in to_records([changes], TOPICS, 0):
            assert record.key is not None
            self.changelog[TABLES[record.topic], record.key] = record.value
        self.database |= changes.snapshot.panes
        self.turns |= changes.snapshot.turns
        if written:
            self.fold.release(changes.ledger.fence)

    def die(self) -> None:
        """Lose everything but the changelog, and start again from it."""
        restorer = Restorer(0, lateness_of=lambda _: self.lateness_seconds, epoch=2)
        restorer.add(Entry(table, key, value) for (table, key), value in self.changelog.items())
        folds = restorer.finish()
        assert set(folds) == {topic.name for topic in FOLDED}
        self.fold = folds[self.topic]

    def counted(self) -> dict[PaneKey, dict[str, Any]]:
        """What the database says, without what it holds as zero."""
        cells = {
            key: {cell: amount for cell, amount in of.items() if amount}
            for key, of in self.database.items()
        }
        return {key: of for key, of in cells.items() if of}

    def held(self) -> Turns:
        """What the database says of reps' states, without what was taken back."""
        return {key: turn for key, turn in self.turns.items() if turn != TAKEN_BACK}


def consume(worker: Worker, messages: Sequence[Message], random: Random, *, dies: bool) -> Worker:
    """Hand all messages over, with checkpoints, and deaths if it `dies`, in between."""
    while worker.fold.ledger.next_offset < len(messages):
        if dies:
            _steps(worker, messages, random)
        else:
            apply(worker.fold, messages)
    worker.checkpoint(written=False)
    return worker


def _steps(worker: Worker, messages: Sequence[Message], random: Random) -> None:
    for _ in range(random.randint(1, 20)):
        offset = worker.fold.ledger.next_offset
        if offset < len(messages):
            worker.fold.apply(messages[offset], offset)
            check_ledger(worker.fold.ledger)
    if random.random() < 0.7:
        worker.checkpoint(written=random.random() < 0.7)
    if random.random() < 0.3:
        worker.die()


def some_messages(topic: str, random: Random, lateness_seconds: float) -> list[Message]:
    """More than a day of lives, out of order: most within the lateness, some not; and bad input.

    Calls are sane here: of one that was closed long ago no news is expected, and whether it counts
    depends on when the call was forgotten.
    """
    seconds = random.choice([3600.0, LONG_SECONDS])
    if topic == CALLS.name:
        events: list[Event | Notes] = [
            one for call in told_calls(random, seconds, 30) for one in call.events()
        ]
    else:
        events = [*LIVES[topic](random, seconds)]
    events += random.choices(events, k=len(events) // 4)
    events.sort(key=lambda one: one.at + random.uniform(0, 1.2 * lateness_seconds))
    messages: list[Message] = [*events]
    for _ in range(random.randrange(5)):
        messages.insert(random.randrange(len(messages)), Rejected(Reason.NOT_JSON))
    return messages


def open_panes(fold: Fold) -> dict[Any, dict[str, float]]:
    """Those that can still change; of the others only the database knows for how long."""
    return {
        (grain, start, dims): cells
        for (grain, start, dims), cells in panes(fold).items()
        if start >= fold.tables[grain].closed_before
    }


def kept_entities(fold: Fold) -> dict[str, object]:
    """Those that are not over; when the others go depends on when somebody looks."""
    watermark = fold.watermark.at or 0.0
    return {
        key: entity if not isinstance(entity, Rep) else needed(entity, watermark)
        for key, entity in fold.entities.items()
        if fold.machine.expires_at(entity) > watermark
    }


def needed(rep: Rep, watermark: float) -> Rep:
    """The rep with the turns that may still change; the others go when Postgres has them."""
    corrected = rep.corrected and msgspec.structs.replace(rep.corrected, gone=())
    return Rep(rep.rep, rep.turns[needed_from(rep.turns, watermark) :], (), corrected)


@pytest.mark.parametrize("topic", LIVES)
@settings(max_examples=25, derandomize=True, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_checkpoints_and_restarts_anywhere_give_the_same_numbers(topic: str, seed: int) -> None:
    random = seeded(seed)
    lateness_seconds = random.choice([60.0, 330.0, 7200.0])
    messages = some_messages(topic, random, lateness_seconds)
    once = consume(Worker(topic, lateness_seconds), messages, random, dies=False)
    often = consume(Worker(topic, lateness_seconds), messages, random, dies=True)

    assert often.counted() == once.counted()
    assert often.held() == once.held()
    assert often.fold.tables[900].closed_before == once.fold.tables[900].closed_before
    assert open_panes(often.fold) == open_panes(once.fold)
    assert kept_entities(often.fold) == kept_entities(once.fold)
    assert often.fold.watermark.newest_at == once.fold.watermark.newest_at
    often.fold.ledger.epoch = once.fold.ledger.epoch
    assert often.fold.ledger == once.fold.ledger
    assert once.fold.ledger.consumed == len(messages)


def test_a_changelog_of_an_older_release_is_refused_and_not_half_read() -> None:
    # Its keys had the grain before the start, and minutes beside quarters.
    key = b'["ringside.calls",60,1788256800,"loans","","inbound","","pbx"]'
    restorer = Restorer(0, lateness_of=lambda _: 600.0, epoch=2)
    restorer.add([Entry("panes", key, b'{"calls_offered":1}')])
    with pytest.raises(OlderStateError, match="stop all workers"):
        restorer.finish()


def test_an_older_state_that_another_took_the_place_of_is_passed_over() -> None:
    key = b'["ringside.calls",60,1788256800,"loans","","inbound","","pbx"]'
    restorer = Restorer(0, lateness_of=lambda _: 600.0, epoch=2)
    restorer.add([Entry("panes", key, b'{"calls_offered":1}'), Entry("panes", key, None)])
    assert restorer.finish()["ringside.calls"].ledger.consumed == 0


def test_cohorts_that_an_older_release_kept_beside_the_panes_are_passed_over() -> None:
    """As that release wrote them, values and tombstones; cohorts are read from deals now."""
    worker = Worker("ringside.deals", 600.0)
    apply(worker.fold, LIVES["ringside.deals"](seeded(1), 600.0))
    worker.checkpoint(written=False)
    before = worker.fold
    for key, value in (
        (b'["ringside.deals","cohort",20697,"sales","new","crm"]', b'{"entered":3,"won:4":1}'),
        (b'["ringside.deals","cohort",20698,"sales","trial","crm"]', None),
    ):
        worker.changelog["panes", key] = value
    worker.die()
    assert len(worker.fold.entities) > 0
    assert (panes(worker.fold), worker.fold.entities) == (panes(before), before.entities)
    assert worker.fold.ledger == before.ledger
    assert worker.fold.take_changes() is None


@pytest.mark.parametrize("topic", LIVES)
def test_a_restored_fold_equals_the_one_that_was_written(topic: str) -> None:
    worker = Worker(topic, 600.0)
    apply(worker.fold, LIVES[topic](seeded(1), 600.0))
    worker.checkpoint(written=False)
    before = worker.fold
    worker.die()
    assert panes(worker.fold) == panes(before)
    assert worker.fold.entities == before.entities
    assert worker.fold.live == before.live
    assert worker.fold.ledger == before.ledger
    assert worker.fold.take_changes() is None


def test_what_was_not_checkpointed_is_consumed_again_and_counts_once() -> None:
    messages = some_messages("ringside.calls", seeded(2), 600.0)
    worker = Worker("ringside.calls", 600.0)
    half = len(messages) // 2
    apply(worker.fold, messages[:half])
    worker.checkpoint(written=True)
    apply(worker.fold, messages[half:])
    worker.die()
    assert worker.fold.ledger.next_offset == half
    apply(worker.fold, messages[half:])
    worker.checkpoint(written=True)
    expected = consume(Worker("ringside.calls", 600.0), messages, seeded(0), dies=False)
    assert worker.counted() == expected.counted()


def test_the_changelog_of_a_quiet_day_after_is_empty_but_for_the_ledger() -> None:
    # Everything is forgotten once it is over and written: each key ends in a tombstone.
    worker = Worker("ringside.calls", 600.0)
    apply(worker.fold, LIVES["ringside.calls"](seeded(3), 600.0))
    worker.checkpoint(written=True)
    worker.fold.idle(30 * 86_400.0, now=T0 + 30 * 86_400.0)
    worker.checkpoint(written=True)
    worker.checkpoint(written=True)
    left = [table for (table, _), value in worker.changelog.items() if value is not None]
    assert left == ["ledger"]
    assert len(worker.changelog) > 3
