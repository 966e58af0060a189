"""What a checkpoint hands to Postgres: the absolute state of what changed, as of one offset."""

from dataclasses import dataclass, field
from typing import NamedTuple

from streams.activities import Activity
from streams.call_state import Call
from streams.counters import Counters
from streams.customers import Customer
from streams.deal_state import Deal
from streams.facts import Amount, Dims
from streams.ledger import Ledger
from streams.meetings import Meeting
from streams.packed import Packed
from streams.rep_turns import Turns
from streams.reps import Rep

Entity = Call | Rep | Meeting | Deal | Activity | Customer | Counters
Entities = dict[str, Entity] | Packed
"""By key; those of which there are many rest as bytes."""


class PaneKey(NamedTuple):
    """Which quarter of an hour (its start, seconds since 1970) and which dimensions."""

    start_at: int
    dims: Dims


@dataclass(slots=True)
class Snapshot:
    """What changed in one source partition, as it was when `ledger.next_offset` was reached.

    Values replace those of an older snapshot with the same key, so snapshots of one partition can
    be folded into one by updating the dicts in order.
    """

    topic: str
    partition: int
    ledger: Ledger
    panes: dict[PaneKey, dict[str, Amount]] = field(default_factory=dict)
    entities: Entities = field(default_factory=dict)
    first_offset: int | None = None
    """The first message by which it may differ from the snapshot before; None: not known."""
    turns: Turns = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """How many rows it will write."""
        return len(self.panes) + len(self.entities) + len(self.turns) + 1

    def absorb(self, newer: "Snapshot") -> None:
        """Take in a newer snapshot of the same partition."""
        self.panes.update(newer.panes)
        if self.entities:
            self.entities.update(newer.entities)
        else:
            self.entities = newer.entities.copy()  # which leaves packed what is
        self.turns.update(newer.turns)
        self.ledger = newer.ledger
        both = self.first_offset, newer.first_offset
        self.first_offset = None if None in both else min(one for one in both if one is not None)
