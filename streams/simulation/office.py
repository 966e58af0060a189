"""What everything that happens away from the telephone shares: its source and office hours."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from streams.simulation.calendar import SiteCalendar
from streams.simulation.crew import Rep
from streams.simulation.engine import Engine
from streams.simulation.parts import SalesPlan, SitePlan

CRM = "/sim/crm"
CALENDAR = "/sim/calendar"
_LATE_START_SECONDS = 2 * 3600


@dataclass(frozen=True, slots=True)
class Office:
    """The office side of the floor."""

    engine: Engine
    plan: SalesPlan
    sites: Mapping[str, SitePlan]
    calendars: Mapping[str, SiteCalendar]

    def working_instant(self, rep: Rep, at: float) -> float:
        """Return *at*, or, if the rep's site is closed then, some time after it opens next."""
        opening = self.calendars[rep.team.site].opening(at)
        if opening == at:
            return at
        return opening + self.engine.rng.uniform(0, _LATE_START_SECONDS)

    def later(self, rep: Rep, seconds: float, action: Callable[..., None], *args: object) -> None:
        """Let *action* happen after *seconds* or, if that is outside office hours, after them."""
        self.engine.at(self.working_instant(rep, self.engine.now + seconds), action, *args)

    def site(self, rep: Rep) -> SitePlan:
        """Return where the rep works."""
        return self.sites[rep.team.site]
