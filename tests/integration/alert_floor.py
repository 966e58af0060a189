"""A simulated floor behind a real metrics page, whose time goes by many times as fast."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from agents import clock
from agents.metrics.collector import Collector
from agents.metrics.expected import Expectations
from agents.metrics.server import MetricsServer
from agents.metrics.service import Status
from agents.postgres.baseline import VOLUME, Baseline
from agents.postgres.reconciliation import Compared
from schemas.events import Event
from schemas.roster import WEEKDAYS
from schemas.topics import SOURCES, TOPIC_OF_TYPE
from streams.baseline.build import Series
from streams.baseline.calendar import SLOTS_OF_A_WEEK
from streams.baseline.profile import Profile, Slot
from streams.baseline.sources import SourceReader
from streams.fold import Fold
from streams.ledger import Ledger
from streams.roster import RosterIndex
from streams.simulation import FloorPlan, plan_roster, simulate
from streams.unknown import Unknown
from streams.windows import WindowReader

PLAN = FloorPlan.sized(reps=60, teams=2, always_open=True)
_PLANNED = plan_roster(PLAN)
# Which never closes, as its plan never does.
ROSTER = msgspec.structs.replace(
    _PLANNED,
    sites=tuple(
        msgspec.structs.replace(site, working_hours=dict.fromkeys(WEEKDAYS, "00:00-24:00"))
        for site in _PLANNED.sites
    ),
)
INDEX = RosterIndex(ROSTER)
WARM_UP_SECONDS = 2 * 3600.0


@dataclass
class Floor:
    """The floor at *speed* simulated seconds a second. A `View`; every call may be any thread's."""

    start_at: float
    speed: float
    silent: set[str] = field(default_factory=set)
    """Teams and sources of which nothing is heard."""

    def __post_init__(self) -> None:
        self._began = clock.monotonic()
        self._lock = threading.Lock()
        self._heard_at: dict[str, float] = {}
        self._folds = {
            topic.name: Fold(topic.name, 0, ledger=Ledger(0), lateness_seconds=3600)
            for topic in SOURCES
        }
        self._events: Iterator[Event] = simulate(
            PLAN, seed=3, start_at=self.start_at - WARM_UP_SECONDS
        )
        self._next = next(self._events)
        self._teams = {rep.id: rep.team for rep in ROSTER.reps}
        self._count(self.start_at)
        self.baseline = learnt(list(self._folds.values()), self.start_at)
        self._began = clock.monotonic()

    def now(self) -> float:
        return self.start_at + (clock.monotonic() - self._began) * self.speed

    def folds(self) -> list[Fold]:
        with self._lock:
            self._count(self.now())
        return list(self._folds.values())

    def roster(self) -> RosterIndex:
        return INDEX

    def heard_at(self) -> dict[str, float]:
        return self._heard_at.copy()

    def expectations(self) -> Expectations:
        return Expectations(self.baseline)

    def reconciled(self) -> Sequence[Compared]:
        return ()

    def status(self) -> Status:
        return Status((), {0: (0.0, 0.0)}, 1, 0.0, 0, 0, {}, Unknown(frozenset(), frozenset()), {})

    def _count(self, until: float) -> None:
        while self._next.at <= until:
            event, self._next = self._next, next(self._events)
            if not self.silent & self._about(event):
                fold = self._folds[TOPIC_OF_TYPE[event.type]]
                fold.apply(event, fold.ledger.next_offset)
                self._heard_at[event.source] = event.at

    def _about(self, event: Event) -> set[str | None]:
        rep = getattr(event.data, "rep", None) or event.subject
        return {event.source, self._teams.get(rep)}


def learnt(folds: Sequence[Fold], at: float) -> Baseline:
    """What is expected: at any time of the week what the last hour had, as the floor never closes.

    Written apart from the code under test: an hour of the live windows, divided by four.
    """
    of_hour = WindowReader().read(folds, INDEX, at)["1h"]
    series: dict[Series, float] = {}
    for place, cells in of_hour.items():
        if place.team and VOLUME in cells:
            key = Series("team", place.team, place.team_site, VOLUME)
            series[key] = series.get(key, 0.0) + cells[VOLUME]
    for (source, site), count in SourceReader().read(folds, INDEX, at).windows["1h"].items():
        if site:
            series[Series("source", source, site, "")] = count
    return Baseline(1, at, {key: _even(count / 4) for key, count in series.items()})


def _even(expected: float) -> Profile:
    slot = Slot(expected, expected**0.5)
    return Profile(dict.fromkeys(range(SLOTS_OF_A_WEEK), slot), 8)


def serve(floor: Floor) -> tuple[MetricsServer, int]:
    server = MetricsServer(Collector(floor, floor.now), live=lambda: None, ready=lambda: None)
    return server, server.start("127.0.0.1", 0)
