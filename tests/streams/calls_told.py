"""Sane calls as they happened, and as a PBX tells of them: in pieces, or in a record at the end.

All times are multiples of an eighth of a second, so that sums of them are exact.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Literal

from schemas import events as e
from schemas.events import Event
from tests.streams.lives import QUEUES, REP_IDS, T0, event

Outcome = Literal["answered", "abandoned", "flowed_out"]


@dataclass
class Told:
    """What happened to one leg of an inbound call, in seconds."""

    call: str
    queue: str
    offered_at: float
    outcome: Outcome
    wait: float
    rep: str = ""
    talk: float = 0
    """Holds left out."""
    hold: float = 0
    wrapup: float = 0
    transfer: e.TransferKind | None = None
    leg: int = 1
    by_record: bool = False

    @property
    def closed_at(self) -> float:
        return self.offered_at + self.wait + self.talk + self.hold

    def events(self) -> Iterable[Event]:
        told = self._record() if self.by_record else self._pieces()
        return (event(self.call, at, data) for at, data in told)

    def _record(self) -> Iterable[tuple[float, e.CallCompleted]]:
        offered_at = datetime.fromtimestamp(self.offered_at, UTC)
        durations = (self.wait, self.talk, self.hold, self.wrapup)
        rep = self.rep or None
        of = (offered_at, self.outcome, self.queue, "inbound", rep, None, *durations, self.leg)
        yield self.closed_at, e.CallCompleted(*of)  # type: ignore[arg-type]

    def _pieces(self) -> Iterable[tuple[float, e.AnyFact]]:
        yield self.offered_at, e.CallOffered(self.queue, leg=self.leg)
        met_at = self.offered_at + self.wait
        if self.outcome == "abandoned":
            yield met_at, e.CallAbandoned(self.leg)
        elif self.outcome == "flowed_out":
            yield met_at, e.CallTransferred("blind", leg=self.leg)
        else:
            yield met_at, e.CallAnswered(self.rep, self.leg)
            yield from self._conversation(met_at)

    def _conversation(self, answered_at: float) -> Iterable[tuple[float, e.AnyFact]]:
        if self.hold:
            held_at = answered_at + self.talk / 2
            yield held_at, e.CallHeld(self.leg)
            yield held_at + self.hold, e.CallResumed(self.leg)
        if self.transfer is None:
            yield self.closed_at, e.CallEnded(self.leg)
        else:
            yield self.closed_at, e.CallTransferred(self.transfer, leg=self.leg)
        if self.wrapup:
            yield self.closed_at + self.wrapup, e.CallWrapupEnded(self.leg)


def _eighths(random: Random, most_seconds: int) -> float:
    return random.randint(1, most_seconds * 8) / 8


def _one(random: Random, call: str, at: float, leg: int) -> Told:
    outcome: Outcome = random.choice(["answered", "answered", "abandoned", "flowed_out"])
    queue = random.choice(QUEUES)
    # Durations that are a bucket's bound, too: 5, 20 and 60 s count as within.
    wait = random.choice([5.0, 20.0, 60.0, _eighths(random, 100)])
    told = Told(call, queue, at, outcome, wait, leg=leg)
    if outcome != "answered":
        return told
    told.rep, told.talk = random.choice(REP_IDS), 2 * _eighths(random, 300)
    told.hold = random.choice([0, _eighths(random, 60)])
    told.wrapup = random.choice([0, _eighths(random, 90)])
    told.by_record = random.random() < 0.2
    if not told.by_record and random.random() < 0.2:
        told.transfer = random.choice(["blind", "attended"])
    return told


def told_calls(random: Random, seconds: float, count: int) -> list[Told]:
    calls = []
    for index in range(count):
        told = _one(random, f"t{index}", T0 + random.randrange(int(seconds * 8)) / 8, 1)
        calls.append(told)
        if told.transfer is not None:
            calls.append(_one(random, told.call, told.closed_at, 2))
    return calls
