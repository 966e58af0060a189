"""What is kept of a deal: what was said of it, each kind in an order of its own."""

from typing import Literal

import msgspec

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


class Turn(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Since `at` the deal is won, lost, open again, merged or deleted."""

    at: float
    status: Status
    sequence: str = ""
    reason: str | None = None
    """Why lost; into which deal merged."""


class Owned(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Since `at` the deal belongs to `rep`."""

    at: float
    rep: str
    sequence: str = ""


class Priced(msgspec.Struct, frozen=True, array_like=True, order=True, gc=False):
    """Since `at` the deal is worth so much; -1 and "" where nothing was said."""

    at: float
    sequence: str
    amount_minor: int
    currency: str


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

    @property
    def is_counted(self) -> bool:
        """Whether it counts at all: its creation is known, and it is not gone."""
        return self.created_at is not None and self.status not in GONE
