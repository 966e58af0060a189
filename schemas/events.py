"""One frozen type per fact that a call centre, a calendar or a CRM publishes.

The wire form is CloudEvents 1.0 JSON (see codec.py); these are the types of its `data`. A field is
optional only where it is optional in life. Bounds are part of the type, so that a number in the
wrong unit (milliseconds for seconds) is refused instead of being counted.
"""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from schemas.call_events import (
    CallAbandoned,
    CallAnswered,
    CallCompleted,
    CallConnected,
    CallDialled,
    CallEnded,
    CallFact,
    CallHeld,
    CallOffered,
    CallResumed,
    CallRetracted,
    CallTransferred,
    CallWrapupEnded,
)
from schemas.counter_events import PbxCounters
from schemas.fields import (
    MAX_SECONDS,
    CallOutcome,
    Currency,
    Direction,
    Fact,
    Instant,
    Leg,
    MinorUnits,
    Name,
    RepState,
    Seconds,
    TransferKind,
)

__all__ = [
    "MAX_SECONDS",
    "TYPES",
    "ActivityFact",
    "ActivityLogged",
    "AnyFact",
    "CallAbandoned",
    "CallAnswered",
    "CallCompleted",
    "CallConnected",
    "CallDialled",
    "CallEnded",
    "CallFact",
    "CallHeld",
    "CallOffered",
    "CallOutcome",
    "CallResumed",
    "CallRetracted",
    "CallTransferred",
    "CallWrapupEnded",
    "Currency",
    "DealAmountChanged",
    "DealCreated",
    "DealDeleted",
    "DealFact",
    "DealLost",
    "DealReopened",
    "DealStageChanged",
    "DealWon",
    "Direction",
    "Event",
    "Fact",
    "Instant",
    "LeadCreated",
    "LeadQualified",
    "Leg",
    "MeetingBooked",
    "MeetingCancelled",
    "MeetingFact",
    "MeetingHeld",
    "MeetingNoShow",
    "MeetingRescheduled",
    "MinorUnits",
    "Name",
    "PbxCounters",
    "RepState",
    "RepStateChanged",
    "Seconds",
    "SourceHeartbeat",
    "TransferKind",
]


class RepStateChanged(Fact, frozen=True):
    """The rep named by the subject is in this state from now on."""

    state: RepState
    reason: Name | None = None


class RepStateRetracted(Fact, frozen=True):
    """The rep was never in the state that `causationid` names the event of."""


class MeetingBooked(Fact, frozen=True):
    """A meeting was arranged."""

    rep: Name
    starts_at: Instant
    customer: Name | None = None
    deal: Name | None = None
    """The deal that it is about, if the calendar knows."""


class MeetingRescheduled(Fact, frozen=True):
    """The meeting has a new start; it stays one meeting."""

    starts_at: Instant


class MeetingHeld(Fact, frozen=True):
    """The meeting took place."""


class MeetingNoShow(Fact, frozen=True):
    """The customer did not come."""


class MeetingCancelled(Fact, frozen=True):
    """The meeting will not take place."""


class DealCreated(Fact, frozen=True):
    """An opportunity was opened."""

    rep: Name
    pipeline: Name
    stage: Name
    amount_minor: MinorUnits | None = None
    currency: Currency | None = None
    customer: Name | None = None
    segment: Name | None = None


class DealStageChanged(Fact, frozen=True):
    """The deal is in another stage now. CRMs do not always know the old one."""

    stage: Name
    from_stage: Name | None = None


class DealAmountChanged(Fact, frozen=True):
    """The deal is worth something else now."""

    amount_minor: MinorUnits
    currency: Currency


class DealOwnerChanged(Fact, frozen=True):
    """The deal belongs to another rep from now on."""

    rep: Name


class DealWon(Fact, frozen=True):
    """The customer bought."""

    amount_minor: MinorUnits | None = None
    currency: Currency | None = None


class DealLost(Fact, frozen=True):
    """The deal ended without a sale."""

    reason: Name | None = None


class DealReopened(Fact, frozen=True):
    """A won or lost deal is open again."""

    stage: Name | None = None


class DealMerged(Fact, frozen=True):
    """The deal turned out to be another one; it takes back what it counted, `into` stays."""

    into: Name


class DealDeleted(Fact, frozen=True):
    """The deal should never have been there; it takes back what it counted."""


class StageEntry(Fact, frozen=True):
    """When a deal came to a stage."""

    at: Instant
    stage: Name


