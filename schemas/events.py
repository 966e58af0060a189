"""One frozen type per fact that a call centre, a calendar or a CRM publishes.

The wire form is CloudEvents 1.0 JSON (see codec.py); these are the types of its `data`. A field is
optional only where it is optional in life. Bounds are part of the type, so that a number in the
wrong unit (milliseconds for seconds) is refused instead of being counted.
"""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Name = Annotated[str, Meta(min_length=1, max_length=128)]
"""An identifier given by a source: a queue, a rep, a stage. Printable characters only."""

MAX_SECONDS = 7 * 86_400
Seconds = Annotated[float, Meta(ge=0, le=MAX_SECONDS)]
"""A duration. Seven days is longer than any call, so milliseconds stand out."""

Leg = Annotated[int, Meta(ge=1, le=99)]
"""Which leg of the call this is about: 1, and one more after each transfer."""

MinorUnits = Annotated[int, Meta(ge=0, le=10**15)]
"""Money as an integer of the currency's minor unit (cents; whole for JPY, VND, KRW)."""

Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$", max_length=3)]
"""An ISO 4217 code. (The length, because `$` also matches before a line break at the end.)"""

Instant = Annotated[datetime, Meta(tz=True)]
"""An RFC 3339 instant with its offset."""

Direction = Literal["inbound", "outbound"]
RepState = Literal["available", "ringing", "on_call", "after_call_work", "paused", "offline"]
TransferKind = Literal["blind", "attended"]
CallOutcome = Literal["answered", "abandoned", "flowed_out", "menu"]


class Fact(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """What every `data` has in common: unknown fields are refused, so a typing error is seen."""


class CallOffered(Fact, frozen=True):
    """A call joined a queue."""

    queue: Name
    customer: Name | None = None
    leg: Leg = 1


class CallDialled(Fact, frozen=True):
    """A rep, or a dialler on the rep's behalf, placed an outbound call."""

    rep: Name
    queue: Name | None = None
    customer: Name | None = None
    leg: Leg = 1


class CallAnswered(Fact, frozen=True):
    """The two sides were connected: a rep took a queued call, or the customer an outbound one."""

    rep: Name
    leg: Leg = 1


class CallHeld(Fact, frozen=True):
    """The rep put the customer on hold."""

    leg: Leg = 1


class CallResumed(Fact, frozen=True):
    """The rep took the customer off hold."""

    leg: Leg = 1


class CallTransferred(Fact, frozen=True):
    """This leg went on elsewhere; the next leg starts with an event of its own.

    Before an answer the call flowed out of its queue; after one the rep passed it on.
    """

    kind: TransferKind = "blind"
    to_queue: Name | None = None
    to_rep: Name | None = None
    leg: Leg = 1


class CallAbandoned(Fact, frozen=True):
    """The customer hung up, or the outbound call ended, before anybody answered."""

    leg: Leg = 1


class CallEnded(Fact, frozen=True):
    """The conversation is over."""

    leg: Leg = 1


class CallWrapupEnded(Fact, frozen=True):
    """The rep finished the after-call work of this call."""

    leg: Leg = 1


class CallCompleted(Fact, frozen=True):
    """A whole call in one record, from a PBX that writes only at the end.

    `time` is when the conversation ended, `offered_at` when the call arrived. `wait_seconds` is the
    time in this queue; `outcome` `menu` means that the call never joined one.
    """

    offered_at: Instant
    outcome: CallOutcome
    queue: Name | None = None
    direction: Direction = "inbound"
    rep: Name | None = None
    customer: Name | None = None
    wait_seconds: Seconds = 0
    talk_seconds: Seconds = 0
    hold_seconds: Seconds = 0
    wrapup_seconds: Seconds = 0
    leg: Leg = 1


class RepStateChanged(Fact, frozen=True):
    """The rep named by the subject is in this state from now on."""

    state: RepState
    reason: Name | None = None


class MeetingBooked(Fact, frozen=True):
    """A meeting was arranged."""

    rep: Name
    starts_at: Instant
    customer: Name | None = None


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


class DealStageChanged(Fact, frozen=True):
    """The deal is in another stage now. CRMs do not always know the old one."""

    stage: Name
    from_stage: Name | None = None


class DealAmountChanged(Fact, frozen=True):
    """The deal is worth something else now."""

    amount_minor: MinorUnits
    currency: Currency


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


class LeadCreated(Fact, frozen=True):
    """Somebody who might buy became known."""

    rep: Name | None = None


class LeadQualified(Fact, frozen=True):
    """The lead is worth working on."""

    rep: Name | None = None


CallFact = (
    CallOffered
    | CallDialled
    | CallAnswered
    | CallHeld
    | CallResumed
    | CallTransferred
    | CallAbandoned
    | CallEnded
    | CallWrapupEnded
    | CallCompleted
)
MeetingFact = MeetingBooked | MeetingRescheduled | MeetingHeld | MeetingNoShow | MeetingCancelled
DealFact = (
    DealCreated
    | DealStageChanged
    | DealAmountChanged
    | DealWon
    | DealLost
    | DealReopened
    | DealDeleted
    | DealImported
)
ActivityFact = ActivityLogged | LeadCreated | LeadQualified
AnyFact = CallFact | RepStateChanged | MeetingFact | DealFact | ActivityFact

TYPES: dict[str, type[Fact]] = {
    "call.offered": CallOffered,
    "call.dialled": CallDialled,
    "call.answered": CallAnswered,
    "call.held": CallHeld,
    "call.resumed": CallResumed,
    "call.transferred": CallTransferred,
    "call.abandoned": CallAbandoned,
    "call.ended": CallEnded,
    "call.wrapup_ended": CallWrapupEnded,
    "call.completed": CallCompleted,
    "rep.state_changed": RepStateChanged,
    "meeting.booked": MeetingBooked,
    "meeting.rescheduled": MeetingRescheduled,
    "meeting.held": MeetingHeld,
    "meeting.no_show": MeetingNoShow,
    "meeting.cancelled": MeetingCancelled,
    "deal.created": DealCreated,
    "deal.stage_changed": DealStageChanged,
    "deal.amount_changed": DealAmountChanged,
    "deal.won": DealWon,
    "deal.lost": DealLost,
    "deal.reopened": DealReopened,
    "deal.deleted": DealDeleted,
    "deal.imported": DealImported,
    "activity.logged": ActivityLogged,
    "lead.created": LeadCreated,
    "lead.qualified": LeadQualified,
}
"""CloudEvents `type` -> type of its `data`."""


class Event(msgspec.Struct, frozen=True, gc=False):
    """One fact and where it came from. `at` is when it happened, in seconds since 1970, UTC."""

    id: str
    source: str
    subject: str
    type: str
    at: float
    data: AnyFact
