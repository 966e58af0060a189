"""What a switchboard says of its reps."""

from schemas.fields import Fact, Name, RepState


class RepStateChanged(Fact, frozen=True):
    """The rep named by the subject is in this state from now on."""

    state: RepState
    reason: Name | None = None


class RepStateRetracted(Fact, frozen=True):
    """The rep was never in the state that `causationid` names the event of."""


RepFact = RepStateChanged | RepStateRetracted
