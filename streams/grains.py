"""Counting facts in the panes of both grains at once: the hot end of the fold."""

from collections.abc import Sequence

from streams.facts import Dims, Fact, Spell
from streams.panes import Cells, PaneTable, Slot, pane_start

_Pair = tuple[Cells, Cells]


class _Minute:
    """One minute's panes that are open and marked as changed, each with that of its quarter."""

    __slots__ = ("known", "quarter", "slot", "start_at", "until")

    def __init__(self, start: int, grain_seconds: int) -> None:
        # Floats, as what they are compared with: a mixed comparison costs three times as much.
        self.start_at, self.until = float(start), float(start + grain_seconds)
        self.known: dict[Dims, _Pair] = {}
        self.slot = self.quarter = Slot()  # where the panes are, as soon as there is one


class BothGrains:
    """The tables of minutes and of quarters, as one to count in.

    Most facts fall into panes that changed already since the last checkpoint. Those are remembered
    here by pairs, so that such a fact costs one look-up in place of two, and no call. What is
    remembered is open and marked as changed: `forget` it when panes are closed, taken or dropped.
    """

    __slots__ = ("_last", "_minutes", "_quarters", "_remembered")

    def __init__(self, minutes: PaneTable, quarters: PaneTable) -> None:
        self._minutes, self._quarters = minutes, quarters
        self._remembered: dict[int, _Minute] = {}
        self._last = _Minute(0, 0)

    def forget(self) -> None:
        """Look every pane up again."""
        self._remembered.clear()
        self._last = _Minute(0, 0)

    # In one piece, like Fold.apply: for each event. And `type(fact) is`, not `isinstance`, which
    # takes the long way round by Struct's metaclass to say no.
    def count(self, facts: Sequence[Fact | Spell]) -> int:  # noqa: C901, PLR0912, PLR0915
        """Add facts to their panes; return how many fell, even if partly, into a closed quarter."""
        closed, minute = 0, self._last
        for fact in facts:
            if type(fact) is Spell:
                at, end_at, cell = fact.start_at, fact.end_at, fact.cell
                if not minute.start_at <= at < minute.until:
                    minute = self._minute_of(at)
                if end_at > minute.until:  # more than one pane
                    self._minutes.add_spell(fact)
                    closed += not self._quarters.add_spell(fact)
                    continue
                pair = minute.known.get(fact.dims) or self._open(minute, fact.dims)
                if pair is None:
                    self._minutes.add_spell(fact)
                    closed += not self._quarters.add_spell(fact)
                    continue
                seconds = end_at - at if fact.sign == 1 else at - end_at
                for cells in pair:
                    total = cells[cell] + seconds if cell in cells else seconds
                    if total:
                        cells[cell] = total
                    else:
                        # Taken back completely leaves no zero behind: nothing is not zero.
                        cells.pop(cell, None)
            elif type(fact) is Fact:
                at = fact.at
                if not minute.start_at <= at < minute.until:
                    minute = self._minute_of(at)
                pair = minute.known.get(fact.dims) or self._open(minute, fact.dims)
                if pair is None:
                    self._minutes.add(fact)
                    closed += not self._quarters.add(fact)
                    continue
                for cell, amount in fact.cells:
                    for cells in pair:
                        total = cells[cell] + amount if cell in cells else amount
                        if total:
                            cells[cell] = total
                        else:
                            cells.pop(cell, None)
            minute.slot.version += 1
            minute.quarter.version += 1
        return closed

    def _minute_of(self, at: float) -> _Minute:
        grain = self._minutes.grain_seconds
        start = pane_start(at, grain)
        minute = self._remembered.get(start)
        if minute is None:
            minute = self._remembered[start] = _Minute(start, grain)
        self._last = minute
        return minute

    def _open(self, minute: _Minute, dims: Dims) -> _Pair | None:
        """Find or make a pair of panes; None if either is closed."""
        start = int(minute.start_at)
        quarter_start = pane_start(start, self._quarters.grain_seconds)
        if start < self._minutes.closed_before or quarter_start < self._quarters.closed_before:
            return None
        pair = self._minutes.changing(start, dims), self._quarters.changing(quarter_start, dims)
        minute.known[dims] = pair
        minute.slot = self._minutes.slots[start]
        minute.quarter = self._quarters.slots[quarter_start]
        return pair
