"""The panes of one source partition in both grains, and the code that counts in them.

This is the hot path of the fold. A fact is counted in its minute. A quarter of an hour is the sum
of its minutes until they are closed; their sum is then settled in the quarter (`streams.quarters`).
"""

from collections.abc import Iterator, Sequence

from schemas.measures import MINUTE_SECONDS, QUARTER_SECONDS
from streams.facts import Amount, Dims, Fact, Spell
from streams.panes import Cells, Slot, Table, pane_start
from streams.quarters import Parts, Quarter


class _Minute:
    """An open minute, with the panes in it that are already marked as changed."""

    __slots__ = ("changed", "known", "slot", "start_at", "until")

    def __init__(self, start: int, slot: Slot, changed: set[Dims]) -> None:
        # Floats, like the times compared with them: a mixed comparison costs three times as much.
        self.start_at, self.until = float(start), float(start + MINUTE_SECONDS)
        self.slot = slot
        self.changed = changed
        """The panes of its quarter that changed since the last checkpoint."""
        self.known: dict[Dims, Cells] = {}

    def open(self, dims: Dims) -> Cells:
        """Mark a pane as changed and return the cells to count in: a copy of what was there.

        Another thread writes what a checkpoint took, so that must not change any more.
        """
        self.changed.add(dims)
        panes = self.slot.panes
        cells = panes.get(dims)
        cells = self.known[dims] = panes[dims] = {} if cells is None else cells.copy()
        return cells


