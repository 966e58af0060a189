"""Cohorts of deals: who came to a stage on which day, and at which age they were won or lost.

Counts only, so that the estimate of how a cohort will end (incidence.py) needs no deals. A cohort
is what events call a pipeline and a stage, and a day (UTC) on which deals first came to that stage.
It never closes: a deal that moves years later, or is imported, changes the cohort of its old entry.
Its size is bounded: two cells for each age of up to MAX_AGE_DAYS, two for what ended later, one for
the entries.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from streams.deal_state import Deal
from streams.incidence import MAX_AGE_DAYS

DAY_SECONDS = 86_400
ENTERED = "entered"

Cells = dict[str, int]
"""`entered`, `won:<age in days>`, `lost:<age in days>`; MAX_AGE_DAYS + 1 stands for more."""


class CohortKey(NamedTuple):
    """The deals of a source that first came to a stage on a day (days since 1970, UTC)."""

    entered_day: int
    pipeline: str
    stage: str
    source: str


def cells_of(deal: Deal | None) -> Iterator[tuple[CohortKey, tuple[str, ...]]]:
    """Yield the cohorts in which a deal counts, and the cells that are one more by it.

    A stage that it came to several times counts from the first; the end is that of the deal. An age
    is the number of midnights between, so that all who entered on one day are of one age.
    """
    if deal is None or not deal.is_counted:
        return
    known: set[str] = set()
    for move in deal.moves:
        if move.stage in known:
            continue
        known.add(move.stage)
        day = int(move.at // DAY_SECONDS)
        cells: tuple[str, ...] = (ENTERED,)
        if deal.status != "open" and deal.status_at is not None:
            age = max(0, int(deal.status_at // DAY_SECONDS) - day)
            cells = (ENTERED, f"{deal.status}:{min(age, MAX_AGE_DAYS + 1)}")
        yield CohortKey(day, deal.pipeline, move.stage, deal.source), cells


class Cohorts:
    """The cohorts of one source partition."""

    __slots__ = ("_changed", "panes")

    def __init__(self) -> None:
        self.panes: dict[CohortKey, Cells] = {}
        self._changed: set[CohortKey] = set()

    @property
    def dirty_count(self) -> int:
        """How many have changed since they were last told."""
        return len(self._changed)

    def replace(self, old: Deal | None, new: Deal) -> None:
        """Count *new* in place of *old*."""
        before, after = dict(cells_of(old)), dict(cells_of(new))
        for key, cells in before.items():
            if after.get(key) != cells:
                self._add(key, cells, -1)
        for key, cells in after.items():
            if before.get(key) != cells:
                self._add(key, cells, 1)

    def whole(self) -> dict[CohortKey, Cells]:
        """Return a copy of all of them."""
        return {key: cells.copy() for key, cells in self.panes.items()}

    def take_changed(self) -> dict[CohortKey, Cells | None]:
        """Return what changed since the last call; None for what is empty now."""
        changed, self._changed = self._changed, set()
        return {
            key: self.panes[key].copy() if key in self.panes else None for key in sorted(changed)
        }

    def restored(self, deals: Iterable[Deal]) -> None:
        """Finish reading a changelog. That of a release without cohorts has none: count anew."""
        if not self.panes:
            for deal in deals:
                self.replace(None, deal)

    def restore(self, key: CohortKey, cells: Cells | None) -> None:
        """Have a cohort as a changelog says."""
        if cells is None:
            self.panes.pop(key, None)
        else:
            self.panes[key] = cells

    def _add(self, key: CohortKey, names: tuple[str, ...], sign: int) -> None:
        cells = self.panes.setdefault(key, {})
        for name in names:
            total = cells.get(name, 0) + sign
            if total:
                cells[name] = total
            else:
                del cells[name]
        if not cells:
            del self.panes[key]
        self._changed.add(key)
