"""Panes: sums of what happened within [start, start + grain), by dimensions.

Panes are stored by their start, so a reader can keep its result for a quarter of an hour that did
not change, and read only the panes that did.
"""

from collections.abc import Iterable
from typing import Generic, Protocol, TypeVar

from schemas.measures import MINUTE_SECONDS, QUARTER_SECONDS
from streams.facts import Amount, Dims, Fact, Spell

Cells = dict[str, Amount]

KEPT_SECONDS = {MINUTE_SECONDS: 3_600, QUARTER_SECONDS: 26 * 3_600}
"""How long a grain's panes stay behind the watermark, in seconds: the longest window over them.

"Today" has up to 25 hours, when clocks go back.
"""


def pane_start(at: float, grain_seconds: int) -> int:
    """Return the start of the half-open pane [start, start + grain) that holds *at*."""
    return int(at // grain_seconds) * grain_seconds


class Panes(Protocol):
    """All panes of one start, as readers in any thread see them."""

    @property
    def version(self) -> int:
        """Grows with every change."""

    @property
    def panes(self) -> dict[Dims, Cells]:
        """The counts, by dimensions."""

    @property
    def dims(self) -> set[Dims]:
        """The dimensions that have a pane."""

    def __len__(self) -> int:
        """Return the number of panes."""


class Slot:
    """All panes of one start."""

    __slots__ = ("panes", "version")

    def __init__(self) -> None:
        self.panes: dict[Dims, Cells] = {}
        self.version = 0

    def __len__(self) -> int:
        """Return the number of panes."""
        return len(self.panes)

    @property
    def dims(self) -> set[Dims]:
        """The dimensions that have a pane."""
        return set(self.panes)


S = TypeVar("S", bound=Panes)


class Table(Generic[S]):
    """The panes of one grain, by start; panes before `closed_before` no longer change."""

    def __init__(
        self, grain_seconds: int, *, kept_seconds: int | None = None, step_seconds: int = 0
    ) -> None:
        self.grain_seconds = grain_seconds
        self._step_seconds = step_seconds or grain_seconds
        """How many seconds are closed at once, when all of them have passed."""
        self.kept_seconds = KEPT_SECONDS[grain_seconds] if kept_seconds is None else kept_seconds
        self.slots: dict[int, S] = {}
        self.closed_before = 0

    def __len__(self) -> int:
        """Return the number of panes."""
        return sum(len(slot) for slot in list(self.slots.values()))

    def close(self, watermark: float) -> list[int]:
        """Close the panes that no window reads any more; return the starts that have panes."""
        grain = self.grain_seconds
        horizon = pane_start(watermark - self.kept_seconds, grain)
        first_kept = pane_start(horizon, self._step_seconds)
        if first_kept <= self.closed_before:
            return []
        # Usually one pane's length has passed, and looking at all panes each time would cost more.
        if first_kept - self.closed_before > 100 * grain:
            closed = sorted(
                start for start in self.slots if self.closed_before <= start < first_kept
            )
        else:
            starts = range(self.closed_before, first_kept, grain)
            closed = [start for start in starts if start in self.slots]
        self.closed_before = first_kept
        return closed


class PaneTable(Table[Slot]):
    """Panes of one grain, counted fact by fact: simple, for uses that need no speed."""

    def count(self, fact: Fact | Spell) -> None:
        """Add a fact to its pane, or give every pane its share of a spell."""
        if isinstance(fact, Fact):
            add_cells(self._cells(pane_start(fact.at, self.grain_seconds), fact.dims), fact.cells)
            return
        at, grain = fact.start_at, self.grain_seconds
        while at < fact.end_at:
            start = pane_start(at, grain)
            until = min(fact.end_at, float(start + grain))
            # Both are multiples of 1/1024 s, so the shares add up to the whole exactly.
            add_cells(self._cells(start, fact.dims), ((fact.cell, fact.sign * (until - at)),))
            at = until

    def _cells(self, start: int, dims: Dims) -> Cells:
        slot = self.slots.get(start)
        if slot is None:
            slot = self.slots[start] = Slot()
        slot.version += 1
        return slot.panes.setdefault(dims, {})


def add_cells(total: Cells, cells: Iterable[tuple[str, Amount]]) -> None:
    """Add *cells* to *total* in place. A cell that becomes zero is removed."""
    for cell, amount in cells:
        added = total.get(cell, 0) + amount
        if added:
            total[cell] = added
        else:
            # Nothing is not zero.
            total.pop(cell, None)


def merge(cells: Iterable[Cells]) -> Cells:
    """Add up the cells of disjoint sets of facts.

    Commutative and associative; the empty dict is neutral.
    """
    total: Cells = {}
    for one in cells:
        add_up(total, one)
    return total


def add_up(total: Cells, cells: Cells) -> None:
    """Add *cells* to *total* in place; another thread may add to *cells* meanwhile."""
    for cell, amount in list(cells.items()):
        total[cell] = total.get(cell, 0) + amount
