"""The reps: shifts, breaks, states, and who has been idle longest."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from schemas.events import RepState, RepStateChanged
from streams.simulation.calendar import SiteCalendar
from streams.simulation.engine import Engine
from streams.simulation.parts import BreakPlan, TeamPlan
from streams.simulation.plan import FloorPlan

EARLY_SECONDS = 600


@dataclass(slots=True, eq=False)
class Rep:
    """One rep.

    `spell` counts changes of state, `shift` sign-ins and -outs: what was planned for an earlier one
    is void.
    """

    id: str
    team: TeamPlan
    source: str
    state: RepState = "offline"
    since_at: float = 0.0
    spell: int = 0
    shift: int = 0
    is_leaving: bool = False
    wish: tuple[str, float] | None = None


@dataclass(slots=True)
class Crew:
    """All reps. `work_for` gives an idle rep something to do; `on_idle` hears of one without."""

    engine: Engine
    breaks: BreakPlan | None
    calendars: Mapping[str, SiteCalendar]
    reps: tuple[Rep, ...]
    work_for: Callable[[Rep], bool] = lambda _: False
    on_idle: Callable[[Rep], None] = lambda _: None
    _idle: dict[str, dict[Rep, None]] = field(default_factory=dict)

    @classmethod
    def of(cls, plan: FloorPlan, engine: Engine, calendars: Mapping[str, SiteCalendar]) -> "Crew":
        """Return the plan's reps, all of them offline."""
        sources = pbx_sources(plan)
        reps = tuple(Rep(rep, team, sources[team.site]) for team, rep in plan.rep_ids())
        idle: dict[str, dict[Rep, None]] = {team.id: {} for team in plan.teams}
        return cls(engine, plan.breaks, calendars, reps, _idle=idle)

    def open(self) -> None:
        """Begin: sign in whoever should be there now, and plan the coming days."""
        for site, calendar in self.calendars.items():
            reps = [rep for rep in self.reps if rep.team.site == site]
            if calendar.always_open:
                for rep in reps:
                    self._sign_in(rep)
            else:
                self._plan_day(reps, calendar, calendar.day(self.engine.now))

    def take_longest_idle(self, teams: Iterable[str]) -> Rep | None:
        """Take the rep of these teams who has been idle longest out of the pool."""
        heads = [next(iter(pool)) for team in teams if (pool := self._idle[team])]
        if not heads:
            return None
        rep = heads[0] if len(heads) == 1 else min(heads, key=lambda head: head.since_at)
        self.take(rep)
        return rep

    def take(self, rep: Rep) -> None:
        """Take an idle rep out of the pool."""
        del self._idle[rep.team.id][rep]

    def change(self, rep: Rep, state: RepState, reason: str | None = None) -> None:
        """Put a rep into a state and say so; nothing happens if that is the state already."""
        if rep.state == state:
            return
        rep.state, rep.since_at = state, self.engine.now
        rep.spell += 1
        data = RepStateChanged(state=state, reason=reason)
        self.engine.emit(rep.source, rep.id, "rep.state_changed", data)

    def release(self, rep: Rep) -> None:
        """Decide what a rep does who has finished something: go, pause, work, or wait."""
        if rep.is_leaving:
            rep.is_leaving = False
            self.change(rep, "offline")
        elif rep.wish is not None:
            (reason, seconds), rep.wish = rep.wish, None
            self._pause(rep, reason, seconds)
        elif not self.work_for(rep):
            self.change(rep, "available")
            self._idle[rep.team.id][rep] = None
            self.on_idle(rep)

    def _plan_day(self, reps: list[Rep], calendar: SiteCalendar, day: date) -> None:
        """Draw everybody's shift of one day, and plan the next at its midnight."""
        hours = calendar.hours(day)
        if hours is not None:
            for rep in reps:
                self._plan_shift(rep, *hours)
        tomorrow = day + timedelta(days=1)
        self.engine.at(calendar.midnight(tomorrow), self._plan_day, reps, calendar, tomorrow)

    def _plan_shift(self, rep: Rep, opens_at: float, closes_at: float) -> None:
        rng = self.engine.rng
        starts_at = opens_at - rng.uniform(0, EARLY_SECONDS)
        ends_at = closes_at + rng.uniform(-EARLY_SECONDS, EARLY_SECONDS)
        lunch_at = (opens_at + closes_at) / 2 + rng.uniform(-3600, 3600)
        if ends_at <= self.engine.now:
            return
        if self.breaks is not None:
            if self.engine.chance(self.breaks.absent_share):
                return
            if lunch_at > self.engine.now and self.breaks.lunch_seconds > 0:
                self.engine.at(lunch_at, self._want, rep, "lunch", self.breaks.lunch_seconds)
        self.engine.at(starts_at, self._sign_in, rep)
        self.engine.at(ends_at, self._sign_out, rep)

    def _sign_in(self, rep: Rep) -> None:
        rep.shift += 1
        rep.is_leaving, rep.wish = False, None
        if rep.state == "offline":
            self.release(rep)
        self._plan_break(rep)

    def _sign_out(self, rep: Rep) -> None:
        rep.shift += 1
        if rep.state == "available":
            self.take(rep)
            self.change(rep, "offline")
        elif rep.state == "paused":
            self.change(rep, "offline")
        elif rep.state != "offline":
            rep.is_leaving = True

    def _plan_break(self, rep: Rep) -> None:
        if self.breaks is not None:
            seconds = self.breaks.between.sample(self.engine.rng)
            self.engine.after(seconds, self._break, rep, rep.shift)

    def _break(self, rep: Rep, shift: int) -> None:
        if rep.shift == shift and self.breaks is not None:
            rng = self.engine.rng
            self._want(rep, rng.choice(self.breaks.reasons), self.breaks.length.sample(rng))
            self._plan_break(rep)

    def _want(self, rep: Rep, reason: str, seconds: float) -> None:
        """Pause an idle rep now, a busy one once free; a second wish replaces the first."""
        if rep.state == "available":
            self.take(rep)
            self._pause(rep, reason, seconds)
        elif rep.state not in {"offline", "paused"}:
            rep.wish = (reason, seconds)

    def _pause(self, rep: Rep, reason: str, seconds: float) -> None:
        self.change(rep, "paused", reason)
        self.engine.after(seconds, self._come_back, rep, rep.spell)

    def _come_back(self, rep: Rep, spell: int) -> None:
        if rep.spell == spell:
            self.release(rep)


def pbx_sources(plan: FloorPlan) -> dict[str, str]:
    """Return the CloudEvents source of each site's PBX."""
    return {site.id: f"/sim/pbx-{number}" for number, site in enumerate(plan.sites, 1)}
