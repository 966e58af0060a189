"""Live windows: 5 m, 15 m, 1 h and today, merged from panes when they are read.

A window of n seconds holds the panes that start in (now - n, now]: the pane that is filling and the
ones before it. Today begins at midnight in the time zone of each site.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from schemas.measure import Window
from schemas.measures import GRAINS_SECONDS, WINDOWS
from schemas.topics import CALLS, REPS
from streams import reps
from streams.facts import ticks
from streams.fold import Fold
from streams.located import Place, locate
from streams.names import Names
from streams.panes import Cells, Panes, PaneTable, Table, add_up
from streams.reps import Rep
from streams.roster import RosterIndex
from streams.waiting import waiting_in_target

Located = dict[Place, Cells]

_DAY_SECONDS = 25 * 3600
"""The longest day, when clocks go back."""


class _Source(NamedTuple):
    """Tables of panes to read; those with `key` None (running states) are made for each read."""

    key: tuple[str, int] | None
    tables: Mapping[int, Table[Any]]


class _Kept(NamedTuple):
    """The merged cells of a slot, and the version and roster they were made from."""

    slot: Panes
    state: tuple[int, RosterIndex]
    located: Located


class WindowReader:
    """Reads the windows of many folds, and keeps the merged cells of panes that did not change.

    One reader belongs to one thread. Another thread may fill the folds meanwhile: a pane is then
    read as of the last event before the reader looked at it.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[tuple[str, int], int, int], _Kept] = {}
        self._names = Names()

    def read(self, folds: Sequence[Fold], roster: RosterIndex, now: float) -> dict[str, Located]:
        """Return the merged cells of every window, by place, at *now* (seconds since 1970).

        Empty places are left out.
        """
        sources = [_Source((fold.topic, fold.partition), fold.tables) for fold in folds]
        self._forget(sources)
        sources += [_Source(None, _running(fold, now)) for fold in folds if fold.topic == REPS.name]
        sources += [
            _Source(None, waiting_in_target(list(fold.live.values()), roster, now))
            for fold in folds
            if fold.topic == CALLS.name
        ]
        return {window.name: self._read(window, sources, roster, now) for window in WINDOWS}

    def _read(
        self, window: Window, sources: Sequence[_Source], roster: RosterIndex, now: float
    ) -> Located:
        total: Located = {}
        for source in sources:
            table = source.tables[window.grain_seconds]
            for start in _starts(table, window, now):
                located = self._located(source.key, table, start, roster)
                if window.seconds is None:
                    located = _of_today(located, start, roster, now)
                _add(total, located)
        return total

    def _located(
        self, key: tuple[str, int] | None, table: Table[Any], start: int, roster: RosterIndex
    ) -> Located:
        slot = table.slots.get(start)
        if slot is None:
            return {}
        if key is None:
            return locate(slot.panes, start, roster, self._names)
        # The version is read first, so that what comes in meanwhile is merged again next time.
        version = slot.version
        kept = self._kept.get((key, table.grain_seconds, start))
        # Compare the slot, too: if a partition left and came back, its version may be the same.
        if kept is None or kept.slot is not slot or kept.state != (version, roster):
            located = locate(slot.panes, start, roster, self._names)
            kept = _Kept(slot, (version, roster), located)
            self._kept[key, table.grain_seconds, start] = kept
        return kept.located

    def _forget(self, sources: Sequence[_Source]) -> None:
        """Drop the merged cells of panes that are gone."""
        tables = {source.key: source.tables for source in sources}
        for key in list(self._kept):
            source, grain, start = key
            if source not in tables or start not in tables[source][grain].slots:
                del self._kept[key]


def _running(fold: Fold, now: float) -> dict[int, PaneTable]:
    """Return panes of the reps' present states, which no event has ended yet."""
    tables = {grain: PaneTable(grain) for grain in GRAINS_SECONDS}
    for rep in list(fold.live.values()):
        if not isinstance(rep, Rep):
            continue
        for spell in reps.running(rep, now):
            for table in tables.values():
                kept_from = now - table.kept_seconds
                start_at = max(spell.start_at, ticks(kept_from))
                table.count(msgspec.structs.replace(spell, start_at=start_at))
    return tables


def _starts(table: Table[Any], window: Window, now: float) -> list[int]:
    seconds = _DAY_SECONDS + table.grain_seconds if window.seconds is None else window.seconds
    return [start for start in list(table.slots) if now - seconds < start <= now]


def _of_today(located: Located, start: int, roster: RosterIndex, now: float) -> Located:
    return {
        place: cells
        for place, cells in located.items()
        if start >= roster.day_start(place.site, now)
    }


def _add(total: Located, located: Located) -> None:
    for place, cells in located.items():
        if not cells:
            continue
        add_up(total.setdefault(place, {}), cells)
