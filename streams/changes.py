"""What a checkpoint takes from a fold, to be written as one transaction."""

from typing import NamedTuple

from schemas.notes import Note
from streams.ledger import Ledger
from streams.quarters import Parts
from streams.rep_turns import Turned, changed_turns
from streams.snapshot import Entity, PaneKey, Snapshot


class Changes(NamedTuple):
    """What changed since the last checkpoint; None stands for an entity or pane that is gone."""

    topic: str
    partition: int
    ledger: Ledger
    entities: dict[str, Entity | None]
    panes: dict[PaneKey, Parts | None]
    notes: list[Note]
    """What customers' partitions must know."""
    first_offset: int
    """The first message that is not in the changes before: what changed came from there on."""
    turned: list[Turned]
    """Reps whose states began, ended or were corrected; a later one counts."""

    @property
    def snapshot(self) -> Snapshot:
        """What Postgres is to have of it: what is gone stays there."""
        return Snapshot(
            self.topic,
            self.partition,
            self.ledger,
            {key: parts.total() for key, parts in self.panes.items() if parts is not None},
            {key: entity for key, entity in self.entities.items() if entity is not None},
            self.first_offset,
            changed_turns(self.turned),
        )

    @property
    def size(self) -> int:
        """How many records it is."""
        return len(self.entities) + len(self.panes) + len(self.notes)

    def under(self, newer: "Changes") -> "Changes":
        """Return both as one: a key's last value is the one that counts. Uses up this one."""
        self.entities.update(newer.entities)
        self.panes.update(newer.panes)
        return newer._replace(
            entities=self.entities,
            panes=self.panes,
            notes=self.notes + newer.notes,
            first_offset=self.first_offset,
            turned=self.turned + newer.turned,
        )


class Closing(NamedTuple):
    """What was over when `fence` was reached, and stays until everything before is written."""

    fence: int
    panes: list[PaneKey]
    entities: list[str]
