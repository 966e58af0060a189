"""A quarter of an hour as the sum of its minutes, until they are closed and settled in it.

An event changes one minute, not a minute and a quarter. A quarter is added up when it is read, by a
window or for PostgreSQL, and when its minutes are closed, all at once.
"""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from schemas.measures import MINUTE_SECONDS
from streams.facts import Amount, Dims
from streams.panes import Cells, Slot, add_cells

_json = msgspec.json.Encoder().encode


class Parts(NamedTuple):
    """One pane of a quarter of an hour, in parts. Do not change its dicts."""

    settled: Cells
    """The sum of the closed minutes."""
    minutes: dict[int, Cells]
    """The cells of the open minutes, by their number in the quarter, 0 to 14, in this order."""

    def total(self) -> Cells:
        """Return the sum of all parts, without zeros."""
        total = self.settled.copy()
        for cells in self.minutes.values():
            add_cells(total, cells.items())
        return total

    def json(self) -> bytes:
        """Return it as it is in the changelog."""
        return _json(self)


class _State(NamedTuple):
    """Replaced as a whole, so that a reader meanwhile counts every minute exactly once."""

    settled: dict[Dims, Cells]
    minutes: dict[int, Slot]
    version: int


class Quarter:
    """All panes of one quarter of an hour. It shares the slots of open minutes with `Grains`."""

    __slots__ = ("_state", "start_at")

    def __init__(self, start_at: int) -> None:
        self.start_at = start_at
        self._state = _State({}, {}, 0)

    @property
    def version(self) -> int:
        """Grows with every change."""
        _, minutes, version = self._state
        return version + sum(slot.version for slot in list(minutes.values()))

    def __len__(self) -> int:
        """Return the number of panes."""
        return len(self.dims) if self._state.minutes else len(self._state.settled)

    @property
    def dims(self) -> set[Dims]:
        """The dimensions that have a pane."""
        settled, minutes, _ = self._state
        return set(settled).union(*(list(slot.panes) for slot in list(minutes.values())))

    @property
    def panes(self) -> dict[Dims, Cells]:
        """The counts, by dimensions. Do not change them."""
        settled, minutes, _ = self._state
        if not minutes:
            return settled
        panes = {dims: cells.copy() for dims, cells in list(settled.items())}
        for slot in list(minutes.values()):
            for dims, cells in list(slot.panes.items()):
                add_cells(panes.setdefault(dims, {}), list(cells.items()))
        return panes

    def parts(self, dims: Dims) -> Parts:
        """Return one pane as it is now; later counts go into copies."""
        settled, minutes, _ = self._state
        of_minutes = {
            number: cells
            for number, slot in minutes.items()
            if (cells := slot.panes.get(dims)) is not None
        }
        return Parts(settled.get(dims, {}), of_minutes)

    def minute(self, start_at: int) -> Slot:
        """Return the slot of an open minute; make one if there is none."""
        settled, minutes, version = self._state
        number = self._number(start_at)
        slot = minutes.get(number)
        if slot is None:
            slot = Slot()
            slots = {**minutes, number: slot}
            self._state = _State(settled, {one: slots[one] for one in sorted(slots)}, version)
        return slot

    def add(self, dims: Dims, cells: Iterable[tuple[str, Amount]]) -> None:
        """Add cells of a closed minute to what is settled."""
        settled, minutes, version = self._state
        total = settled.get(dims, {}).copy()
        add_cells(total, cells)
        settled[dims] = total
        self._state = _State(settled, minutes, version + 1)

    def settle(self) -> None:
        """Close all minutes and settle what they hold."""
        settled, minutes, version = self._state
        totals, copied = settled.copy(), set[Dims]()
        for slot in minutes.values():
            version += slot.version + 1
            for dims, cells in slot.panes.items():
                total = totals.get(dims)
                if total is None:
                    # Shared until another minute adds to it.
                    totals[dims] = cells
                    continue
                if dims not in copied:
                    total = totals[dims] = total.copy()
                    copied.add(dims)
                add_cells(total, cells.items())
        self._state = _State(totals, {}, version)

    def restore(self, dims: Dims, parts: Parts) -> list[int]:
        """Replace a pane by *parts*; return the starts of its minutes.

        A log that is not compacted yet has several records of a pane, and the last one counts: the
        pane's minutes may be settled by then.
        """
        settled, minutes, _ = self._state
        for number, slot in minutes.items():
            if number not in parts.minutes:
                slot.panes.pop(dims, None)
        if parts.settled or not parts.minutes:
            settled[dims] = parts.settled
        else:
            settled.pop(dims, None)
        starts = [self.start_at + number * MINUTE_SECONDS for number in parts.minutes]
        for start_at, cells in zip(starts, parts.minutes.values(), strict=True):
            self.minute(start_at).panes[dims] = cells
        return starts

    def drop(self, dims: Dims) -> bool:
        """Remove a pane; return whether none is left."""
        settled, minutes, _ = self._state
        settled.pop(dims, None)
        for slot in minutes.values():
            slot.panes.pop(dims, None)
        return not len(self)

    @property
    def minute_starts(self) -> list[int]:
        """The starts of its open minutes."""
        return [self.start_at + number * MINUTE_SECONDS for number in self._state.minutes]

    def _number(self, start_at: int) -> int:
        return (start_at - self.start_at) // MINUTE_SECONDS
