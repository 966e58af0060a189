"""A rep's states as a state machine: who is available, talking, paused, and since when.

Each state counts its seconds in the panes over which it held. It is counted when it ends; what
still runs is added when read (`running`).
"""

import math
from bisect import bisect_left, bisect_right
from typing import Any
from zlib import crc32

from schemas.events import Event
from streams import rep_corrections
from streams.facts import NOTHING, Facts, Spell
from streams.rep_state import MAX_TURNS, Rep, RepCorrected, Turn, spell

__all__ = ["MAX_TURNS", "Rep", "RepCorrected", "Turn"]

KEPT_SECONDS = 30 * 86_400
MAX_LATEST = 8
"""The latest turns, held apart: an event copies these few, and all of them once in so many."""


def step(rep: Rep | None, event: Event, horizon_at: float = -math.inf) -> tuple[Rep, Facts]:
    """Take one change of state in; a repetition returns the same object.

    Nothing older than `horizon_at` will come any more, so earlier turns need not be kept.
    """
    data: Any = event.data  # a RepStateChanged: the topic admits no other type
    at = event.at
    if event.causation_id is not None or (rep is not None and rep.corrected is not None):
        return rep_corrections.step(rep, event)
    turn = Turn(at, data.state, data.reason or "", event.source, crc32(event.id.encode()))
    if rep is None:
        return Rep(event.subject, (), (turn,)), NOTHING
    latest = rep.latest
    before = latest[-1] if latest else rep.now
    if at > before.at:
        # The common way: the present state ends, and its seconds are counted.
        name = rep.rep
        ended = spell(name, before, before.at, at, 1)
        if len(latest) < MAX_LATEST:
            return Rep(name, rep.earlier, (*latest, turn)), ended
        return Rep(name, _needed(rep.turns, horizon_at), (turn,)), ended
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
    return spell(rep.rep, rep.now, rep.now.at, now, 1)


def _facts(turns: tuple[Turn, ...], rep: str, index: int, turn: Turn) -> Facts:
    """Return what inserting *turn* before *index* changes: it cuts the spell it falls into."""
    before = turns[index - 1] if index else None
    if index == len(turns):
        return spell(rep, before, before.at, turn.at, 1) if before else ()
    until = turns[index].at
    gained = spell(rep, turn, turn.at, until, 1)
    lost = spell(rep, before, turn.at, until, -1) if before else ()
    return (*gained, *lost)
