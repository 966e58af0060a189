"""What a CRM says of deals."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from schemas.fields import Currency, Fact, Instant, MinorUnits, Name


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


class DealRetracted(Fact, frozen=True):
    """The statement that `causationid` names was wrong: the deal is as if it had not been made.

    A deal that should never have been there is `deal.deleted`.
    """


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
    | DealRetracted
)