class Grains:
    """Minutes, and quarters of an hour.

    Most facts fall into panes that have already changed since the last checkpoint. These panes are
    remembered by minute until they are taken or closed, so that such a fact costs one look-up and
    no call.
    """

    def __init__(self) -> None:
        self.minutes: Table[Slot] = Table(MINUTE_SECONDS, step_seconds=QUARTER_SECONDS)
        self.quarters: Table[Quarter] = Table(QUARTER_SECONDS)
        self._open_from = 0.0
        """The minutes before this instant are closed."""
        self._changed: dict[int, set[Dims]] = {}
        self._remembered: dict[int, _Minute] = {}
        self._last = _NO_MINUTE

    # In one piece, like Fold.take, because it runs for each event. `type(fact) is`, because
    # `isinstance` goes through Struct's metaclass when the answer is no, which is slow.
    def count(self, facts: Sequence[Fact | Spell]) -> int:  # noqa: C901, PLR0912, PLR0915
        """Add facts to their panes; return how many fell, even partly, into a closed quarter."""
        closed, minute = 0, self._last
        for fact in facts:
            at = fact.start_at if type(fact) is Spell else fact.at
            if not minute.start_at <= at < minute.until:
                if at < self._open_from:
                    closed += not self._late(fact)
                    continue
                minute = self._minute_of(at)
            if type(fact) is Spell:
                end_at, cell = fact.end_at, fact.cell
                if end_at > minute.until:
                    self._spread(fact, at)
                    continue
                cells = minute.known.get(fact.dims)
                if cells is None:
                    cells = minute.open(fact.dims)
                seconds = end_at - at if fact.sign == 1 else at - end_at
                total = cells[cell] + seconds if cell in cells else seconds
                if total:
                    cells[cell] = total
                else:
                    # A cell that becomes zero is removed: nothing is not zero.
                    cells.pop(cell, None)
            else:
                cells = minute.known.get(fact.dims)
                if cells is None:
                    cells = minute.open(fact.dims)
                for cell, amount in fact.cells:
                    total = cells[cell] + amount if cell in cells else amount
                    if total:
                        cells[cell] = total
                    else:
                        cells.pop(cell, None)
            minute.slot.version += 1
        return closed

    def close(self, watermark: float) -> list[tuple[int, Dims]]:
        """Close what no window reads any more; return the panes of the quarters it closed.

        They stay unchanged until `drop`, because their last counts may not be written out yet.
        """
        minutes = self.minutes.close(watermark)
        for start in dict.fromkeys(pane_start(minute, QUARTER_SECONDS) for minute in minutes):
            self.quarters.slots[start].settle()
        for minute in minutes:
            del self.minutes.slots[minute]
        closed = self.quarters.close(watermark)
        open_from = float(max(self.minutes.closed_before, self.quarters.closed_before))
        if open_from != self._open_from:
            self._open_from = open_from
            self._forget()
        slots = self.quarters.slots
        return [(start, dims) for start in closed for dims in slots[start].dims]

    def drop(self, start: int, dims: Dims) -> None:
        """Remove a pane if it exists: one of a closed quarter, or one that a replay removed."""
        quarter = self.quarters.slots.get(start)
        if quarter is not None and quarter.drop(dims):
            for minute in quarter.minute_starts:
                self.minutes.slots.pop(minute, None)
            del self.quarters.slots[start]

    @property
    def dirty_count(self) -> int:
        """How many panes of quarters changed since the last `take_changed`."""
        return sum(map(len, self._changed.values()))

    def take_changed(self) -> Iterator[tuple[int, Dims, Parts]]:
        """Yield every quarter's pane that changed since the last call, and unmark it."""
        self._forget()
        changed, self._changed = self._changed, {}
        for start in sorted(changed):
            quarter = self.quarters.slots[start]
            for dims in changed[start]:
                yield start, dims, quarter.parts(dims)

    def restore(self, start: int, dims: Dims, parts: Parts) -> None:
        """Restore a pane of a quarter from a changelog."""
        quarter = self._quarter(start)
        for minute in quarter.restore(dims, parts):
            self.minutes.slots[minute] = quarter.minute(minute)

    # In one piece like `count`: states that last for minutes, such as a rep's, mostly go here.
    def _spread(self, spell: Spell, at: float) -> None:
        """Give every open minute its share of a spell, starting at *at*."""
        end_at, dims, cell, sign = spell.end_at, spell.dims, spell.cell, spell.sign
        start = int(at) - int(at) % MINUTE_SECONDS
        while at < end_at:
            minute = self._remembered.get(start) or self._remember(start)
            cells = minute.known.get(dims)
            if cells is None:
                cells = minute.open(dims)
            until = minute.until if minute.until < end_at else end_at  # noqa: FURB136 - costs 3x
            # Both are multiples of 1/1024 s, so the shares add up to the whole exactly.
            total = cells.get(cell, 0.0) + sign * (until - at)
            if total:
                cells[cell] = total
            else:
                cells.pop(cell, None)
            minute.slot.version += 1
            at, start = until, start + MINUTE_SECONDS

    def _late(self, fact: Fact | Spell) -> bool:
        """Count what falls into closed minutes; False if part of it is in closed quarters."""
        if isinstance(fact, Fact):
            return self._settle(pane_start(fact.at, QUARTER_SECONDS), fact.dims, fact.cells)
        is_whole = fact.start_at >= self.quarters.closed_before
        at = fact.start_at if is_whole else float(self.quarters.closed_before)
        until = min(fact.end_at, self._open_from)
        while at < until:
            start = pane_start(at, QUARTER_SECONDS)
            next_at = min(until, float(start + QUARTER_SECONDS))
            self._settle(start, fact.dims, ((fact.cell, fact.sign * (next_at - at)),))
            at = next_at
        self._spread(fact, at)
        return is_whole

    def _settle(self, start: int, dims: Dims, cells: Sequence[tuple[str, Amount]]) -> bool:
        """Add cells of a closed minute to its quarter. False if the quarter is closed, too."""
        if start < self.quarters.closed_before:
            return False
        self._quarter(start).add(dims, cells)
        self._changed.setdefault(start, set()).add(dims)
        return True

    def _minute_of(self, at: float) -> _Minute:
        start = int(at) - int(at) % MINUTE_SECONDS
        self._last = minute = self._remembered.get(start) or self._remember(start)
        return minute

    def _remember(self, start: int) -> _Minute:
        quarter_start = pane_start(start, QUARTER_SECONDS)
        slot = self.minutes.slots[start] = self._quarter(quarter_start).minute(start)
        changed = self._changed.setdefault(quarter_start, set())
        minute = self._remembered[start] = _Minute(start, slot, changed)
        return minute

    def _quarter(self, start: int) -> Quarter:
        quarter = self.quarters.slots.get(start)
        if quarter is None:
            quarter = self.quarters.slots[start] = Quarter(start)
        return quarter

    def _forget(self) -> None:
        """Forget the remembered minutes, so that every pane is looked up again."""
        self._remembered.clear()
        self._last = _NO_MINUTE


_NO_MINUTE = _Minute(-MINUTE_SECONDS, Slot(), set())
"""The minute before the first fact. No fact falls into it, because all times are after 1970."""
