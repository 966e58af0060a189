"""The funnel of one source partition: a table by day, kept up to date as its deals change.

It is an index over the deals and the pipelines, not a state of its own: it holds what a pure
function (streams/funnel.py) returns for each deal. So it needs no changelog, because it is rebuilt
from the deals when a partition is restored. A late or corrected move counts in its cohort, and
changed pipelines apply to what was counted before.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from schemas.funnel import DAY_SECONDS, KEPT_DAYS
from streams.deal_state import Deal
from streams.funnel import Cells, Contribution, Key, Place, contribution
from streams.pipelines import EMPTY, PipelineIndex

_SLICE_DEALS = 200


class Day:
    """All places of one day. `version` grows with every change."""

    __slots__ = ("places", "version")

    def __init__(self) -> None:
        self.places: dict[Place, Cells] = {}
        self.version = 0


class FunnelDays:
    """Counts by day and place; `open` has no horizon, because a deal may stay open for years."""

    def __init__(self, pipelines: PipelineIndex = EMPTY) -> None:
        self.pipelines = pipelines
        self.days: dict[int, Day] = {}
        self.open: dict[Key, Cells] = {}
        self.is_ready = True
        """Whether all deals are counted. Do not read before; `recount` counts them."""
        self._first_kept = 0
        self._places: dict[Place, Place] = {}
        self._fresh: FunnelDays | None = None
        """The table for other pipelines, while it is being filled."""
        self._filled: set[str] = set()

    def __len__(self) -> int:
        """Return the number of places of all days, plus those of open deals."""
        return len(self.open) + sum(len(day.places) for day in list(self.days.values()))

    @property
    def is_counting(self) -> bool:
        """Whether all deals are being counted: first, or again while the old table is read."""
        return not self.is_ready or self._fresh is not None

    def changed(self, key: str, old: Any, new: Any) -> None:  # noqa: ANN401 - Deals, or None
        """Count *new* in place of *old*; None if the deal was not there, or is forgotten."""
        if self.is_ready:
            self._count(contribution(old, self.pipelines), contribution(new, self.pipelines))
        if self._fresh is not None and (old is None or key in self._filled):
            self._filled.add(key)
            self._fresh.changed(key, old, new)

    def close(self, watermark: float) -> None:
        """Drop the days that no window reads any more."""
        first = int(watermark - KEPT_DAYS * DAY_SECONDS)
        if first < self._first_kept + DAY_SECONDS / 24:
            return
        self._first_kept = first
        for day in [day for day in self.days if day < first]:
            del self.days[day]

    def fill(self, deals: Iterable[tuple[str, Any]]) -> None:
        """Count deals that are not counted yet."""
        for key, deal in deals:
            if self._may_count(deal):
                self.changed(key, None, deal)

    def recount(self, deals: Mapping[str, Any], pipelines: PipelineIndex) -> Iterator[None]:
        """Count all deals again with other pipelines; yields now and then to let others run.

        What changes meanwhile is counted in both tables; the old one is read until the new one is
        complete. If another recount begins meanwhile, this one ends.
        """
        fresh = FunnelDays(pipelines)
        fresh._first_kept = self._first_kept
        self._fresh, self._filled = fresh, set()
        for number, key in enumerate(list(deals), 1):
            if self._fresh is not fresh:
                return
            deal = deals.get(key)
            if deal is not None and key not in self._filled:
                self._filled.add(key)
                fresh.fill([(key, deal)])
            if number % _SLICE_DEALS == 0:
                yield
        if self._fresh is fresh:
            self.pipelines, self.days, self.open = pipelines, fresh.days, fresh.open
            self._places = fresh._places
            self._fresh, self._filled, self.is_ready = None, set(), True

    def _may_count(self, deal: Deal) -> bool:
        """Return whether a deal may count on days that are kept. Cheap, since most do not."""
        return deal.status == "open" or deal.last_at >= self._first_kept

    def _count(self, old: Contribution, new: Contribution) -> None:
        for key, cells in _difference(old.days, new.days):
            if key.day_at < self._first_kept:
                continue
            day = self.days.setdefault(key.day_at, Day())
            place = key.place
            if place not in day.places:
                # One object for all days: most places have the same owners and stages.
                place = self._places.setdefault(place, place)
            _add(day.places, place, cells)
            day.version += 1
        for key, cells in _difference(old.open, new.open):
            _add(self.open, key, cells)


def _difference(old: dict[Key, Cells], new: dict[Key, Cells]) -> Iterator[tuple[Key, Cells]]:
    """Yield the cells to add so that *new* replaces *old*."""
    for key, after in new.items():
        before = old.get(key)
        if before is None:
            yield key, after
        elif before != after:
            cells = {cell: amount - before.get(cell, 0) for cell, amount in after.items()}
            cells |= {cell: -amount for cell, amount in before.items() if cell not in after}
            yield key, cells
    for key, before in old.items():
        if key not in new:
            yield key, {cell: -amount for cell, amount in before.items()}


def _add(places: dict[Any, Cells], place: Place | Key, cells: Cells) -> None:
    """Add cells to a place; a cell that becomes zero is removed."""
    held = places.setdefault(place, {})
    for cell, amount in cells.items():
        total = held.get(cell, 0) + amount
        if total:
            held[cell] = total
        else:
            held.pop(cell, None)
    if not held:
        del places[place]
