"""A simulated floor before a real pipeline, whose time a test moves on: it never runs by itself.

Between two moves nothing changes, however long Prometheus or Alertmanager take. A move sends what
happens until then, waits until the worker has counted it, and only then lets it be that late: so no
page of metrics that anybody reads is of a time whose events are still under way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import merge
from operator import attrgetter
from pathlib import Path

import msgspec
from confluent_kafka import Producer

from agents.postgres.baseline import VOLUME
from schemas import events as e
from schemas.codec import encode
from schemas.events import Event
from schemas.roster import WEEKDAYS, Roster, Team
from schemas.topics import SOURCES, TOPIC_OF_TYPE
from streams.baseline.build import Series
from streams.baseline.calendar import SLOTS_OF_A_WEEK
from streams.baseline.profile import Profile, Slot
from streams.baseline.sources import SourceReader
from streams.fold import Fold
from streams.ledger import Ledger
from streams.roster import RosterIndex
from streams.simulation import FloorPlan, plan_roster, simulate
from streams.windows import WindowReader
from tests.integration.held_worker import hold
from tests.integration.pipeline import Pipeline

PLAN = FloorPlan.sized(reps=60, teams=2, always_open=True)
HISTORY_SECONDS = 2 * 3600
MOVE_SECONDS = 240
"""In one go. Events further ahead of the clock than 300 s are refused."""
DEMOS = ("demo-1", "demo-2", "demo-3")
"""That the targeted team has logged: all there are; what the simulator logs is left out."""
TARGETED = "team-02"
TARGET = 1000


def roster_at(start_at: float) -> Roster:
    """Return the plan's roster: sites that never close, but had closed until counting began.

    So this month is known as a whole, whatever day it is, and its targets are told of.
    """
    plan = plan_roster(PLAN)
    began = datetime.fromtimestamp(start_at - HISTORY_SECONDS, UTC).date()
    open_ = {
        "zone": "UTC",
        "working_hours": dict.fromkeys(WEEKDAYS, "00:00-24:00"),
        "holidays": tuple(began - timedelta(days=each) for each in range(1, 40)),
    }
    sites = tuple(msgspec.structs.replace(site, **open_) for site in plan.sites)
    return msgspec.structs.replace(plan, sites=sites, teams=tuple(map(_with_target, plan.teams)))


def _with_target(team: Team) -> Team:
    if team.id != TARGETED:
        return team
    return msgspec.structs.replace(team, monthly_targets={"activities_logged": TARGET})


def some_time_ago(now: float) -> int:
    """Return three in the morning, UTC, of today or yesterday: at least three hours ago.

    Always the same time of day, since what the simulator makes of a seed depends on it. Kafka takes
    no message that is an hour ahead, so a floor must not overtake the real time.
    """
    return int((now - 6 * 3600) // 86_400 * 86_400) + 3 * 3600


@dataclass
class Floor:
    """The floor of one installation, from `start_at` on: a whole minute."""

    pipeline: Pipeline
    clock: Path
    start_at: int
    silent: set[str] = field(default_factory=set)
    """Teams and sources of which nothing is heard."""

    def __post_init__(self) -> None:
        self.at = self.start_at
        self.roster = roster_at(self.start_at)
        self.sent = 0
        self._teams = {rep.id: rep.team for rep in self.roster.reps}
        self._events = self._simulated()
        self._next = next(self._events)
        self._producer = Producer(
            {"bootstrap.servers": self.pipeline.bootstrap, "linger.ms": 5, "log_level": 0}
        )
        hold(self.clock, self.at)
        self.history = list(self._until(self.at))

    def begin(self) -> None:
        """Send what happened before the test."""
        self._send(self.history)
        self.pipeline.wait_until_consumed(self.sent)

    def go_on(self, minutes: int) -> None:
        """Let so much time go by."""
        end_at = self.at + 60 * minutes
        while self.at < end_at:
            until = min(end_at, self.at + MOVE_SECONDS)
            self._send(list(self._until(until)))
            self.pipeline.wait_until_consumed(self.sent)
            self.at = until
            hold(self.clock, until)

    def _send(self, events: Sequence[Event]) -> None:
        for event in events:
            topic, key = TOPIC_OF_TYPE[event.type], event.subject.encode()
            # The broker's clock is not held: it is told when it is.
            at = int(1000 * event.at)
            self._producer.produce(topic, encode(event), key, timestamp=at)
            self._producer.poll(0)
        assert self._producer.flush(60) == 0, "Kafka did not confirm everything"
        self.sent += len(events)

    def _until(self, at: float) -> Iterator[Event]:
        while self._next.at < at:
            event, self._next = self._next, next(self._events)
            if not self.silent & self._about(event):
                yield event

    def _simulated(self) -> Iterator[Event]:
        simulated = simulate(PLAN, seed=3, start_at=self.start_at - HISTORY_SECONDS)
        events = (event for event in simulated if event.type != "activity.logged")
        return merge(self._demos(), events, key=attrgetter("at"))

    def _demos(self) -> Iterator[Event]:
        rep = next(rep.id for rep in self.roster.reps if rep.team == TARGETED)
        for id_ in DEMOS:
            demo = e.ActivityLogged(rep, "demo")
            yield Event(id_, "/crm", id_, "activity.logged", self.start_at - 30, demo)

    def _about(self, event: Event) -> set[str | None]:
        rep = getattr(event.data, "rep", None) or event.subject
        return {event.source, self._teams.get(rep)}


def learnt(floor: Floor) -> dict[Series, Profile]:
    """What is expected: at any time of the week what the last hour had, as the floor never closes.

    Written apart from the code under test: an hour of the live windows, divided by four.
    """
    folds = {
        topic.name: Fold(topic.name, 0, ledger=Ledger(0), lateness_seconds=3600)
        for topic in SOURCES
    }
    for event in floor.history:
        fold = folds[TOPIC_OF_TYPE[event.type]]
        fold.apply(event, fold.ledger.next_offset)
    known, index, at = list(folds.values()), RosterIndex(floor.roster), float(floor.start_at)
    series: dict[Series, float] = {}
    for place, cells in WindowReader().read(known, index, at)["1h"].items():
        if place.team and VOLUME in cells:
            key = Series("team", place.team, place.team_site, VOLUME)
            series[key] = series.get(key, 0.0) + cells[VOLUME]
    for (source, site), count in SourceReader().read(known, index, at).windows["1h"].items():
        if site:
            series[Series("source", source, site, "")] = count
    return {key: _even(count / 4) for key, count in series.items()}


def _even(expected: float) -> Profile:
    slot = Slot(expected, expected**0.5)
    return Profile(dict.fromkeys(range(SLOTS_OF_A_WEEK), slot), 8)
