"""Takes events from the simulated floor to an outlet, each when it is due."""

from collections.abc import Iterable
from dataclasses import dataclass

from agents import clock
from agents.simulating.outlets import Outlet
from agents.simulating.period import Pace
from agents.simulating.poison import Poison
from agents.simulating.progress import SimulationProgress
from agents.simulating.stopping import Stopping
from schemas.events import Event

_SLICE_SECONDS = 0.2
"""Longest rest in one go: a signal is heard after it."""


@dataclass(slots=True, kw_only=True)
class Driver:
    """One run. Afterwards `events` and `spoilt` say how many went out."""

    outlet: Outlet
    pace: Pace
    poison: Poison
    stopping: Stopping
    progress: SimulationProgress
    now: clock.Clock = clock.now
    events: int = 0
    spoilt: int = 0

    def run(self, events: Iterable[Event]) -> None:
        """Go on until the events end or a signal comes; then wait for what is under way."""
        for event in events:
            self._wait_for(event)
            if self.stopping.is_wanted:
                break
            # A copy of what went out, so that a spoilt one holds no customer's number either.
            spoilt = self.poison.spoil(self.outlet.put(event))
            self.events += 1
            if spoilt is not None:
                self.outlet.put_raw(event, spoilt)
                self.spoilt += 1
            self.progress.tell(self.events, event.at)
        self.outlet.finish()

    def _wait_for(self, event: Event) -> None:
        due_at = self.pace.due_at(event.at)
        while (ahead_seconds := due_at - self.now()) > 0 and not self.stopping.is_wanted:
            self.outlet.rest(min(ahead_seconds, _SLICE_SECONDS))
            self.progress.tell(self.events, event.at - max(0.0, due_at - self.now()))
