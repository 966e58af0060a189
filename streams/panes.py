"""Panes: what happened within [start, start + grain), per dimensions, as sums.

A table of panes belongs to one source partition and one grain. Panes are held by their start, so a
reader can keep what it made of a quiet quarter of an hour and look only at what has changed.
"""

from collections.abc import Iterable, Iterator

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


class Slot:
    """All panes of one start. `version` grows with every change."""

    __slots__ = ("dirty", "panes", "version")

    def __init__(self) -> None:
        self.panes: dict[Dims, Cells] = {}
        self.dirty: dict[Dims, Cells] = {}
        """Those of `panes` that changed since they were last told."""
        self.version = 0


class PaneTable:
    """The panes of one grain of one source partition."""

    def __init__(self, grain_seconds: int, *, kept_seconds: int | None = None) -> None:
        self.grain_seconds = grain_seconds
        self.kept_seconds = KEPT_SECONDS[grain_seconds] if kept_seconds is None else kept_seconds
        self.slots: dict[int, Slot] = {}
        self.closed_before = 0
        """Panes that start before this are closed: whatever belongs there comes too late."""
        self._dirty_starts: set[int] = set()
        self._last_start, self._last_slot = -1, Slot()
        """The slot that was looked for last: as a rule the next event belongs there, too."""

    def __len__(self) -> int:
        """Return the number of panes."""
        return sum(len(slot.panes) for slot in self.slots.values())

    def count(self, fact: Fact | Spell) -> bool:
        """Add either kind. False if a pane is closed, and what belongs there counts nowhere."""
        return self.add_spell(fact) if isinstance(fact, Spell) else self.add(fact)

    def add(self, fact: Fact) -> bool:
        """Add a fact to its pane. False if the pane is closed, and the fact counts nowhere."""
        start = int(fact.at)
        start -= start % self.grain_seconds
        if start < self.closed_before:
            return False
        cells = self.changing(start, fact.dims)
        for cell, amount in fact.cells:
            if cell in cells:
                total = cells[cell] + amount
                if total:
                    cells[cell] = total
                else:
                    # What was taken back completely leaves no zero behind: nothing is not zero.
                    del cells[cell]
            elif amount:
                cells[cell] = amount
        return True

    def add_spell(self, spell: Spell) -> bool:
        """Give every pane its share of a spell. False if some of it fell into closed panes."""
        at, end_at, grain, cell = spell.start_at, spell.end_at, self.grain_seconds, spell.cell
        in_time = at >= self.closed_before
        if not in_time:
            at = self.closed_before
        while at < end_at:
            start = int(at)
            start -= start % grain
            until: float = start + grain
            if until > end_at:  # noqa: PLR1730 - min() costs three times as much
                until = end_at
            cells = self.changing(start, spell.dims)
            # Both are multiples of 1/1024 s, so the shares add up to the whole exactly.
            total = cells.get(cell, 0.0) + spell.sign * (until - at)
            if total:
                cells[cell] = total
            else:
                cells.pop(cell, None)
            at = until
        return in_time

    def changing(self, start: int, dims: Dims) -> Cells:
        """Return the cells of an open pane, which are about to change."""
        slot = self._last_slot if start == self._last_start else self._slot_of(start)
        slot.version += 1
        cells = slot.dirty.get(dims)
        if cells is None:
            self._dirty_starts.add(start)
            cells = slot.panes.get(dims)
            if cells is None:
                cells = slot.panes[dims] = {}
            slot.dirty[dims] = cells
        return cells

    def _slot_of(self, start: int) -> Slot:
        slot = self.slots.get(start)
        if slot is None:
            slot = self.slots[start] = Slot()
        self._last_start, self._last_slot = start, slot
        return slot

    def close(self, watermark: float) -> list[tuple[int, Dims]]:
        """Close the panes that no window reads any more; return their keys.

        They stay, unchanging, until `drop`: what was counted last may not be written out yet.
        """
        horizon = watermark - self.kept_seconds - self.grain_seconds
        first_kept = pane_start(horizon, self.grain_seconds) + self.grain_seconds
        if first_kept <= self.closed_before:
            return []
        # As a rule one pane's length has gone by; looking at all of them each time would cost more.
        grain = self.grain_seconds
        if first_kept - self.closed_before > 100 * grain:
            closed = [start for start in self.slots if self.closed_before <= start < first_kept]
        else:
            starts = range(self.closed_before, first_kept, grain)
            closed = [start for start in starts if start in self.slots]
        self.closed_before = first_kept
        return [(start, dims) for start in closed for dims in self.slots[start].panes]

    def take_dirty(self) -> Iterator[tuple[int, Dims, Cells]]:
        """Yield a copy of every pane that changed since the last call, and forget that it did."""
        for start in sorted(self._dirty_starts):
            slot = self.slots[start]
            for dims, cells in slot.dirty.items():
                yield start, dims, cells.copy()
            slot.dirty.clear()
        self._dirty_starts.clear()

    @property
    def dirty_count(self) -> int:
        """How many panes changed since `take_dirty`."""
        return sum(len(self.slots[start].dirty) for start in self._dirty_starts)

    def drop(self, start: int, dims: Dims) -> None:
        """Remove a pane, if it is there."""
        slot = self.slots.get(start)
        if slot is None:
            return
        slot.panes.pop(dims, None)
        slot.dirty.pop(dims, None)
        if not slot.panes:
            del self.slots[start]
            self._dirty_starts.discard(start)
            self._last_start = -1

    def restore(self, start: int, dims: Dims, cells: Cells) -> None:
        """Put a pane back as it was; used when state is read from a changelog."""
        slot = self.slots.get(start)
        if slot is None:
            slot = self.slots[start] = Slot()
        slot.panes[dims] = cells
        slot.version += 1


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
