"""The compiled run over the reps' topic: the same state, ledger and records as without it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, cast
from zlib import crc32

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.changelog import Entry
from agents.state import ChangelogTopics, Restorer, to_records
from schemas import events as e
from schemas.codec import Reason, Rejected
from schemas.erasures import Erasure
from schemas.events import Event
from schemas.topics import REPS
from streams.fold import Fold
from streams.rep_state import Rep
from streams.rep_turns import Turns
from streams.runs import RUNS
from streams.simulation import FloorPlan, simulate
from streams.simulation.parts import Mischief
from tests.streams.lives import SOURCES, T0, new_fold, panes, seeded

pytestmark = pytest.mark.skipif(REPS.name not in RUNS, reason="streams.fast_reps is not compiled")
TOPICS = ChangelogTopics("test")
TABLES = {TOPICS.entities: "entities", TOPICS.panes: "panes", TOPICS.ledger: "ledger"}
STATES: tuple[e.RepState, ...] = (
    *("available", "ringing", "on_call", "after_call_work", "paused", "offline"),
)
LATENESS_SECONDS = 60.0
MISCHIEF = Mischief(duplicate_share=0.02, late_share=0.02)


@dataclass
class Worker:
    """Folds with the compiled run or without it; keeps all that it ever wrote, in order."""

    is_fast: bool
    lateness_seconds: float = LATENESS_SECONDS
    fold: Fold = field(init=False)
    log: list[tuple[str, bytes | None, bytes | None]] = field(default_factory=list)
    turns: list[Turns] = field(default_factory=list)
    refused: list[tuple[int, Rejected]] = field(default_factory=list)
    not_yet: int | None = None
    """Of a checkpoint that Postgres does not have yet: up to where it goes."""

    def __post_init__(self) -> None:
        self._go_on(new_fold(REPS.name, self.lateness_seconds))

    def take(self, messages: Sequence[Any], sizes: Iterator[int]) -> None:
        """Fold messages in batches of these sizes."""
        while messages:
            size = next(sizes)
            offset = self.fold.ledger.next_offset
            some, messages = messages[:size], messages[size:]
            self.refused += self.fold.take(some, range(offset, offset + len(some)))

    def checkpoint(self, *, released: bool) -> None:
        """Checkpoint; Postgres has it at once, or only by the next one."""
        if self.not_yet is not None:
            self.fold.release(self.not_yet)
            self.not_yet = None
        changes = self.fold.take_changes()
        if changes is None:
            return
        self.log += [
            (TABLES[record.topic], record.key, record.value)
            for record in to_records([changes], TOPICS, 0)
        ]
        self.turns.append(changes.snapshot.turns)
        if released:
            self.fold.release(changes.ledger.fence)
        else:
            self.not_yet = changes.ledger.fence

    def restart(self) -> None:
        self.not_yet = None
        restorer = Restorer(0, lateness_of=lambda _: self.lateness_seconds, epoch=2)
        restorer.add(Entry(table, key or b"", value) for table, key, value in self.log)
        self._go_on(restorer.finish()[REPS.name])

    def _go_on(self, fold: Fold) -> None:
        self.fold = fold
        if not self.is_fast:
            fold.run = None

    def state(self) -> dict[str, Any]:
        """Everything that the two must have in common."""
        fold = self.fold
        return {
            "entities": msgspec.json.encode(list(fold.entities.items())),
            "live": list(fold.live),
            "panes": panes(fold),
            "versions": [[slot.version for slot in t.slots.values()] for t in fold.tables.values()],
            "ledger": msgspec.json.encode(fold.ledger),
            "newest_at": fold.watermark.newest_at,
            "dirty": fold.dirty_count,
            "log": self.log,
            "turns": self.turns,
            "refused": self.refused,
        }


def sizes(random: Random, most: int) -> Iterator[int]:
    while True:
        yield random.randint(1, most)


def both(
    messages: Sequence[Any], random: Random, lateness_seconds: float = LATENESS_SECONDS
) -> tuple[Worker, Worker]:
    """Fold the same with and without, in other batches, with the same checkpoints and restarts."""
    fast, plain = (Worker(is_fast, lateness_seconds) for is_fast in (True, False))
    while messages:
        size = random.randint(1, 150)
        some, messages = messages[:size], messages[size:]
        fast.take(some, sizes(random, 150))
        plain.take(some, sizes(random, 3))
        chance = random.random()
        for worker in (fast, plain):
            if chance < 0.5:
                worker.checkpoint(released=chance < 0.3)
            if chance < 0.1:
                worker.restart()
            if 0.5 < chance < 0.6:
                worker.fold.idle(200.0, now=T0 + 1e9)
        assert fast.state() == plain.state()
    return fast, plain


def _told(random: Random) -> list[Any]:
    """Mostly plain; with all that is not, often enough that each kind is in nearly every test."""
    at, told = T0, list[Any]()
    for index in range(random.randint(50, 200)):
        at += random.choice([0.0, 0.25, 1.0, 7.0, 7.0013, 30.0, 100.0, 20_000.0])
        state = random.choice(STATES)
        reason = random.choice(["", "lunch", "training"]) if state == "paused" else None
        told.append(
            Event(
                random.choice(["{}", "a much longer id of an event {}", "xin-chào-{}"]).format(
                    random.choice([index, index, index, 3])
                ),
                random.choice(SOURCES),
                f"rep-{random.randrange(4)}",
                "rep.state_changed",
                at - random.choice([0.0] * 12 + [1.0, 20.0, 59.0, 300.0]),
                e.RepStateChanged(state, cast("Any", reason)),
            )
        )
        chance = random.random()
        cause = random.choice(told)
        if type(cause) is not Event or chance > 0.16:
            continue
        if chance < 0.02:
            back = msgspec.structs.replace(
                cause, type="rep.state_retracted", data=e.RepStateRetracted()
            )
            told.append(_corrected(back, f"r{index}", cause))
        elif chance < 0.04:
            said = e.RepStateChanged(random.choice(STATES))
            when = random.choice([cause.at, at + 1.0])
            other = msgspec.structs.replace(cause, data=said, at=when)
            told.append(_corrected(other, f"c{index}", cause))
        elif chance < 0.12:
            told.append(cause)
        elif chance < 0.14:
            told.append(Rejected(Reason.NOT_JSON))
        else:
            told.append(Erasure("ct1_" + "0" * 32, "shop"))
    return told


def _corrected(event: Event, id_: str, cause: Event) -> Event:
    return msgspec.structs.replace(event, id=id_, causation_id=cause.id)


@settings(max_examples=25, derandomize=True, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_whatever_is_told_gives_the_same_with_and_without(seed: int) -> None:
    random = seeded(seed)
    both(_told(random), random)


def test_a_simulated_floor_gives_the_same_and_nearly_all_of_it_is_plain() -> None:
    plan = FloorPlan.sized(always_open=True, mischief=MISCHIEF)
    told = simulate(plan, seed=3, start_at=T0, end_at=T0 + 3600)
    events = [event for event in told if event.type == "rep.state_changed"]
    fast, _ = both(events, seeded(3), 900.0)
    assert fast.fold.ledger.duplicate > 0
    assert fast.fold.ledger.out_of_order > 0
    assert len(events) > 1000

    fold = new_fold(REPS.name, 900.0)
    run = RUNS[REPS.name](fold, events, range(len(events)))
    for event, offset in run:
        fold.run = None
        fold.take([event], [offset])
    assert run.applied > 0.9 * len(events)


@pytest.mark.parametrize("length", range(40))
def test_the_mark_of_an_event_is_the_crc32_of_its_id(length: int) -> None:
    fold = new_fold(REPS.name)
    ids = ["first", ("rep.state/" * 4)[:length], "~" * length]
    told = [
        Event(id_, "pbx", "linh", "rep.state_changed", T0 + at, e.RepStateChanged("on_call"))
        for at, id_ in enumerate(ids)
    ]
    fold.take(told, range(3))
    rep = cast("Rep", fold.entities["linh"])
    assert [turn.mark for turn in rep.turns] == [crc32(id_.encode()) for id_ in ids]


def test_more_sources_and_reasons_than_are_remembered_are_told_apart() -> None:
    sources, reasons = ([f"{n}" for n in range(count)] for count in (1999, 7))
    told = [
        Event(f"e{n}", sources[n % 1999], "linh", "rep.state_changed", T0 + n / 8, paused)
        for n in range(6000)
        for paused in (e.RepStateChanged("paused", reasons[n % 7]),)
    ]
    both(told, seeded(1))


def test_after_an_error_the_ledger_is_at_the_message_that_caused_it() -> None:
    told = _plain(5)
    told[3] = msgspec.structs.replace(told[3], data=e.RepStateChanged(cast("Any", [])))
    told[4] = msgspec.structs.replace(told[4], at=T0 + 100)
    fold = new_fold(REPS.name)
    with pytest.raises(TypeError):
        fold.take(told, range(10, 15))
    assert fold.ledger.next_offset == 14  # the state that cannot be counted ends there
    assert fold.watermark.newest_at == T0 + 100


def test_an_error_in_closing_is_the_error_of_the_message_that_closes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fold = new_fold(REPS.name)
    told = [*_plain(3), *_plain(1, at=T0 + 4000)]
    fold.take(told[:2], range(2))

    def fail() -> None:
        raise LookupError("closing failed")

    monkeypatch.setattr(fold, "close", fail)
    with pytest.raises(LookupError, match="closing"):
        fold.take(told[2:], range(2, 4))
    assert fold.ledger.next_offset == 3


def _plain(count: int, at: float = T0) -> list[Event]:
    return [
        Event(f"e{n}", "pbx", "linh", "rep.state_changed", at + n, e.RepStateChanged("on_call"))
        for n in range(count)
    ]
