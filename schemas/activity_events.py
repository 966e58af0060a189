"""What reps log by hand, what becomes of leads, and that a source is well."""

from typing import Literal

from schemas.fields import Fact, Name


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


class ActivityRetracted(Fact, frozen=True):
    """The activity should never have been logged."""


class LeadRetracted(Fact, frozen=True):
    """There was no such lead, or it was not qualified (`statement`)."""

    statement: Literal["lead.created", "lead.qualified"] | None = None


ActivityFact = (
    ActivityLogged
    | ActivityRetracted
    | LeadCreated
    | LeadQualified
    | LeadRetracted
    | SourceHeartbeat
)
