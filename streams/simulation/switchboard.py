"""Inbound calls: arrivals, queues, who gets which call, and who gives up."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from streams.simulation.calendar import Arrivals, SiteCalendar
from streams.simulation.calls import Call, EventPen, Pen, RecordPen, write_menu
from streams.simulation.conversations import MAX_LEGS, Conversations
from streams.simulation.crew import Crew, Rep, pbx_sources
from streams.simulation.engine import Engine
from streams.simulation.parts import QueuePlan
from streams.simulation.plan import FloorPlan

SHORT_ABANDON_SECONDS = 5


@dataclass(slots=True, eq=False)
class Line:
    """A queue at work: the calls that wait, in order, and the teams that serve it."""

    plan: QueuePlan
    source: str
    pen: Pen
    arrivals: Arrivals
    teams: tuple[str, ...]
    waiting: dict[Call, None] = field(default_factory=dict)


@dataclass(slots=True)
class Switchboard:
    """All inbound queues. First come, first served, by the rep who has been idle longest."""

    engine: Engine
    crew: Crew
    conversations: Conversations
    lines: Mapping[str, Line]
    on_missed: Callable[[Call], None] = lambda _: None
    _served: dict[str, tuple[Line, ...]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        plan: FloorPlan,
        crew: Crew,
        conversations: Conversations,
        calendars: Mapping[str, SiteCalendar],
    ) -> "Switchboard":
        """Return the plan's queues, all of them empty."""
        engine = crew.engine
        lines = {
            queue.id: Line(
                plan=queue,
                source=f"/sim/pbx-{queue.id}" if queue.records_only else source,
                pen=RecordPen(engine) if queue.records_only else EventPen(engine),
                arrivals=Arrivals(
                    calendars[queue.site], queue.calls_per_hour, queue.profile, engine.rng
                ),
                teams=tuple(team.id for team in plan.teams if queue.id in team.queues),
            )
            for queue in plan.queues
            for source in (pbx_sources(plan)[queue.site],)
        }
        served = {team.id: tuple(lines[queue] for queue in team.queues) for team in plan.teams}
        return cls(engine, crew, conversations, lines, _served=served)

    def open(self) -> None:
        """Let the first calls come."""
        for line in self.lines.values():
            self.engine.at(line.arrivals.next_after(self.engine.now), self._arrive, line)

    def transfer(self, call: Call, queue: str) -> None:
        """Offer the next leg of a call to another queue."""
        line = self.lines[queue]
        next_leg = Call(
            id=call.id,
            source=call.source,
            customer=call.customer,
            queue=queue,
            handling=line.plan.handling,
            pen=line.pen,
            leg=call.leg + 1,
        )
        self._offer(line, next_leg)

    def work_for(self, rep: Rep) -> bool:
        """Give a free rep the call that has waited longest; return whether there was one."""
        heads = [
            (next(iter(line.waiting)), line) for line in self._served[rep.team.id] if line.waiting
        ]
        if not heads:
            return False
        call, line = min(heads, key=lambda head: head[0].offered_at)
        del line.waiting[call]
        self._ring(line, call, rep)
        return True

    def _arrive(self, line: Line) -> None:
        engine = self.engine
        engine.at(line.arrivals.next_after(engine.now), self._arrive, line)
        customer = engine.customer()
        if engine.chance(line.plan.menu_share):
            write_menu(engine, line.source, customer)
            return
        call = Call(
            id=engine.new_id("c"),
            source=line.source,
            customer=customer,
            queue=line.plan.id,
            handling=line.plan.handling,
            pen=line.pen,
        )
        self._offer(line, call)

    def _offer(self, line: Line, call: Call) -> None:
        engine, plan = self.engine, line.plan
        call.offered_at = engine.now
        call.pen.offered(call)
        rep = self.crew.take_longest_idle(line.teams)
        if rep is None:
            line.waiting[call] = None
        else:
            self._ring(line, call, rep)
        if call.stage == "talking":
            return
        if engine.chance(plan.short_abandon_share):
            engine.after(engine.rng.uniform(0.5, SHORT_ABANDON_SECONDS), self._give_up, line, call)
        elif plan.patience is not None:
            engine.after(plan.patience.sample(engine.rng), self._give_up, line, call)
        if plan.flow_out_after_seconds is not None and call.leg < MAX_LEGS:
            engine.after(plan.flow_out_after_seconds, self._flow_out, line, call)

    def _ring(self, line: Line, call: Call, rep: Rep) -> None:
        seconds = line.plan.ring.sample(self.engine.rng)
        if seconds == 0:
            self.conversations.begin(call, rep)
            return
        call.stage, call.rep = "ringing", rep
        self.crew.change(rep, "ringing")
        self.engine.after(seconds, self._pick_up, call, rep)

    def _pick_up(self, call: Call, rep: Rep) -> None:
        if call.stage == "ringing":
            self.conversations.begin(call, rep)

    def _give_up(self, line: Line, call: Call) -> None:
        """Let the caller hang up, unless somebody has answered meanwhile."""
        if call.stage not in {"waiting", "ringing"}:
            return
        line.waiting.pop(call, None)
        call.stage = "over"
        call.pen.abandoned(call)
        self.on_missed(call)
        if call.rep is not None:
            self.crew.release(call.rep)

    def _flow_out(self, line: Line, call: Call) -> None:
        if call.stage == "waiting" and line.plan.flow_out_to is not None:
            del line.waiting[call]
            call.stage = "over"
            call.pen.transferred(call, "blind", line.plan.flow_out_to)
            self.transfer(call, line.plan.flow_out_to)
