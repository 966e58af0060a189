"""What a state machine says about the floor: facts, which add to panes.

A fact is absolute in time and additive in value. A corrected or withdrawn fact is the same fact
with the sign turned, so tables, metrics and Postgres need to know nothing of corrections.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec

Amount = int | float
Cells = tuple[tuple[str, Amount], ...]
"""(cell, amount) pairs; cells are named in schemas/measures.py."""

TICKS_PER_SECOND = 1024


class Dims(NamedTuple):
    """What the event itself says about where it belongs; "" where something does not apply."""

    queue: str = ""
    rep: str = ""
    direction: str = ""
    kind: str = ""
    source: str = ""


@lru_cache(maxsize=65_536)
def dims_of(
    queue: str = "", rep: str = "", direction: str = "", kind: str = "", source: str = ""
) -> Dims:
    """Return the one object for these dimensions: it is cheaper to find again than to make."""
    return Dims(queue, rep, direction, kind, source)


class Fact(msgspec.Struct, frozen=True, gc=False):
    """Amounts at one instant (`at`, seconds since 1970)."""

    at: float
    dims: Dims
    cells: Cells


class Spell(msgspec.Struct, frozen=True, gc=False):
    """A level that held over [start_at, end_at): every pane gets its share of the seconds.

    Both instants are rounded by `ticks`, so that the shares add up exactly. `sign` is +1, or -1 to
    take it back.
    """

    start_at: float
    end_at: float
    dims: Dims
    cell: str
    sign: int = 1


Facts = Sequence[Fact | Spell]
NOTHING: Facts = ()


def ticks(seconds: float) -> float:
    """Round a duration to 1/1024 s, and what is negative to zero.

    Multiples of a power of two add up exactly in a float, so a sum does not depend on the order of
    the events, and taking a fact back leaves exactly what was there before.
    """
    return round(seconds * TICKS_PER_SECOND) / TICKS_PER_SECOND if seconds > 0 else 0.0


def difference(old: Sequence[Fact], new: Sequence[Fact]) -> list[Fact]:
    """Return the facts that turn what *old* counted into what *new* counts.

    Both list an entity's contributions slot by slot; only the cells that differ are touched.
    """
    facts: list[Fact] = []
    for index, fact in enumerate(new):
        before = old[index] if index < len(old) else None
        if before is None:
            facts.append(fact)
        elif before.at == fact.at and before.dims == fact.dims:
            cells = _cells_between(before.cells, fact.cells)
            if cells:
                facts.append(Fact(fact.at, fact.dims, cells))
        else:
            facts += (_taken_back(before), fact)
    facts.extend(_taken_back(fact) for fact in old[len(new) :])
    return facts


def _cells_between(old: Cells, new: Cells) -> Cells:
    gained = [cell for cell in new if cell not in old]
    lost = [(name, -amount) for name, amount in old if (name, amount) not in new]
    return (*gained, *lost)


def _taken_back(fact: Fact) -> Fact:
    return Fact(fact.at, fact.dims, tuple((cell, -amount) for cell, amount in fact.cells))
