"""What state machines want to tell other partitions, and its way into notes."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from schemas.notes import About, Note
from streams.ledger import Ledger


class Told(NamedTuple):
    """What is said of one entity, and to which customer."""

    customer: str
    entity: str
    at: float
    """When the newest event about the entity happened."""
    says: About | None
    """None: it has nothing to do with this customer any more."""


Tell = Callable[[str, Any, Any, Mapping[str, Any]], Iterable[Told]]
"""(key, state before or None, state, all entities) -> what customers' partitions must know."""


class NoteTaker:
    """Compares entities with what they were at the last checkpoint, once for each checkpoint.

    So an event costs next to nothing here, and a call that came and went between two checkpoints
    makes one note.
    """

    def __init__(self, topic: str, partition: int, tell: Tell | None) -> None:
        self.before: dict[str, Any] | None = None if tell is None else {}
        """What entities that changed were: None if there were none. None: nobody asks."""
        self._topic, self._partition, self._tell = topic, partition, tell
        self._notes: list[tuple[str, Note]] = []

    def remember(self, key: str, entity: object) -> None:
        """Take note of what an entity was, before it is replaced."""
        if self.before is not None and key not in self.before:
            self.before[key] = entity

    def part(self, key: str, entities: Mapping[str, Any], ledger: Ledger) -> None:
        """Take note of an entity now, because it goes."""
        if self._tell is None or not self.before or key not in self.before:
            return
        old = self.before.pop(key)
        if key not in entities:  # its customer was forgotten
            return
        origin = (self._topic, self._partition, ledger.epoch, ledger.next_offset)
        self._notes += [
            (told.customer, Note(*origin, told.at, told.entity, told.says))
            for told in self._tell(key, old, entities[key], entities)
        ]

    def take(self, entities: Mapping[str, Any], ledger: Ledger) -> list[tuple[str, Note]]:
        """Return the notes since the last call, by customer."""
        for key in list(self.before or ()):
            self.part(key, entities, ledger)
        notes, self._notes = self._notes, []
        return notes
