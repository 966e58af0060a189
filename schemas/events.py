"""One frozen type per fact that a call centre, a calendar or a CRM publishes.

The wire form is CloudEvents 1.0 JSON (see codec.py); these are the types of its `data`. A field is
optional only where it is optional in life. Bounds are part of the type, so that a number in the
wrong unit (milliseconds for seconds) is refused instead of being counted.
"""

import msgspec

from schemas.activity_events import (
    ActivityFact,
    ActivityLogged,
    ActivityRetracted,
    LeadCreated,
    LeadQualified,
    LeadRetracted,
    SourceHeartbeat,
)
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
from schemas.deal_events import (
    DealAmountChanged,
    DealCreated,
    DealDeleted,
    DealFact,
    DealImported,
    DealLost,
    DealMerged,
    DealOwnerChanged,
    DealReopened,
    DealRetracted,
    DealStageChanged,
    DealWon,
    StageEntry,
)
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
from schemas.meeting_events import (
    MeetingBooked,
    MeetingCancelled,
    MeetingFact,
    MeetingHeld,
    MeetingNoShow,
    MeetingRescheduled,
    MeetingRetracted,
)
from schemas.rep_events import RepFact, RepStateChanged, RepStateRetracted

__all__ = [
    "MAX_SECONDS",
    "TYPES",
    "ActivityFact",
    "ActivityLogged",
    "ActivityRetracted",
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
    "DealImported",
    "DealLost",
    "DealMerged",
    "DealOwnerChanged",
    "DealReopened",
    "DealRetracted",
    "DealStageChanged",
    "DealWon",
    "Direction",
    "Event",
    "Fact",
    "Instant",
    "LeadCreated",
    "LeadQualified",
    "LeadRetracted",
    "Leg",
    "MeetingBooked",
    "MeetingCancelled",
    "MeetingFact",
    "MeetingHeld",
    "MeetingNoShow",
    "MeetingRescheduled",
    "MeetingRetracted",
    "MinorUnits",
    "Name",
    "PbxCounters",
    "RepFact",
    "RepState",
    "RepStateChanged",
    "RepStateRetracted",
    "Seconds",
    "SourceHeartbeat",
    "StageEntry",
    "TransferKind",
]

AnyFact = CallFact | RepFact | MeetingFact | DealFact | ActivityFact | PbxCounters

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
    "meeting.retracted": MeetingRetracted,
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
    "deal.retracted": DealRetracted,
    "activity.logged": ActivityLogged,
    "activity.retracted": ActivityRetracted,
    "lead.created": LeadCreated,
    "lead.qualified": LeadQualified,
    "lead.retracted": LeadRetracted,
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