class DealImported(Fact, frozen=True):
    """A deal's whole history at once, for deals that are older than the log.

    `time` is when it was sent, `as_of` when the CRM's export was made; nothing in it is later.
    `stage` is the first one, `moves` are those after it. `outcome` and `ended_at` go together.
    """

    as_of: Instant
    created_at: Instant
    rep: Name
    pipeline: Name
    stage: Name
    moves: Annotated[tuple[StageEntry, ...], Meta(max_length=127)] = ()
    outcome: Literal["won", "lost"] | None = None
    ended_at: Instant | None = None
    reason: Name | None = None
    amount_minor: MinorUnits | None = None
    currency: Currency | None = None
    customer: Name | None = None
    segment: Name | None = None

    @property
    def instants(self) -> tuple[tuple[str, datetime], ...]:
        """Every instant with the name of its field."""
        ended = () if self.ended_at is None else (("ended_at", self.ended_at),)
        moves = (("moves", move.at) for move in self.moves)
        return (("created_at", self.created_at), *moves, *ended)


class ActivityLogged(Fact, frozen=True):
    """A rep did something that no system measured: an e-mail, a demo, a visit."""

    rep: Name
    kind: Name
    customer: Name | None = None
    deal: Name | None = None
    """The deal that it is about, if the source knows."""


class LeadCreated(Fact, frozen=True):
    """Somebody who might buy became known."""

    rep: Name | None = None


class LeadQualified(Fact, frozen=True):
    """The lead is worth working on."""

    rep: Name | None = None


class SourceHeartbeat(Fact, frozen=True):
    """The source named by the subject is well, though it may have nothing to tell. Each minute."""


MeetingFact = MeetingBooked | MeetingRescheduled | MeetingHeld | MeetingNoShow | MeetingCancelled
DealFact = (
    DealCreated
    | DealStageChanged
    | DealAmountChanged
    | DealOwnerChanged
    | DealWon
    | DealLost
    | DealReopened
    | DealMerged
    | DealDeleted
    | DealImported
)
ActivityFact = ActivityLogged | LeadCreated | LeadQualified | SourceHeartbeat
AnyFact = (
    CallFact
    | RepStateChanged
    | RepStateRetracted
    | MeetingFact
    | DealFact
    | ActivityFact
    | PbxCounters
)

TYPES: dict[str, type[Fact]] = {
    "call.offered": CallOffered,
    "call.dialled": CallDialled,
    "call.connected": CallConnected,
    "call.answered": CallAnswered,
    "call.held": CallHeld,
    "call.resumed": CallResumed,
    "call.transferred": CallTransferred,
    "call.abandoned": CallAbandoned,
    "call.ended": CallEnded,
    "call.wrapup_ended": CallWrapupEnded,
    "call.completed": CallCompleted,
    "call.retracted": CallRetracted,
    "rep.state_changed": RepStateChanged,
    "rep.state_retracted": RepStateRetracted,
    "meeting.booked": MeetingBooked,
    "meeting.rescheduled": MeetingRescheduled,
    "meeting.held": MeetingHeld,
    "meeting.no_show": MeetingNoShow,
    "meeting.cancelled": MeetingCancelled,
    "deal.created": DealCreated,
    "deal.stage_changed": DealStageChanged,
    "deal.amount_changed": DealAmountChanged,
    "deal.owner_changed": DealOwnerChanged,
    "deal.won": DealWon,
    "deal.lost": DealLost,
    "deal.reopened": DealReopened,
    "deal.merged": DealMerged,
    "deal.deleted": DealDeleted,
    "deal.imported": DealImported,
    "activity.logged": ActivityLogged,
    "lead.created": LeadCreated,
    "lead.qualified": LeadQualified,
    "source.heartbeat": SourceHeartbeat,
    "pbx.counters": PbxCounters,
}
"""CloudEvents `type` -> type of its `data`."""


class Event(msgspec.Struct, frozen=True, gc=False):
    """One fact and where it came from. `at` is when it happened, in seconds since 1970, UTC.

    `sequence` orders what one source says of one subject at the same instant: CloudEvents'
    extension of that name, as `schemas.codec.canonical_sequence` has it; "" if there is none.
    """

    id: str
    source: str
    subject: str
    type: str
    at: float
    data: AnyFact
    sequence: str = ""
    causation_id: str | None = None
    """The event that this one corrects, or takes back: CloudEvents' `causationid`."""
