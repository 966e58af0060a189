"""A rep whose states were corrected, or taken back.

A correction makes the event that it names void, whether that was told already or is yet to come,
and says what was instead. The state keeps a checksum of each event's id for this, and of the void
ones.
"""

from collections.abc import Mapping
from itertools import pairwise
from zlib import crc32

from schemas import events as e
from schemas.events import Event
from streams.facts import NOTHING, Facts, Spell
from streams.rep_state import Rep, RepCorrected, Turn, needed_from, spell

MAX_VOID = 32
_NOWHERE = Turn(0.0, "offline")
"""Stands where a rep would have no state left; it counts nothing."""


def step(rep: Rep | None, event: Event, horizon_at: float) -> tuple[Rep, Facts]:
    """Take in a correction, or a retraction.

    Of turns that are older than anything that comes some may be kept still. They are not
    corrected: whether one is there depends on when Postgres had it.
    """
    old = rep or Rep(event.subject, ())
    known = old.corrected or RepCorrected(())
    mark, void, gone = crc32(event.id.encode()), known.void, known.gone
    cause = crc32((event.causation_id or "").encode())
    turns = [turn for turn in old.turns if turn != _NOWHERE]
    if cause not in void:
        void = tuple(sorted((*void, cause)))[-MAX_VOID:]
        first = needed_from(tuple(turns), horizon_at)
        away = [turn for turn in turns[first:] if turn.mark == cause]
        gone = tuple(dict.fromkeys((*gone, *(turn.at for turn in away))))[-MAX_VOID:]
        turns = [turn for turn in turns if turn not in away]
    data = event.data
    if isinstance(data, e.RepStateChanged) and mark not in void:
        turn = Turn(event.at, data.state, data.reason or "", event.source, mark)
        if turn not in turns:
            turns = sorted((*turns, turn))
    kept = tuple(turns) or (_NOWHERE,)
    if kept == old.turns and void == known.void:
        return old, NOTHING
    new = Rep(old.rep, kept, (), RepCorrected(void, known.moved, gone))
    return new, _between(_spells(old.rep, old.turns), _spells(old.rep, kept))


def _spells(rep: str, turns: tuple[Turn, ...]) -> dict[Spell, None]:
    return dict.fromkeys(
        one for turn, after in pairwise(turns) for one in spell(rep, turn, turn.at, after.at, 1)
    )


def _between(old: Mapping[Spell, None], new: Mapping[Spell, None]) -> Facts:
    """Return what turns the one into the other."""
    lost = [one for one in old if one not in new]
    back = [Spell(one.start_at, one.end_at, one.dims, one.cell, -1) for one in lost]
    return (*back, *(one for one in new if one not in old))
