"""A rep's states as a state machine: who is available, talking, paused, and since when.

Each state counts its seconds in the panes over which it held. It is counted when it ends; what
still runs is added when read (`running`).
"""

import math
from bisect import bisect_left, bisect_right

import msgspec

from schemas import events as e
from schemas import measures as m
from schemas.events import Event
from streams.facts import NOTHING, Facts, Spell, dims_of, ticks

KEPT_SECONDS = 30 * 86_400
MAX_TURNS = 64
"""Turns kept at most. A busy rep takes four a call, so these are more than an hour's."""

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
    """The rep's latest turns, in the order of their times; the last one is how things are now.

    Earlier ones are kept for events that come in the wrong order, as far back as they may come.
    """

    rep: str
    turns: tuple[Turn, ...]

    @property
    def now(self) -> Turn:
        """The present state."""
        return self.turns[-1]


def key(event: Event) -> str:
    """Return the table key: the rep."""
    return event.subject


def step(rep: Rep | None, event: Event, horizon_at: float = -math.inf) -> tuple[Rep, Facts]:
    """Take one change of state in; a repetition returns the same object.

    Nothing older than `horizon_at` will come any more, so earlier turns need not be kept.
    """
    data = event.data
    assert isinstance(data, e.RepStateChanged)  # noqa: S101 - the topic admits no other type
    turn = Turn(event.at, data.state, data.reason or "", event.source)
    if rep is None:
        return Rep(event.subject, (turn,)), NOTHING
    turns = rep.turns
    if event.at > turns[-1].at:
        # The common way: the present state ends, and its seconds are counted.
        kept = (*_needed(turns, horizon_at), turn)
        return Rep(rep.rep, kept), _spell(rep.rep, turns[-1], turns[-1].at, turn.at, 1)
    if turn in turns:
        return rep, NOTHING
    index = bisect_right(turns, turn)
    kept = (*turns[:index], turn, *turns[index:])
    return Rep(rep.rep, kept), _facts(rep, index, turn)


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


def _facts(rep: Rep, index: int, turn: Turn) -> Facts:
    """Return what inserting *turn* before *index* changes: it cuts the spell it falls into."""
    before = rep.turns[index - 1] if index else None
    if index == len(rep.turns):
        return _spell(rep.rep, before, before.at, turn.at, 1) if before else ()
    until = rep.turns[index].at
    gained = _spell(rep.rep, turn, turn.at, until, 1)
    lost = _spell(rep.rep, before, turn.at, until, -1) if before else ()
    return (*gained, *lost)


def _spell(
    rep: str, turn: Turn | None, start_at: float, end_at: float, sign: int
) -> tuple[Spell, ...]:
    cell = _CELL.get(turn.state) if turn is not None else None
    if turn is None or cell is None:
        return ()
    start_at, end_at = ticks(start_at), ticks(end_at)
    if end_at <= start_at:
        return ()
    kind = turn.reason if turn.state == "paused" else ""
    return (Spell(start_at, end_at, dims_of("", rep, "", kind, turn.source), cell, sign),)
