"""What is known of a rep: the states, since when, and what of it was corrected."""

from bisect import bisect_left
from operator import attrgetter

import msgspec

from schemas import events as e
from schemas import measures as m
from streams.corrections import Moved
from streams.facts import KNOWN_DIMS, TO_TICKS, Spell

_CELL = {
    "available": m.REP_AVAILABLE.name,
    "ringing": m.REP_RINGING.name,
    "on_call": m.REP_ON_CALL.name,
    "after_call_work": m.REP_WRAPUP.name,
    "paused": m.REP_PAUSED.name,
}

_at = attrgetter("at")

MAX_TURNS = 64
"""Turns kept at most of those that Postgres has. A call makes four, so it is mostly an hour's."""


class Turn(msgspec.Struct, frozen=True, array_like=True, gc=False, order=True):
    """The rep went into `state` at `at` (seconds since 1970)."""

    at: float
    state: e.RepState
    reason: str = ""
    source: str = ""
    mark: int = 0
    """Which event said so: a checksum of its id, for those that correct it."""


def needed_from(turns: tuple[Turn, ...], horizon_at: float) -> int:
    """Return the index of the first turn that an event no older than the horizon may cut."""
    # What held at the horizon is needed, too: it is cut by the first event after it.
    return max(0, bisect_left(turns, horizon_at, key=_at) - 1)


class RepCorrected(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Which statements about a rep do not count any more, and what that moved."""

    void: tuple[int, ...]
    """Marks of events, told already or yet to come."""
    moved: tuple[Moved, ...] = ()
    gone: tuple[float, ...] = ()
    """When turns began that were taken back or moved; another may begin then."""


class Rep(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The rep's turns, in the order of their times; the last one is how things are now.

    Earlier ones are kept for events that come in the wrong order, as far back as they may come.
    """

    rep: str
    earlier: tuple[Turn, ...]
    latest: tuple[Turn, ...] = ()
    corrected: RepCorrected | None = None

    @property
    def turns(self) -> tuple[Turn, ...]:
        """All of them."""
        return self.earlier + self.latest

    @property
    def now(self) -> Turn:
        """The present state."""
        return self.latest[-1] if self.latest else self.earlier[-1]


def spell(rep: str, turn: Turn, start_at: float, end_at: float, sign: int) -> tuple[Spell, ...]:
    """Return what a state counts over [start_at, end_at); nothing of being offline."""
    cell = _CELL.get(turn.state)
    if cell is None:
        return ()
    start_at, end_at = start_at + TO_TICKS - TO_TICKS, end_at + TO_TICKS - TO_TICKS
    if end_at <= start_at:
        return ()
    kind = turn.reason if turn.state == "paused" else ""
    return (Spell(start_at, end_at, KNOWN_DIMS["", rep, "", kind, turn.source], cell, sign),)
