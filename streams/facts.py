"""What a state machine says about the floor: facts, which are added to panes.

A fact has a fixed time, and its values add up. To correct or withdraw a fact, the same fact is
added with its sign reversed, so tables, metrics and Postgres need to know nothing of corrections.
"""

from collections.abc import Sequence
from typing import NamedTuple, final

import msgspec

Amount = int | float
Cells = tuple[tuple[str, Amount], ...]
"""(cell, amount) pairs; schemas/measures.py names the cells."""

TO_TICKS = 1.5 * 2.0**42
"""Adding this to a number of seconds and subtracting it again rounds to 1/1024 s, half to even.

At this size the spacing of floats is 1/1024. It costs a quarter of `round`, and holds up to 2**41
in magnitude, some 70,000 years.
"""


class Dims(NamedTuple):
    """Where the event itself says that it belongs; "" for what does not apply."""

    queue: str = ""
    rep: str = ""
    direction: str = ""
    kind: str = ""
    source: str = ""


class _KnownDims(dict[tuple[str, str, str, str, str], Dims]):
    """The one object for each set of dimensions: finding it again is cheaper than making it.

    A dict, because a look-up costs half as much as in an `lru_cache`.
    """

    def __missing__(self, key: tuple[str, str, str, str, str]) -> Dims:
        if len(self) >= _KNOWN_DIMS:
            self.clear()
        dims = self[key] = Dims(*key)
        return dims


_KNOWN_DIMS = 65_536
KNOWN_DIMS = _KnownDims()
"""By (queue, rep, direction, kind, source)."""


def dims_of(
    queue: str = "", rep: str = "", direction: str = "", kind: str = "", source: str = ""
) -> Dims:
    """Return the one object for these dimensions."""
    return KNOWN_DIMS[queue, rep, direction, kind, source]


@final
class Fact(msgspec.Struct, frozen=True, gc=False):
    """Amounts at one instant (`at`, seconds since 1970)."""

    at: float
    dims: Dims
    cells: Cells


@final
class Spell(msgspec.Struct, frozen=True, gc=False):
    """A state that held over [start_at, end_at): every pane gets its share of the seconds.

    Both instants, in seconds since 1970, are rounded by `ticks`, so that the shares add up exactly.
    `sign` is +1, or -1 to take the spell back.
    """

    start_at: float
    end_at: float
    dims: Dims
    cell: str
    sign: int = 1


Facts = Sequence[Fact | Spell]
NOTHING: Facts = ()


def ticks(seconds: float) -> float:
    """Round a duration in seconds to 1/1024 s; return 0 for a negative one.

    Multiples of a power of two add up exactly in a float, so a sum does not depend on the order of
    the events, and taking a fact back restores exactly what was there before.
    """
    return seconds + TO_TICKS - TO_TICKS if seconds > 0.0 else 0.0


def difference(old: Sequence[Fact], new: Sequence[Fact]) -> list[Fact]:
    """Return the facts that turn what *old* counted into what *new* counts.

    Both list an entity's contributions in the same order; only cells that differ are changed.
    """
    facts: list[Fact] = []
    for index in range(max(len(old), len(new))):
        before = old[index] if index < len(old) else None
        after = new[index] if index < len(new) else None
        facts += replaced(before, after)
    return facts


def replaced(old: Fact | None, new: Fact | None) -> tuple[Fact, ...]:
    """Return the facts that turn one contribution into another, or into none. See `difference`."""
    if old is None:
        return () if new is None else (new,)
    if new is None:
        return (_taken_back(old),)
    if old.at == new.at and old.dims == new.dims:
        cells = _cells_between(old.cells, new.cells)
        return (Fact(new.at, new.dims, cells),) if cells else ()
    return (_taken_back(old), new)


def _cells_between(old: Cells, new: Cells) -> Cells:
    gained = [cell for cell in new if cell not in old]
    lost = [(name, -amount) for name, amount in old if (name, amount) not in new]
    return (*gained, *lost)


def _taken_back(fact: Fact) -> Fact:
    return Fact(fact.at, fact.dims, tuple((cell, -amount) for cell, amount in fact.cells))
