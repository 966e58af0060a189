"""Outbound calls: idle reps of a campaign's teams dial one customer after the other."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from streams.simulation.calls import Call, EventPen
from streams.simulation.conversations import Conversations
from streams.simulation.crew import Crew, Rep
from streams.simulation.engine import Engine
from streams.simulation.parts import CampaignPlan, Duration

MAX_MISSED = 1000
SILENCE_SECONDS = 4.0
"""A customer who has answered and hears nobody for so long hangs up."""


@dataclass(slots=True)
class Dialler:
    """All campaigns, and the missed calls that they return first."""

    engine: Engine
    crew: Crew
    conversations: Conversations
    campaigns: Mapping[str, CampaignPlan]
    missed: deque[str] = field(default_factory=lambda: deque(maxlen=MAX_MISSED))
    """Customers whose calls nobody answered."""

    def note_missed(self, call: Call) -> None:
        """Remember to call a customer back."""
        self.missed.append(call.customer)

    def plan_dial(self, rep: Rep) -> None:
        """Let an idle rep dial after a short while, if the rep is still idle then."""
        if rep.team.campaign is not None:
            campaign = self.campaigns[rep.team.campaign]
            seconds = campaign.between_dials.sample(self.engine.rng)
            self.engine.after(seconds, self._dial, campaign, rep, rep.spell)

    def _dial(self, campaign: CampaignPlan, rep: Rep, spell: int) -> None:
        if rep.spell != spell:
            return
        self.crew.take(rep)
        pen = EventPen(self.engine)
        call = Call(
            id=self.engine.new_id("c"),
            source=rep.source,
            customer=self._customer(campaign),
            queue=campaign.id,
            handling=campaign.handling,
            pen=pen,
            stage="ringing",
            offered_at=self.engine.now,
            rep=rep,
        )
        pen.dialled(call, rep.id)
        self.crew.change(rep, "ringing")
        connects = self.engine.chance(campaign.connect_share)
        seconds = campaign.ring.sample(self.engine.rng)
        if not connects:
            self.engine.after(seconds, self._give_up, call, rep)
        elif campaign.bridge is None:
            self.engine.after(seconds, self.conversations.begin, call, rep)
        else:
            self.engine.after(seconds, self._connect, call, rep, pen, campaign.bridge)

    def _connect(self, call: Call, rep: Rep, pen: EventPen, bridge: Duration) -> None:
        """Let the customer answer, and hang up if the rep takes too long to join."""
        pen.connected(call)
        seconds = bridge.sample(self.engine.rng)
        if seconds < SILENCE_SECONDS:
            self.engine.after(seconds, self.conversations.begin, call, rep)
        else:
            self.engine.after(SILENCE_SECONDS, self._give_up, call, rep)

    def _give_up(self, call: Call, rep: Rep) -> None:
        call.stage = "over"
        call.pen.abandoned(call)
        self.crew.release(rep)

    def _customer(self, campaign: CampaignPlan) -> str:
        if self.missed and self.engine.chance(campaign.callback_share):
            return self.missed.popleft()
        return self.engine.customer()
