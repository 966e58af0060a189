"""Panes: what happened within [start, start + grain), per dimensions, as sums.

Panes are held by their start, so a reader can keep what it made of a quiet quarter of an hour and
look only at what has changed.
"""

from collections.abc import Iterable
from typing import Generic, Protocol, TypeVar

from schemas.measures import MINUTE_SECONDS, QUARTER_SECONDS
from streams.facts import Amount, Dims, Fact, Spell

Cells = dict[str, Amount]

KEPT_SECONDS = {MINUTE_SECONDS: 3_600, QUARTER_SECONDS: 26 * 3_600}
"""How far behind the watermark a grain's panes stay: the longest window that reads them.

"Today" is up to 25 hours long, when clocks go back.
"""


def pane_start(at: float, grain_seconds: int) -> int:
    """Return the start of the half-open pane [start, start + grain) that holds *at*."""
    return int(at // grain_seconds) * grain_seconds


class Panes(Protocol):
    """All panes of one start, for whoever reads them, from any thread."""

    @property
    def version(self) -> int:
        """Grows with every change."""

    @property
    def panes(self) -> dict[Dims, Cells]:
        """What is counted, by dimensions."""

    @property
    def dims(self) -> set[Dims]:
        """The dimensions of which there is a pane."""

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
        """The dimensions of which there is a pane."""
        return set(self.panes)


S = TypeVar("S", bound=Panes)


class Table(Generic[S]):
    """The panes of one grain, by start; those before `closed_before` take nothing in any more."""

    def __init__(
        self, grain_seconds: int, *, kept_seconds: int | None = None, step_seconds: int = 0
    ) -> None:
        self.grain_seconds = grain_seconds
        self._step_seconds = step_seconds or grain_seconds
        """How much is closed at once: for that, all of it must be over."""
        self.kept_seconds = KEPT_SECONDS[grain_seconds] if kept_seconds is None else kept_seconds
        self.slots: dict[int, S] = {}
        self.closed_before = 0

    def __len__(self) -> int:
        """Return the number of panes."""
        return sum(len(slot) for slot in list(self.slots.values()))

    def close(self, watermark: float) -> list[int]:
        """Close the panes that no window reads any more; return the starts that have some."""
        grain = self.grain_seconds
        horizon = pane_start(watermark - self.kept_seconds, grain)
        first_kept = pane_start(horizon, self._step_seconds)
        if first_kept <= self.closed_before:
            return []
        # As a rule one pane's length has gone by; looking at all of them each time would cost more.
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
    """Panes of one grain, counted fact by fact: plainly, for what needs no speed."""

    def count(self, fact: Fact | Spell) -> None:
        """Add a fact to its pane; give every pane its share of a spell."""
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
    """Add *cells* to *total*, which changes. What was taken back leaves no zero behind."""
    for cell, amount in cells:
        added = total.get(cell, 0) + amount
        if added:
            total[cell] = added
        else:
            # Nothing is not zero.
            total.pop(cell, None)


def merge(cells: Iterable[Cells]) -> Cells:
    """Add up disjoint sets of facts. Commutative and associative; the empty dict is neutral."""
    total: Cells = {}
    for one in cells:
        add_up(total, one)
    return total


def add_up(total: Cells, cells: Cells) -> None:
    """Add *cells* to *total*, which changes; another thread may be adding to *cells*."""
    for cell, amount in list(cells.items()):
        total[cell] = total.get(cell, 0) + amount
