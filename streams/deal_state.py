"""What is kept of a deal: what was said of it, each kind in an order of its own."""

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from streams.corrections import Correction, Moved

Status = Literal["open", "won", "lost", "deleted", "merged"]
GONE: tuple[Status, ...] = ("deleted", "merged")
"""What such a deal counted is taken back."""

_RANK: dict[Status, int] = {"open": 0, "lost": 1, "won": 2, "merged": 3, "deleted": 4}
"""Which is the later one of two at the same instant that nothing else tells apart."""


class Move(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Since `at` the deal is in `stage`, by the name that the event has for it."""

    at: float
    stage: str
    sequence: str = ""
    mark: int = 0
    """Which event said so: a checksum of its id, for those that correct it."""
    is_bare: bool = False
    """Whether it was told without the stage that the deal came from."""


class Turn(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Since `at` the deal is won, lost, open again, merged or deleted."""

    at: float
    status: Status
    sequence: str = ""
    reason: str | None = None
    """Why lost; into which deal merged."""
    mark: int = 0


class Owned(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Since `at` the deal belongs to `rep`."""

    at: float
    rep: str
    sequence: str = ""
    mark: int = 0


class Priced(msgspec.Struct, frozen=True, array_like=True, order=True, gc=False):
    """Since `at` the deal is worth so much; -1 and "" where nothing was said."""

    at: float
    sequence: str
    amount_minor: int
    currency: str
    mark: int = 0


class Created(msgspec.Struct, frozen=True, array_like=True, order=True, gc=False):
    """It was created at `at`. Of several the least counts."""

    at: float
    order: str
    mark: int
    source: str
    rep: str
    pipeline: str
    customer: str
    segment: str


def move_order(move: Move) -> tuple[float, str, str]:
    """Return what orders moves."""
    return move.at, move.sequence, move.stage


def turn_order(turn: Turn) -> tuple[float, str, int, str]:
    """Return what orders turns."""
    return turn.at, turn.sequence, _RANK[turn.status], turn.reason or ""


def owned_order(owned: Owned) -> tuple[float, str, str]:
    """Return what orders changes of owner."""
    return owned.at, owned.sequence, owned.rep


class Deal(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is known of a deal. Instants in seconds since 1970; money in minor units."""

    source: str = ""
    rep: str = ""
    """Who created it; see `owner` and `owner_at`."""
    pipeline: str = ""
    customer: str | None = None
    created_at: float | None = None
    moves: tuple[Move, ...] = ()
    """In their order; the first is the stage it was created in."""
    amount_minor: int | None = None
    currency: str | None = None
    amount_at: float | None = None
    status: Status = "open"
    """What the last of `turns` says."""
    status_at: float | None = None
    reason: str | None = None
    last_at: float = 0.0
    segment: str = ""
    turns: tuple[Turn, ...] = ()
    owners: tuple[Owned, ...] = ()
    """Those after the one who created it."""
    is_cut: bool = False
    """Whether more was said than is kept: of each kind the first ones and the very last are."""
    created_order: str = ""
    """Which of two creations at the same instant counts: the lesser."""
    amount_order: Priced | None = None
    currency_order: Priced | None = None
    """The sayings that the amount and the currency are from: the last that had one."""
    created_mark: int = 0
    other_creations: tuple[Created, ...] = ()
    """The next ones after the one that counts, if it was told several times."""
    prices: tuple[Priced, ...] = ()
    """The last few sayings of what it is worth."""
    corrected: "DealCorrected | None" = None
    """What was told and what was corrected, if anything was; all else is what counts."""

    @property
    def creations(self) -> tuple[Created, ...]:
        """All that are kept, the one that counts first."""
        if self.created_at is None:
            return ()
        of = (self.source, self.rep, self.pipeline, self.customer or "", self.segment)
        first = Created(self.created_at, self.created_order, self.created_mark, *of)
        return (first, *self.other_creations)

    def created_as(self, creations: Sequence[Created]) -> "Deal":
        """Return it with these creations, of which the first counts."""
        if not creations:
            return msgspec.structs.replace(
                self,
                **{name: getattr(_NOTHING, name) for name in _OF_CREATION},
                other_creations=(),
            )
        first = creations[0]
        return msgspec.structs.replace(
            self,
            source=first.source,
            rep=first.rep,
            pipeline=first.pipeline,
            customer=first.customer or None,
            created_at=first.at,
            segment=first.segment,
            created_order=first.order,
            created_mark=first.mark,
            other_creations=tuple(creations[1:]),
        )

    @property
    def stage(self) -> str:
        """The stage it is in, or was in when it ended, by the name that the event has for it."""
        return self.moves[-1].stage if self.moves else ""

    @property
    def owner(self) -> str:
        """Whose it is now."""
        return self.owners[-1].rep if self.owners else self.rep

    def owner_at(self, at: float) -> str:
        """Return whose it was at *at*: before the first change, the one's who created it."""
        owner = self.rep
        for owned in self.owners:
            if owned.at > at:
                break
            owner = owned.rep
        return owner

    def amount_changes(self) -> Iterator[float]:
        """Yield when it was said to be worth another amount than before, of the last few times."""
        known = -1
        for priced in self.prices:
            if priced.amount_minor < 0:
                continue
            if 0 <= known != priced.amount_minor:
                yield priced.at
            known = priced.amount_minor

    @property
    def is_counted(self) -> bool:
        """Whether it counts at all: its creation is known, and it is not gone."""
        return self.created_at is not None and self.status not in GONE


_OF_CREATION = (
    *("source", "rep", "pipeline", "customer", "created_at", "segment"),
    *("created_order", "created_mark"),
)
_NOTHING = Deal()


class DealCorrected(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a deal would be without corrections, the corrections, and what they moved."""

    base: Deal
    corrections: tuple[Correction, ...]
    moved: tuple[Moved, ...] = ()
