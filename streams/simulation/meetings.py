"""Meetings: booked out of conversations, moved, called off, held, or waited for in vain."""

from dataclasses import dataclass

from schemas import events as e
from streams.simulation.crew import Rep
from streams.simulation.office import CALENDAR, Office
from streams.simulation.plan import instant

DAY_SECONDS = 86_400
_GRID_SECONDS = 300
_MAX_MOVES = 3
_FATES = {"held": 0.66, "no_show": 0.12, "rescheduled": 0.12, "cancelled": 0.10}


@dataclass(slots=True)
class _Meeting:
    id: str
    rep: Rep
    starts_at: float
    moves: int = 0


@dataclass(frozen=True, slots=True)
class Meetings:
    """The calendar of all reps."""

    office: Office

    def book(self, rep: Rep, customer: str) -> None:
        """Arrange a meeting with a customer, now."""
        engine = self.office.engine
        meeting = _Meeting(engine.new_id("m"), rep, self._start(rep))
        starts_at = instant(meeting.starts_at)
        data = e.MeetingBooked(rep=rep.id, starts_at=starts_at, customer=customer)
        engine.emit(CALENDAR, meeting.id, "meeting.booked", data)
        self._draw_fate(meeting)

    def _start(self, rep: Rep) -> float:
        """Draw a start in office hours, on a five-minute grid, in minutes or in days."""
        engine = self.office.engine
        soon = engine.chance(self.office.plan.same_day_share)
        mean_seconds = 900 if soon else 2 * DAY_SECONDS
        at = engine.now + engine.rng.expovariate(1 / mean_seconds)
        at = self.office.working_instant(rep, at)
        return (at // _GRID_SECONDS + 1) * _GRID_SECONDS

    def _draw_fate(self, meeting: _Meeting) -> None:
        engine = self.office.engine
        (fate,) = engine.rng.choices(list(_FATES), weights=list(_FATES.values()))
        if fate == "rescheduled" and meeting.moves >= _MAX_MOVES:
            fate = "held"
        before = engine.now + engine.rng.random() * (meeting.starts_at - engine.now)
        if fate == "held":
            length = engine.rng.uniform(600, 2700)
            engine.at(meeting.starts_at + length, self._tell, meeting, "held", e.MeetingHeld())
        elif fate == "no_show":
            given_up_at = meeting.starts_at + 900
            engine.at(given_up_at, self._tell, meeting, "no_show", e.MeetingNoShow())
        elif fate == "cancelled":
            engine.at(before, self._tell, meeting, "cancelled", e.MeetingCancelled())
        else:
            engine.at(before, self._move, meeting)

    def _move(self, meeting: _Meeting) -> None:
        meeting.moves += 1
        meeting.starts_at = self._start(meeting.rep)
        data = e.MeetingRescheduled(starts_at=instant(meeting.starts_at))
        self._tell(meeting, "rescheduled", data)
        self._draw_fate(meeting)

    def _tell(self, meeting: _Meeting, what: str, data: e.MeetingFact) -> None:
        self.office.engine.emit(CALENDAR, meeting.id, f"meeting.{what}", data)
