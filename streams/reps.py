"""A rep's states as a state machine: who is available, talking, paused, and since when.

Each state counts its seconds in the panes that it spans. It is counted when it ends; a state that
still runs is added when read (`running`). Checkpoints drop old turns: see streams/rep_turns.py.
"""

from bisect import bisect_right
from typing import Any
from zlib import crc32

from schemas.events import Event
from streams import rep_corrections
from streams.facts import NOTHING, Facts, Spell
from streams.rep_state import MAX_TURNS, Rep, RepCorrected, Turn, spell

__all__ = ["MAX_TURNS", "Rep", "RepCorrected", "Turn"]

KEPT_SECONDS = 30 * 86_400
MAX_LATEST = 8
"""How many of the latest turns are held apart.

An event copies these few, and only one in so many copies all turns.
"""


def step(  # noqa: PLR0911 - in one piece: it takes half of all events
    rep: Rep | None, event: Event, horizon_at: float = 0.0
) -> tuple[Rep, Facts]:
    """Take in one change of state; a repetition returns the same object."""
    if event.causation_id is not None:
        return rep_corrections.step(rep, event, horizon_at)
    data: Any = event.data  # a RepStateChanged: the topic admits no other type
    at, mark = event.at, crc32(event.id.encode())
    turn = Turn(at, data.state, data.reason or "", event.source, mark)
    if rep is None:
        return Rep(event.subject, (), (turn,)), NOTHING
    corrected = rep.corrected
    if corrected is not None and mark in corrected.void:
        return rep, NOTHING
    latest = rep.latest
    before = latest[-1] if latest else rep.now
    if at > before.at:
        # The usual case: the present state ends, and its seconds are counted.
        name = rep.rep
        ended = spell(name, before, before.at, at, 1)
        if len(latest) < MAX_LATEST:
            return Rep(name, rep.earlier, (*latest, turn), corrected), ended
        return Rep(name, rep.turns, (turn,), corrected), ended
    turns = rep.turns
    if turn in turns:
        return rep, NOTHING
    index = bisect_right(turns, turn)
    facts = _facts(turns, rep.rep, index, turn)
    return Rep(rep.rep, (*turns[:index], turn, *turns[index:]), (), corrected), facts


def expires_at(rep: Rep) -> float:
    """Return the watermark, in seconds since 1970, from which on the rep can be forgotten."""
    return rep.now.at + KEPT_SECONDS


def running(rep: Rep, now: float) -> tuple[Spell, ...]:
    """Return the seconds of the present state so far, up to *now* (seconds since 1970)."""
    return spell(rep.rep, rep.now, rep.now.at, now, 1)


def _facts(turns: tuple[Turn, ...], rep: str, index: int, turn: Turn) -> Facts:
    """Return what changes if *turn* is inserted before *index*: it cuts the spell it falls into."""
    before = turns[index - 1] if index else None
    if index == len(turns):
        return spell(rep, before, before.at, turn.at, 1) if before else ()
    until = turns[index].at
    gained = spell(rep, turn, turn.at, until, 1)
    lost = spell(rep, before, turn.at, until, -1) if before else ()
    return (*gained, *lost)
