"""What comes out of conversations, and the leads that come in beside them."""

from collections.abc import Sequence
from dataclasses import dataclass

from schemas import events as e
from streams.simulation.calendar import Arrivals
from streams.simulation.calls import Call
from streams.simulation.crew import Rep
from streams.simulation.deals import Deals
from streams.simulation.meetings import Meetings
from streams.simulation.office import CRM, Office

_OWNED_SHARE = 0.8
_MEAN_QUALIFY_SECONDS = 1800


@dataclass(frozen=True, slots=True)
class Selling:
    """Meetings, deals, e-mails and leads."""

    office: Office
    meetings: Meetings
    deals: Deals
    leads: Arrivals
    reps: Sequence[Rep]

    def open(self) -> None:
        """Let the first lead come."""
        engine = self.office.engine
        engine.at(self.leads.next_after(engine.now), self._lead)

    def after_conversation(self, call: Call, rep: Rep) -> None:
        """Draw what a conversation leads to."""
        engine, plan = self.office.engine, self.office.plan
        if engine.chance(plan.meeting_share):
            self.meetings.book(rep, call.customer)
        if engine.chance(plan.deal_share):
            self.deals.create(rep, call.customer)
        if engine.chance(plan.email_share):
            seconds = engine.rng.uniform(5, 120)
            engine.after(seconds, self._email, rep, call.customer)

    def _email(self, rep: Rep, customer: str) -> None:
        engine = self.office.engine
        data = e.ActivityLogged(rep=rep.id, kind="email", customer=customer)
        engine.emit(CRM, engine.new_id("a"), "activity.logged", data)

    def _lead(self) -> None:
        engine = self.office.engine
        engine.at(self.leads.next_after(engine.now), self._lead)
        rep = engine.rng.choice(self.reps)
        lead = engine.new_id("l")
        is_owned = engine.chance(_OWNED_SHARE)
        data = e.LeadCreated(rep=rep.id if is_owned else None)
        engine.emit(CRM, lead, "lead.created", data)
        if engine.chance(self.office.plan.qualified_share):
            seconds = engine.rng.expovariate(1 / _MEAN_QUALIFY_SECONDS)
            self.office.later(rep, seconds, self._qualify, lead, rep)

    def _qualify(self, lead: str, rep: Rep) -> None:
        self.office.engine.emit(CRM, lead, "lead.qualified", e.LeadQualified(rep=rep.id))
