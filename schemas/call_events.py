"""What a PBX tells of calls; see schemas/events.py."""

from typing import Literal

from schemas.fields import CallOutcome, Direction, Fact, Instant, Leg, Name, Seconds, TransferKind


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


class CallConnected(Fact, frozen=True):
    """The customer answered a call that a dialler placed; `call.answered` says who joined.

    Left out where a rep dials: there `call.answered` says both.
    """

    leg: Leg = 1


class CallAnswered(Fact, frozen=True):
    """A rep and the customer talk: a rep took a queued call, or joined an outbound one."""

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


CallStatement = Literal[
    "call.offered",
    "call.dialled",
    "call.connected",
    "call.answered",
    "call.held",
    "call.resumed",
    "call.transferred",
    "call.abandoned",
    "call.ended",
    "call.wrapup_ended",
    "call.completed",
]


class CallRetracted(Fact, frozen=True):
    """This leg was no call (a test, say), or one kind of statement about it was wrong.

    A statement that was wrong and is told anew needs none: it names in `causationid` what it
    corrects.
    """

    statement: CallStatement | None = None
    leg: Leg = 1


CallFact = (
    CallOffered
    | CallDialled
    | CallConnected
    | CallAnswered
    | CallHeld
    | CallResumed
    | CallTransferred
    | CallAbandoned
    | CallEnded
    | CallWrapupEnded
    | CallCompleted
    | CallRetracted
)
