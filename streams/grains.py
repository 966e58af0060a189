"""The panes of one source partition in both grains, and counting in them: the hot end of the fold.

A fact is counted in its minute. A quarter of an hour is the sum of its minutes until they are
closed, and settled in it (`streams.quarters`).
"""

from collections.abc import Iterator, Sequence

from schemas.measures import MINUTE_SECONDS, QUARTER_SECONDS
from streams.facts import Amount, Dims, Fact, Spell
from streams.panes import Cells, Slot, Table, add_cells, pane_start
from streams.quarters import Parts, Quarter


class _Minute:
    """A minute that is being counted in: its panes that are marked as changed, and may change."""

    __slots__ = ("changed", "known", "slot", "start_at", "until")

    def __init__(self, start: int, slot: Slot | None, changed: set[Dims]) -> None:
        # Floats, as what they are compared with: a mixed comparison costs three times as much.
        self.start_at, self.until = float(start), float(start + MINUTE_SECONDS)
        self.slot = slot
        """None if the minute is closed."""
        self.changed = changed
        """The panes of its quarter that changed since the last checkpoint."""
        self.known: dict[Dims, Cells] = {}

    def open(self, slot: Slot, dims: Dims) -> Cells:
        """Mark a pane as changed and return what to count in: a copy, if there was something.

        What a checkpoint took is written by another thread, so it must not change any more.
        """
        self.changed.add(dims)
        cells = slot.panes.get(dims)
        cells = self.known[dims] = slot.panes[dims] = {} if cells is None else cells.copy()
        return cells


class Grains:
    """Minutes, and quarters of an hour.

    Most facts fall into panes that changed already since the last checkpoint. Those are remembered
    by minute, so that such a fact costs one look-up and no call, until the panes are taken or
    closed.
    """

    def __init__(self) -> None:
        self.minutes: Table[Slot] = Table(MINUTE_SECONDS)
        self.quarters: Table[Quarter] = Table(QUARTER_SECONDS)
        self._changed: dict[int, set[Dims]] = {}
        self._remembered: dict[int, _Minute] = {}
        self._last = _NO_MINUTE

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
                slot = minute.slot
                if slot is None or end_at > minute.until:
                    closed += not self._spread(fact)
                    continue
                cells = minute.known.get(fact.dims)
                if cells is None:
                    cells = minute.open(slot, fact.dims)
                seconds = end_at - at if fact.sign == 1 else at - end_at
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
                slot = minute.slot
                if slot is None:
                    closed += not self._settle(
                        pane_start(at, QUARTER_SECONDS), fact.dims, fact.cells
                    )
                    continue
                cells = minute.known.get(fact.dims)
                if cells is None:
                    cells = minute.open(slot, fact.dims)
                for cell, amount in fact.cells:
                    total = cells[cell] + amount if cell in cells else amount
                    if total:
                        cells[cell] = total
                    else:
                        cells.pop(cell, None)
            else:
                continue
            slot.version += 1
        return closed

    def close(self, watermark: float) -> list[tuple[int, Dims]]:
        """Close what no window reads any more; return the panes of quarters that this closed.

        They stay, unchanging, until `drop`: what was counted last may not be written out yet.
        """
        self._forget()
        by_quarter: dict[int, list[int]] = {}
        for start in self.minutes.close(watermark):
            by_quarter.setdefault(pane_start(start, QUARTER_SECONDS), []).append(start)
        for start, minutes in by_quarter.items():
            self.quarters.slots[start].settle(minutes)
            for minute in minutes:
                del self.minutes.slots[minute]
        slots = self.quarters.slots
        closed = self.quarters.close(watermark)
        return [(start, dims) for start in closed for dims in slots[start].dims]

    def drop(self, start: int, dims: Dims) -> None:
        """Remove a pane of a closed quarter, if it is there."""
        quarter = self.quarters.slots.get(start)
        if quarter is not None and quarter.drop(dims):
            del self.quarters.slots[start]

    @property
    def dirty_count(self) -> int:
        """How many panes of quarters changed since `take_changed`."""
        return sum(map(len, self._changed.values()))

    def take_changed(self) -> Iterator[tuple[int, Dims, Parts]]:
        """Yield every quarter's pane that changed since the last call, and forget that it did."""
        self._forget()
        changed, self._changed = self._changed, {}
        for start in sorted(changed):
            quarter = self.quarters.slots[start]
            for dims in changed[start]:
                yield start, dims, quarter.parts(dims)

    def restore(self, start: int, dims: Dims, parts: Parts) -> None:
        """Put a quarter's pane back as it was; used when state is read from a changelog."""
        quarter = self._quarter(start)
        for minute in quarter.restore(dims, parts):
            self.minutes.slots[minute] = quarter.minute(minute)

    def _spread(self, spell: Spell) -> bool:
        """Give every pane its share of a spell. False if some fell into closed quarters."""
        at, end_at, dims = spell.start_at, spell.end_at, spell.dims
        is_whole = at >= self.quarters.closed_before
        if not is_whole:
            at = float(self.quarters.closed_before)
        while at < end_at:
            minute = self._minute_of(at)
            slot, until = minute.slot, minute.until
            if slot is None:
                start = pane_start(at, QUARTER_SECONDS)
                until = min(start + QUARTER_SECONDS, self.minutes.closed_before)
            # Both are multiples of 1/1024 s, so the shares add up to the whole exactly.
            until = min(float(until), end_at)
            share = ((spell.cell, spell.sign * (until - at)),)
            if slot is None:
                self._settle(start, dims, share)
            else:
                cells = minute.known.get(dims)
                add_cells(minute.open(slot, dims) if cells is None else cells, share)
                slot.version += 1
            at = until
        return is_whole

    def _settle(self, start: int, dims: Dims, cells: Sequence[tuple[str, Amount]]) -> bool:
        """Count in a quarter what its closed minutes missed. False if it is closed, too."""
        if start < self.quarters.closed_before:
            return False
        self._quarter(start).add(dims, cells)
        self._changed.setdefault(start, set()).add(dims)
        return True

    def _minute_of(self, at: float) -> _Minute:
        start = pane_start(at, MINUTE_SECONDS)
        minute = self._remembered.get(start)
        if minute is None:
            minute = self._remembered[start] = self._opened(start)
        self._last = minute
        return minute

    def _opened(self, start: int) -> _Minute:
        quarter_start = pane_start(start, QUARTER_SECONDS)
        # Closed where either is; a quarter is, as a rule, a day later.
        if start < self.minutes.closed_before or quarter_start < self.quarters.closed_before:
            return _Minute(start, None, set())
        slot = self.minutes.slots[start] = self._quarter(quarter_start).minute(start)
        return _Minute(start, slot, self._changed.setdefault(quarter_start, set()))

    def _quarter(self, start: int) -> Quarter:
        quarter = self.quarters.slots.get(start)
        if quarter is None:
            quarter = self.quarters.slots[start] = Quarter(start)
        return quarter

    def _forget(self) -> None:
        """Look every pane up again."""
        self._remembered.clear()
        self._last = _NO_MINUTE


_NO_MINUTE = _Minute(-MINUTE_SECONDS, None, set())
"""Before the first fact; it holds none, because all times are after 1970."""
