"""A simulated M/M/n floor through our core: state machines, panes, KPIs. Batch by batch."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from schemas.events import Event
from schemas.kpis import BY_NAME
from schemas.topics import CALLS, REPS, TOPIC_OF_TYPE
from streams.call_state import Call
from streams.fold import Fold
from streams.kpi import evaluate
from streams.ledger import Ledger
from streams.located import locate
from streams.panes import Cells, add_cells
from streams.roster import RosterIndex
from streams.simulation import FloorPlan, simulate
from tests.worked.erlang.theory import Figures

START_AT = 1_767_225_600.0
"""1 January 2026."""
HOUR_SECONDS = 3600
T_999 = 3.883
"""Student's t at 99.9 %, two-sided, for 20 batches (19 degrees of freedom)."""
BATCHES = 20
WARM_UP_HOURS = 6
"""The floor begins empty; 6 h are 120 service times."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and half the width of its confidence interval."""

    mean: float
    half_width: float

    def holds(self, value: float) -> bool:
        """Whether the value lies within."""
        return abs(self.mean - value) <= self.half_width


@dataclass(slots=True)
class _Batch:
    cells: Cells = field(default_factory=dict)
    waited: int = 0
    answered: int = 0

    def figures(self) -> Figures:
        def kpi(name: str) -> float:
            value = evaluate(BY_NAME[name], self.cells)
            assert value is not None
            return value

        return Figures(
            self.waited / self.answered,
            kpi("service_level_answered_of_answered"),
            kpi("average_speed_of_answer_seconds"),
            kpi("occupancy"),
        )


def events_of(*, reps: int, hours: float, seed: int) -> Iterator[Event]:
    """Yield a floor's events: 200 calls an hour of 180 s each, nobody gives up."""
    plan = FloorPlan.erlang(calls_per_hour=200, service_seconds=180, reps=reps)
    return simulate(plan, seed=seed, start_at=START_AT, end_at=START_AT + hours * HOUR_SECONDS)


def measured(events: Iterable[Event], *, roster: RosterIndex, hours: float) -> list[Figures]:
    """Fold all events, and return the figures of each batch of hours, by arrival."""
    counting = _Counting(roster, hours)
    for event in events:
        counting.take(event)
    return [batch.figures() for batch in counting.finished()]


class _Counting:
    def __init__(self, roster: RosterIndex, hours: float) -> None:
        self._roster = roster
        self._folds = {
            topic: Fold(topic, 0, ledger=Ledger(1), lateness_seconds=0.0)
            for topic in (CALLS.name, REPS.name)
        }
        self._begin = START_AT + WARM_UP_HOURS * HOUR_SECONDS
        self._size = (hours - WARM_UP_HOURS) * HOUR_SECONDS // BATCHES // 900 * 900
        self._batches = [_Batch() for _ in range(BATCHES)]
        self._added_up = self._begin

    def take(self, event: Event) -> None:
        fold = self._folds.get(TOPIC_OF_TYPE[event.type])
        if fold is None:
            return
        fold.apply(event, fold.ledger.next_offset)
        if event.type == "call.answered":
            self._wait(fold.entities[event.subject])
        # Two hours later nothing that came in a quarter of an hour is still under way.
        if event.at > self._added_up + 3 * HOUR_SECONDS:
            self._add_up(self._added_up + HOUR_SECONDS)

    def _wait(self, call: object) -> None:
        assert isinstance(call, Call)
        batch = self._batch(call.offered_at or 0.0)
        if batch is not None:
            batch.answered += 1
            batch.waited += call.wait_seconds > 0

    def _batch(self, at: float) -> _Batch | None:
        number = int((at - self._begin) // self._size)
        return self._batches[number] if 0 <= number < BATCHES else None

    def _add_up(self, until: float) -> None:
        for fold in self._folds.values():
            for start in range(int(self._added_up), int(until), 900):
                quarter, batch = fold.grains.quarters.slots.get(start), self._batch(start)
                if quarter is not None and batch is not None:
                    for cells in locate(quarter.panes, start, self._roster).values():
                        add_cells(batch.cells, cells.items())
            fold.take_changes()
            fold.release(fold.ledger.fence)
        self._added_up = until

    def finished(self) -> list[_Batch]:
        end = self._begin + BATCHES * self._size
        while self._added_up < end:
            self._add_up(self._added_up + HOUR_SECONDS)
        return self._batches


def interval(values: Iterable[float]) -> Interval:
    """Return the mean of batches and its interval at 99.9 %."""
    known = list(values)
    return Interval(statistics.fmean(known), T_999 * statistics.stdev(known) / len(known) ** 0.5)


NAMES: tuple[tuple[str, Callable[[Figures], float]], ...] = (
    ("P(wait)", lambda figures: figures.wait_share),
    ("SL(20 s)", lambda figures: figures.service_level),
    ("ASA, s", lambda figures: figures.asa_seconds),
    ("occupancy", lambda figures: figures.occupancy),
)
