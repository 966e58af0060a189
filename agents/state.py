"""A shard's state as changelog records, and back.

Keys and values are JSON, so that a changelog can be read with kcat. Structs are arrays whose order
is their fields': new fields go to the end, with a default, and old records stay readable.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

import msgspec

from agents.changelog import Entry, Record
from agents.errors import RingsideError
from schemas.customers import Tokeniser
from schemas.topics import FOLDED, changelog
from streams.changes import Changes
from streams.facts import Dims
from streams.fold import Fold
from streams.ghosts import GhostLimits
from streams.ledger import Ledger
from streams.machines import MACHINES
from streams.quarters import Parts
from streams.snapshot import PaneKey

COHORT = "cohort"
"""In place of the start of a pane, in the key of what releases before kept of cohorts."""

_encode = msgspec.json.Encoder().encode
_key = msgspec.json.Decoder(list)
_parts = msgspec.json.Decoder(Parts)
_token = re.compile(rb"ct[1-9][0-9]{0,2}_[0-9a-f]{32}")
_ledger = msgspec.json.Decoder(Ledger)
_states: dict[str, msgspec.json.Decoder[Any]] = {
    topic: msgspec.json.Decoder(machine.state) for topic, machine in MACHINES.items()
}


class OlderStateError(RingsideError):
    """The changelog is of an older release, and cannot be read.

    Count everything anew beside it: `ringside replay start`, stop all workers, then `ringside
    replay take`. Or at once: stop all workers, delete the three changelog topics and the consumer
    group of this installation, run `ringside topics apply`, start.
    """


class ChangelogTopics:
    """The names of an installation's three changelog topics."""

    def __init__(self, app_id: str) -> None:
        self.entities = changelog(app_id, "entities").name
        self.panes = changelog(app_id, "panes").name
        self.ledger = changelog(app_id, "ledger").name


def to_records(changes: Iterable[Changes], topics: ChangelogTopics, shard: int) -> Iterator[Record]:
    """Yield what a checkpoint writes; the ledgers last, since they say how far the rest goes."""
    all_changes = list(changes)
    for change in all_changes:
        source = change.topic
        for key, entity in change.entities.items():
            value = None if entity is None else _encode(entity)
            yield Record(topics.entities, _encode([source, key]), value, shard)
        for (start, dims), parts in change.panes.items():
            pane_key = _encode([source, start, *dims])
            yield Record(topics.panes, pane_key, None if parts is None else parts.json(), shard)
    for change in all_changes:
        yield Record(topics.ledger, _encode([change.topic]), _encode(change.ledger), shard)


class Restorer:
    """Builds the folds of one shard from its changelog, list by list, in any order of tables."""

    def __init__(
        self,
        shard: int,
        *,
        lateness_of: Callable[[str], float],
        epoch: int,
        ghost_limits: GhostLimits | None = None,
        tokeniser: Tokeniser | None = None,
    ) -> None:
        """`tokeniser`: who renews the customers' tokens of older keys, where there may be any."""
        self._renewed: Callable[[bytes], bytes] = _same
        if tokeniser is not None and tokeniser.has_older:
            token = tokeniser.token
            self._renewed = partial(_token.sub, lambda found: token(found[0].decode()).encode())
        self._ledgers: dict[str, Ledger] = {}
        self._older: set[bytes] = set()
        """Keys of an older release's panes that nothing has taken the place of."""
        self._folds = {
            topic.name: Fold(
                topic.name,
                shard,
                ledger=Ledger(epoch),
                lateness_seconds=lateness_of(topic.name),
                ghost_limits=ghost_limits,
            )
            for topic in FOLDED
        }
        self.entries = 0

    def add(self, entries: Iterable[Entry]) -> None:
        """Take in a list of records, oldest first; a tombstone removes what was there."""
        for table, key, value in entries:
            self.entries += 1
            fields = _key.decode(key)
            fold = self._folds[fields[0]]
            if table == "entities":
                self._entity(fold, fields[1], value)
            elif table == "panes":
                self._pane(fold, key, fields, value)
            elif value is not None:
                self._ledgers[fields[0]] = _ledger.decode(value)

    def finish(self) -> Mapping[str, Fold]:
        """Return the folds by source topic, ready for the next message."""
        if self._older:
            raise OlderStateError
        for topic, ledger in self._ledgers.items():
            self._folds[topic].resume(ledger)
        for fold in self._folds.values():
            fold.restored()
        return self._folds

    @property
    def without_ledger(self) -> str | None:
        """A topic of which there is state, but no ledger to say up to where it counts, if any."""
        for topic, fold in self._folds.items():
            if topic not in self._ledgers and (
                fold.entities or any(map(len, fold.tables.values()))
            ):
                return topic
        return None

    def _entity(self, fold: Fold, key: str, value: bytes | None) -> None:
        if value is None:
            fold.entities.pop(key, None)
        else:
            fold.entities[key] = _states[fold.topic].decode(self._renewed(value))

    def _pane(self, fold: Fold, raw: bytes, fields: list[Any], value: bytes | None) -> None:
        _, start, *dims = fields
        if start == COHORT:
            return
        if len(dims) != len(Dims._fields):
            # Until compaction it stays in the log, also once a replay has put another in its place.
            (self._older.discard if value is None else self._older.add)(raw)
            return
        key = PaneKey(int(str(start)), Dims(*map(str, dims)))
        if value is None:
            fold.grains.drop(*key)
        else:
            fold.grains.restore(*key, _parts.decode(value))


def _same(value: bytes) -> bytes:
    return value
