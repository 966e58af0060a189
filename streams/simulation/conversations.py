"""From the answer to the rep's being free again: talk, holds, transfers, after-call work."""

from collections.abc import Callable
from dataclasses import dataclass

from streams.simulation.calls import Call
from streams.simulation.crew import Crew, Rep
from streams.simulation.engine import Engine

MAX_LEGS = 4


@dataclass(slots=True)
class Conversations:
    """All conversations of the floor.

    `on_transfer` takes a call on to another queue; `on_sales_talk` hears of each that may sell, and
    `on_over` of each leg that was answered and is over.
    """

    engine: Engine
    crew: Crew
    on_transfer: Callable[[Call, str], None] = lambda _call, _queue: None
    on_sales_talk: Callable[[Call, Rep], None] = lambda _call, _rep: None
    on_over: Callable[[Call], None] = lambda _call: None

    def begin(self, call: Call, rep: Rep) -> None:
        """Connect the two sides."""
        engine, handling = self.engine, call.handling
        call.stage, call.rep, call.answered_at = "talking", rep, engine.now
        call.pen.answered(call, rep.id)
        self.crew.change(rep, "on_call")
        seconds = handling.talk.sample(engine.rng)
        if engine.chance(handling.hold_share):
            call.hold_seconds = handling.hold.sample(engine.rng)
            engine.after(seconds * engine.rng.uniform(0.1, 0.9), self._hold, call)
            seconds += call.hold_seconds
        engine.after(seconds, self._end, call, rep)

    def _hold(self, call: Call) -> None:
        call.pen.held(call)
        self.engine.after(call.hold_seconds, call.pen.resumed, call)

    def _end(self, call: Call, rep: Rep) -> None:
        engine, handling = self.engine, call.handling
        call.stage = "over"
        call.wrapup_seconds = handling.after_call_work.sample(engine.rng)
        goal = self._goal(call)
        self.on_over(call)
        if goal is None:
            call.pen.ended(call)
            if handling.sells:
                self.on_sales_talk(call, rep)
        else:
            call.pen.transferred(call, "attended" if engine.chance(0.4) else "blind", goal)
        if call.wrapup_seconds > 0:
            self.crew.change(rep, "after_call_work")
            engine.after(call.wrapup_seconds, self._wrap_up, call, rep)
        else:
            self.crew.release(rep)
        if goal is not None:
            self.on_transfer(call, goal)

    def _goal(self, call: Call) -> str | None:
        """Return the queue that the call goes on to, or None if the customer hangs up."""
        handling = call.handling
        if call.leg < MAX_LEGS and self.engine.chance(handling.transfer_share):
            return self.engine.rng.choice(handling.transfer_to)
        return None

    def _wrap_up(self, call: Call, rep: Rep) -> None:
        call.pen.wrapup_ended(call)
        self.crew.release(rep)
