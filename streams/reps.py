"""A rep's states as a state machine: who is available, talking, paused, and since when.

Each state counts its seconds in the panes over which it held. It is counted when it ends; what
still runs is added when read (`running`).
"""

import math
from bisect import bisect_left, bisect_right
from typing import Any

import msgspec

from schemas import events as e
from schemas import measures as m
from schemas.events import Event
from streams.facts import KNOWN_DIMS, NOTHING, TO_TICKS, Facts, Spell

KEPT_SECONDS = 30 * 86_400
MAX_TURNS = 64
"""Turns kept at most. A busy rep takes four a call, so these are more than an hour's."""
MAX_LATEST = 8
"""The latest turns, held apart: an event copies these few, and all of them once in so many."""

_CELL = {
    "available": m.REP_AVAILABLE.name,
    "ringing": m.REP_RINGING.name,
    "on_call": m.REP_ON_CALL.name,
    "after_call_work": m.REP_WRAPUP.name,
    "paused": m.REP_PAUSED.name,
}


class Turn(msgspec.Struct, frozen=True, array_like=True, gc=False, order=True):
    """The rep went into `state` at `at` (seconds since 1970)."""

    at: float
    state: e.RepState
    reason: str = ""
    source: str = ""


class Rep(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The rep's turns, in the order of their times; the last one is how things are now.

    Earlier ones are kept for events that come in the wrong order, as far back as they may come.
    """

    rep: str
    earlier: tuple[Turn, ...]
    latest: tuple[Turn, ...] = ()

    @property
    def turns(self) -> tuple[Turn, ...]:
        """All of them."""
        return self.earlier + self.latest

    @property
    def now(self) -> Turn:
        """The present state."""
        return self.latest[-1] if self.latest else self.earlier[-1]


def key(event: Event) -> str:
    """Return the table key: the rep."""
    return event.subject


def step(rep: Rep | None, event: Event, horizon_at: float = -math.inf) -> tuple[Rep, Facts]:
    """Take one change of state in; a repetition returns the same object.

    Nothing older than `horizon_at` will come any more, so earlier turns need not be kept.
    """
    data: Any = event.data  # a RepStateChanged: the topic admits no other type
    at = event.at
    turn = Turn(at, data.state, data.reason or "", event.source)
    if rep is None:
        return Rep(event.subject, (), (turn,)), NOTHING
    latest = rep.latest
    before = latest[-1] if latest else rep.now
    if at > before.at:
        # The common way: the present state ends, and its seconds are counted.
        name = rep.rep
        spell = _spell(name, before, before.at, at, 1)
        if len(latest) < MAX_LATEST:
            return Rep(name, rep.earlier, (*latest, turn)), spell
        return Rep(name, _needed(rep.turns, horizon_at), (turn,)), spell
    turns = rep.turns
    if turn in turns:
        return rep, NOTHING
    index = bisect_right(turns, turn)
    return Rep(rep.rep, (*turns[:index], turn, *turns[index:])), _facts(turns, rep.rep, index, turn)


def _needed(turns: tuple[Turn, ...], horizon_at: float) -> tuple[Turn, ...]:
    """Return the turns that an event in the wrong order could still fall among."""
    if turns[0].at >= horizon_at:
        return turns[-MAX_TURNS:]
    # What held at the horizon is needed, too: it is cut by the first event after it.
    return turns[max(0, bisect_left(turns, horizon_at, key=_at) - 1) :]


def _at(turn: Turn) -> float:
    return turn.at


def expires_at(rep: Rep) -> float:
    """Return from which watermark on the rep can be forgotten."""
    return rep.now.at + KEPT_SECONDS


def running(rep: Rep, now: float) -> tuple[Spell, ...]:
    """Return what the present state has counted so far, up to *now*."""
    return _spell(rep.rep, rep.now, rep.now.at, now, 1)


def _facts(turns: tuple[Turn, ...], rep: str, index: int, turn: Turn) -> Facts:
    """Return what inserting *turn* before *index* changes: it cuts the spell it falls into."""
    before = turns[index - 1] if index else None
    if index == len(turns):
        return _spell(rep, before, before.at, turn.at, 1) if before else ()
    until = turns[index].at
    gained = _spell(rep, turn, turn.at, until, 1)
    lost = _spell(rep, before, turn.at, until, -1) if before else ()
    return (*gained, *lost)


def _spell(rep: str, turn: Turn, start_at: float, end_at: float, sign: int) -> tuple[Spell, ...]:
    cell = _CELL.get(turn.state)
    if cell is None:
        return ()
    start_at, end_at = start_at + TO_TICKS - TO_TICKS, end_at + TO_TICKS - TO_TICKS
    if end_at <= start_at:
        return ()
    kind = turn.reason if turn.state == "paused" else ""
    return (Spell(start_at, end_at, KNOWN_DIMS["", rep, "", kind, turn.source], cell, sign),)
