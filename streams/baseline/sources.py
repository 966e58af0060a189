"""How much each source told of late: which of them are there, and which have gone silent."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from schemas.measure import Unit
from schemas.measures import MEASURES, MINUTE_SECONDS, WINDOWS
from streams.fold import Fold
from streams.panes import Cells, Slot
from streams.roster import RosterIndex

COUNTED = tuple(
    measure.name
    for measure in MEASURES
    # What is found out later of a customer's calls is no sign of life of their source.
    if measure.unit is Unit.COUNT and measure.topic != "customers"
)
_COUNTED = frozenset(COUNTED)
"""What is counted of a source: everything that has a number, whatever it is."""
_SHORT_WINDOWS = [(window.name, window.seconds) for window in WINDOWS if window.seconds is not None]

NOTHING: Mapping[str, float] = MappingProxyType({})
Sourced = dict[tuple[str, str], float]
"""By (source, site): how much it told of."""


class _Kept(NamedTuple):
    slot: Slot
    state: tuple[int, RosterIndex]
    counts: Sourced


class Sources(NamedTuple):
    """What is known of the sources at one moment."""

    windows: dict[str, Sourced]
    """What each told of in each live window; one that told of nothing in it is left out."""
    age_seconds: dict[str, float]
    """Since a source was last heard: when it sent something, as far as this worker knows, or at
    least the end of the last minute of which it told anything. A PBX that sends a record at the end
    of each call tells of minutes that are long past.
    """


class SourceReader:
    """Reads what each source told of in each live window, by the time at which it happened.

    As `WindowReader`, it belongs to one thread and keeps what it made of panes that did not change.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[str, int, int], _Kept] = {}

    def read(
        self,
        folds: Sequence[Fold],
        roster: RosterIndex,
        now: float,
        heard_at: Mapping[str, float] = NOTHING,
    ) -> Sources:
        """Return what each source told of late; *heard_at*: when each last sent something."""
        newest: dict[str, float] = dict(heard_at)
        found: dict[str, Sourced] = {name: {} for name, _ in _SHORT_WINDOWS}
        kept: dict[tuple[str, int, int], _Kept] = {}
        for fold in folds:
            for start, slot in list(fold.tables[MINUTE_SECONDS].slots.items()):
                key = (fold.topic, fold.partition, start)
                kept[key] = self._counts(key, slot, roster)
                if start > now:
                    continue
                for source, _ in kept[key].counts:
                    newest[source] = max(start + MINUTE_SECONDS, newest.get(source, 0.0))
                for name, seconds in _SHORT_WINDOWS:
                    if now - seconds < start <= now:
                        _add(found[name], kept[key].counts)
        self._kept = kept
        ages = {source: max(0.0, now - end_at) for source, end_at in newest.items()}
        return Sources(found, ages)

    def _counts(self, key: tuple[str, int, int], slot: Slot, roster: RosterIndex) -> _Kept:
        # The version is read first: what is filled in meanwhile is counted again next time.
        version, kept = slot.version, self._kept.get(key)
        if kept is not None and kept.slot is slot and kept.state == (version, roster):
            return kept
        counts: Sourced = {}
        for dims, cells in list(slot.panes.items()):
            count = _count(cells)
            if count:
                place = (dims.source, roster.site_of(dims.queue, dims.rep, key[2]))
                counts[place] = counts.get(place, 0.0) + count
        return _Kept(slot, (version, roster), counts)


def _count(cells: Cells) -> float:
    return sum(amount for cell, amount in cells.items() if cell in _COUNTED)


def _add(total: Sourced, counts: Sourced) -> None:
    for place, count in counts.items():
        total[place] = total.get(place, 0.0) + count
