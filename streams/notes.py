"""What state machines want to tell other partitions, and its way into notes."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

import msgspec

from schemas.notes import About, Note
from streams.ledger import Ledger


class Told(msgspec.Struct, frozen=True, gc=False):
    """What is said of one entity, and to which customer."""

    customer: str
    entity: str
    at: float
    """When the newest event about the entity happened."""
    says: About | None
    """None: it has nothing to do with this customer any more."""


Tell = Callable[[str, Any, Any, Mapping[str, Any]], Iterable[Told]]
"""(key, state before or None, state, all entities) -> what customers' partitions must know."""


class Compare(Protocol):
    """Compares entities in compiled code; the result is that of asking `tell` about each."""

    def __call__(
        self, changed: Mapping[str, Any], entities: Mapping[str, Any], tell: Tell, ledger: Ledger, /
    ) -> list[Note]:
        """Return the notes; `changed` has, by key, what entities were, or None."""


class NoteTaker:
    """Compares entities with what they were at the last checkpoint, once for each checkpoint.

    So an event costs next to nothing here, and a call that came and went between two checkpoints
    makes one note.
    """

    def __init__(self, tell: Tell | None, compare: Compare | None = None) -> None:
        self.before: dict[str, Any] | None = None if tell is None else {}
        """What entities that changed were: None if there were none. None: nobody asks."""
        self._tell = tell
        self._compared = _compared if compare is None else compare
        self._notes: list[Note] = []

    def remember(self, key: str, entity: object) -> None:
        """Take note of what an entity was, before it is replaced."""
        if self.before is not None and key not in self.before:
            self.before[key] = entity

    def part(self, key: str, entities: Mapping[str, Any], ledger: Ledger) -> None:
        """Take note of an entity now, because it goes."""
        if self.before and key in self.before:
            self._compare({key: self.before.pop(key)}, entities, ledger)

    def take(self, entities: Mapping[str, Any], ledger: Ledger) -> list[Note]:
        """Return the notes since the last call."""
        if self.before:
            self._compare(self.before, entities, ledger)
            self.before.clear()
        notes, self._notes = self._notes, []
        return notes

    def _compare(
        self, changed: Mapping[str, Any], entities: Mapping[str, Any], ledger: Ledger
    ) -> None:
        if self._tell is not None:
            self._notes += self._compared(changed, entities, self._tell, ledger)


def _compared(
    changed: Mapping[str, Any], entities: Mapping[str, Any], tell: Tell, ledger: Ledger
) -> list[Note]:
    notes, epoch, offset = list[Note](), ledger.epoch, ledger.next_offset
    for key, old in changed.items():
        new = entities.get(key)
        if new is None:  # its customer was forgotten
            continue
        for told in tell(key, old, new, entities):
            note = Note(told.customer, epoch, offset, told.at, told.entity, told.says)
            notes.append(note)
    return notes
