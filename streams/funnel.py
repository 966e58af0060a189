"""What a deal counts in the funnel, by day and place: a pure function of deal and pipelines.

schemas/funnel.py defines the day on which each count falls. Every instant of a deal belongs to its
owner at that time, and so does its cohort. Only its present state (open) belongs to the owner now.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from sys import intern
from typing import NamedTuple

from schemas import funnel as f
from schemas.funnel import Count
from schemas.pipelines import LOST, WON
from streams.deal_state import Deal
from streams.facts import Amount, ticks
from streams.journeys import Journey, Visit, journey
from streams.pipelines import PipelineIndex, Version
from streams.roster import UNKNOWN, day_start

Cells = dict[str, Amount]


class Place(NamedTuple):
    """What a count is about; "" for what does not apply."""

    pipeline: str
    stage: str
    rep: str
    source: str
    segment: str
    currency: str


class Key(NamedTuple):
    """The day of a count, by its start in seconds since 1970, and what it is about."""

    day_at: int
    place: Place


class Contribution(NamedTuple):
    """What a deal counts: on each day, and as open now, by the day it entered its stage."""

    days: dict[Key, Cells]
    open: dict[Key, Cells]


NOTHING = Contribution({}, {})


def contribution(deal: Deal | None, pipelines: PipelineIndex) -> Contribution:
    """Return what *deal* counts; nothing while its creation is unknown."""
    if deal is None or deal.created_at is None:
        return NOTHING
    telling = _Telling(deal, deal.created_at, pipelines)
    if deal.is_counted:
        telling.tell()
    elif deal.status_at is not None:
        telling.add(f.MERGED if deal.status == "merged" else f.DELETED, deal.status_at)
    return Contribution(telling.days, telling.open)


class _Moment(NamedTuple):
    """An instant of a deal: pipeline, day and owner at that time, and its cells by stage."""

    version: Version
    day_at: int
    rep: str
    cells: dict[str, Cells]


class _Telling:
    """Collects what one deal counts."""

    def __init__(self, deal: Deal, created_at: float, pipelines: PipelineIndex) -> None:
        self._deal = deal
        self._created_at = created_at
        self._pipelines = pipelines
        self._way: Journey = journey(deal, pipelines)
        self._currency = deal.currency or ""
        self._moments: dict[float, _Moment] = {}
        self.days: dict[Key, Cells] = {}
        self.open: dict[Key, Cells] = {}

    def tell(self) -> None:
        self._tell_creation()
        self._tell_visits()
        self._tell_path()
        self._tell_end()
        self._tell_changes()

    def add(self, count: Count, at: float, stage: str = "", amount: Amount = 1) -> None:
        """Count something on the day of *at*."""
        cells, name = self._cells(at, stage), count.name
        cells[name] = cells.get(name, 0) + amount

    def _cells(self, at: float, stage: str) -> Cells:
        moment = self._moments.get(at) or self._moment(at)
        cells = moment.cells.get(stage)
        if cells is None:
            key = self._key(moment.day_at, stage, moment.rep)
            cells = moment.cells[stage] = self.days.setdefault(key, {})
        return cells

    def _moment(self, at: float) -> _Moment:
        """Return what all counts of one instant share; it is looked up once."""
        found = self._moments.get(at)
        if found is None:
            version = self._pipelines.version(self._deal.pipeline, at)
            day_at = int(day_start(version.zone, at))
            found = self._moments[at] = _Moment(version, day_at, self._deal.owner_at(at), {})
        return found

    def _key(self, day_at: int, stage: str, rep: str) -> Key:
        deal = self._deal
        place = Place(self._way.pipeline, stage, rep, deal.source, deal.segment, self._currency)
        return Key(day_at, place)

    def _version(self, at: float) -> Version:
        return self._moment(at).version

    def _add_worth(self, count: Count, minor: Count, at: float, stage: str = "") -> Cells:
        cells = self._cells(at, stage)
        cells[count.name] = cells.get(count.name, 0) + 1
        worth = self._deal.amount_minor
        if worth:
            cells[minor.name] = cells.get(minor.name, 0) + worth
        return cells

    def _add_aged(self, count: Count, minor: Count, since: float, until: float, stage: str) -> None:
        """Count on the day of *since* what happened at *until*, also by its age in days."""
        cells = self._add_worth(count, minor, since, stage)
        days = round((self._moment(until).day_at - self._moment(since).day_at) / f.DAY_SECONDS)
        cell = f.age_cell(count, max(0, days))
        cells[cell] = cells.get(cell, 0) + 1

    def _add_stay(self, name: str, seconds: float, at: float, stage: str = "") -> None:
        cells = self._cells(at, stage)
        cell = intern(f"{name}:{bisect_left(f.DAYS_BOUNDS, seconds / f.DAY_SECONDS)}")
        cells[cell] = cells.get(cell, 0) + 1

    # The whole

    def _tell_creation(self) -> None:
        way, at = self._way, self._created_at
        self._add_worth(f.CREATED, f.CREATED_MINOR, at)
        if way.ended_at is not None:
            won = way.status == WON
            count, minor = (
                (f.CREATED_WON, f.CREATED_WON_MINOR)
                if won
                else (f.CREATED_LOST, f.CREATED_LOST_MINOR)
            )
            self._add_aged(count, minor, at, way.ended_at, "")
        version = self._version(at)
        positions = (version.position(visit.stage) for visit in way.visits)
        furthest = max((one for one in positions if one is not None), default=0.0)
        for number, stage in enumerate(version.stages, 1):
            if way.status == WON or furthest >= number:
                self.add(f.REACHED, at, stage)

    def _tell_end(self) -> None:
        way = self._way
        if way.ended_at is None:
            return
        at = way.ended_at
        if way.status == LOST:
            self._add_worth(f.LOSSES, f.LOSSES_MINOR, at)
            if way.visits:
                self._add_worth(f.EXITS_LOST, f.EXITS_LOST_MINOR, at, way.visits[-1].stage)
            return
        self._add_worth(f.WINS, f.WINS_MINOR, at)
        if self._deal.amount_minor is not None:
            self.add(f.WINS_PRICED, at)
        seconds = ticks(at - self._created_at)
        self.add(f.CYCLE_SECONDS, at, "", seconds)
        self._add_stay(f.CYCLE, seconds, at)
        stages = self._version(at).stages
        if stages:
            self.add(f.NEXT_ENTRIES, at, stages[-1])
        self._skip(way.visits[-1].stage if way.visits else "", WON, at)

    def _tell_changes(self) -> None:
        for at in self._way.reopened:
            self.add(f.REOPENED, at)
        for at in self._way.repeated:
            self.add(f.REPEATED, at)
        self._tell_simultaneous()
        for move in self._deal.moves:
            if move.is_bare:
                self.add(f.WITHOUT_OLD_STAGE, move.at)
        for owned in self._deal.owners:
            self.add(f.OWNER_CHANGES, owned.at)
        for at in self._deal.amount_changes():
            self.add(f.AMOUNT_CHANGES, at)
        if self._deal.is_cut:
            self.add(f.CUT, self._created_at)

    def _tell_simultaneous(self) -> None:
        instants = [move.at for move in self._deal.moves]
        instants += [turn.at for turn in self._deal.turns]
        if len(instants) == len(set(instants)):
            return
        for at, told in Counter(instants).items():
            if told > 1:
                self.add(f.SIMULTANEOUS, at, "", told - 1)

    # Its stages

    def _tell_visits(self) -> None:
        seen: set[str] = set()
        previous = ""
        for index, visit in enumerate(self._way.visits):
            stage, at = visit.stage, visit.entered_at
            self.add(f.ENTRIES, at, stage)
            self._tell_move(previous, visit)
            if stage in seen:
                self.add(f.RE_ENTRIES, at, stage)
            elif stage != UNKNOWN:
                self._tell_cohort(index, visit)
            seen.add(stage)
            previous = stage
            if visit.left_at is not None:
                seconds = ticks(visit.left_at - at)
                self.add(f.STAYS, visit.left_at, stage)
                self.add(f.STAY_SECONDS, visit.left_at, stage, seconds)
                self._add_stay(f.STAY, seconds, visit.left_at, stage)
        self._tell_now()

    def _tell_now(self) -> None:
        now, worth = self._way.now, self._deal.amount_minor
        if now is not None:
            cells: Cells = {f.OPEN.name: 1}
            if worth:
                cells[f.OPEN_MINOR.name] = worth
            day_at = self._moment(now.entered_at).day_at
            self.open[self._key(day_at, now.stage, self._deal.owner)] = cells

    def _tell_move(self, previous: str, visit: Visit) -> None:
        """Count from where a deal came to a stage."""
        version, at = visit.version, visit.entered_at
        if visit.stage in version.stages[1:]:
            before = version.stages[version.stages.index(visit.stage) - 1]
            self.add(f.NEXT_ENTRIES, at, before)
        was, now = version.position(previous), version.position(visit.stage)
        if was is None or now is None:
            return
        if now < was:
            self.add(f.BACKWARD, at, visit.stage)
        self._skip(previous, visit.stage, at)

    def _skip(self, previous: str, stage: str, at: float) -> None:
        version = self._version(at)
        was, now = version.position(previous), version.position(stage)
        if was is not None and now is not None:
            for skipped in version.between(was, now):
                self.add(f.SKIPPED, at, skipped)

    def _tell_cohort(self, index: int, visit: Visit) -> None:
        """Count what became of the first entry into a stage."""
        way, at, stage = self._way, visit.entered_at, visit.stage
        self._add_worth(f.ENTERED, f.ENTERED_MINOR, at, stage)
        if way.status == WON:
            self._add_worth(f.WON, f.WON_MINOR, at, stage)
        advanced_at = self._advanced_at(index, visit)
        if advanced_at is not None:
            self._add_aged(f.ADVANCED, f.ADVANCED_MINOR, at, advanced_at, stage)
        elif way.status == LOST and way.ended_at is not None:
            self._add_aged(f.LOST, f.LOST_MINOR, at, way.ended_at, stage)

    def _advanced_at(self, index: int, visit: Visit) -> float | None:
        """Return when a deal first got beyond a stage after entering it."""
        step = visit.version.steps[visit.stage]
        for later in self._way.visits[index + 1 :]:
            position = visit.version.position(later.stage)
            if position is not None and position >= step.next_position:
                return later.entered_at
        return self._way.ended_at if self._way.status == WON else None

    def _tell_path(self) -> None:
        """Count how far the deal came through every stage in order."""
        stages: Iterator[str] = iter(self._version(self._created_at).stages)
        wanted = next(stages, None)
        passed: list[Visit] = []
        for visit in self._way.visits:
            if visit.stage == wanted:
                passed.append(visit)
                wanted = next(stages, None)
        is_won = wanted is None and self._way.status == WON
        for number, visit in enumerate(passed, 1):
            self.add(f.PATH_ENTERED, visit.entered_at, visit.stage)
            if number < len(passed) or is_won:
                self.add(f.PATH_ADVANCED, visit.entered_at, visit.stage)
            if is_won:
                self.add(f.PATH_WON, visit.entered_at, visit.stage)
