"""The state of one source partition: entities, panes and a ledger.

streams/fold.py changes it by messages; this module closes it, writes it out and restores it.
"""

from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from schemas.measures import MINUTE_SECONDS, QUARTER_SECONDS
from schemas.topics import CALLS, DEALS, REPS
from streams.changes import Changes, Closing
from streams.due import Due
from streams.facts import Facts
from streams.funnel_days import FunnelDays
from streams.ghosts import GhostLimits, ghosts
from streams.ledger import Ledger
from streams.legs import Legs
from streams.machines import MACHINES
from streams.notes import NoteTaker
from streams.packed import Packed
from streams.panes import Table, pane_start
from streams.quarters import Parts
from streams.rep_turns import Turned, TurnTaker, all_turns
from streams.runs import NOTES_RUN, RUNS
from streams.snapshot import Entities, Entity, PaneKey, Snapshot
from streams.watermark import Watermark

if TYPE_CHECKING:
    from streams.expiry import Expiry
    from streams.grains import Grains
else:
    try:
        from streams.fast_expiry import Expiry
    except ImportError:
        from streams.expiry import Expiry
    try:
        from streams.fast_grains import Grains
    except ImportError:
        from streams.grains import Grains


class FoldState:
    """The state of one source partition."""

    grains_type: type[Grains] = Grains
    """The compiled one if there is one; a subclass may choose."""

    def __init__(  # noqa: PLR0915 - one attribute after the other
        self,
        topic: str,
        partition: int,
        *,
        ledger: Ledger,
        lateness_seconds: float,
        ghost_limits: GhostLimits | None = None,
    ) -> None:
        self.topic = topic
        self.partition = partition
        self.machine = MACHINES[topic]
        self.ledger = ledger
        self.watermark = Watermark(lateness_seconds, ledger.newest_at)
        # Floats throughout: an int among them makes sums and comparisons slow.
        self._lateness_seconds = float(lateness_seconds)
        is_packed = self.machine.is_packed
        self.entities: Entities = Packed(self.machine.state) if is_packed else {}
        self.live: Entities = self.entities if self.machine.is_live is None else {}
        """The entities on the floor now: calls waiting or in progress, and every rep."""
        self.grains = self.grains_type()
        self.grains.quarters.kept_seconds += self.machine.panes_kept_seconds
        self.tables: dict[int, Table[Any]] = {
            MINUTE_SECONDS: self.grains.minutes,
            QUARTER_SECONDS: self.grains.quarters,
        }
        self._expiry = Expiry(self.machine.expires_at, look_seconds=self.machine.kept_seconds)
        self._due = Due()
        self._changed: dict[str, Entity | None] = {}
        self._notes = NoteTaker(self.machine.notes, self.machine.compare)
        self._gone: list[PaneKey] = []
        self._closing: deque[Closing] = deque()
        self._touched = False
        self._taken_offset = ledger.next_offset
        self._close_at = float("-inf")
        # Looked up once: the fold is the hot path, and each attribute access costs time.
        self._key, self._step = self.machine.key, self.machine.step
        self._is_live, self._timed = self.machine.is_live, self.machine.timed
        self._turns = TurnTaker() if topic == REPS.name else None
        self._before = self._notes.before if self._turns is None else self._turns.before
        self._count = self.grains.count
        self.run = RUNS.get(topic)
        """Takes the plain events of a batch, faster; None: there is no such code."""
        self.notes_run = NOTES_RUN
        """Takes the plain notes about customers, faster; None: there is no such code."""
        self.ghost_limits = GhostLimits() if ghost_limits is None else ghost_limits
        self._legs = Legs() if topic == CALLS.name else None
        self.funnel = FunnelDays() if topic == DEALS.name else None
        """The funnel of the deals. Not part of the state; see streams/funnel_days.py."""

    def _replace(self, changed: Iterable[tuple[str, Any, Facts]]) -> int:
        """Change entities other than the one that an event was about; return how many."""
        all_changed = list(changed)
        for key, entity, facts in all_changed:
            self._notes.remember(key, self.entities[key])
            self.entities[key] = self._changed[key] = entity
            if self._is_live is not None and self._is_live(entity):
                self.live[key] = entity
            else:
                self.live.pop(key, None)
            self.ledger.closed_facts += self._count(facts)
        return len(all_changed)

    def idle(self, elapsed_seconds: float, *, now: float) -> None:
        """Move event time on while no events come."""
        before = self.watermark.newest_at
        self.watermark.idle(elapsed_seconds, now=now)
        if self.watermark.newest_at != before:
            self._touched = True
            self.close()

    def touch(self, keys: Iterable[str]) -> None:
        """Make the next checkpoint write these entities although nothing changed in them."""
        for key in keys:
            self._changed[key] = self.entities[key]
            self._touched = True

    def close(self) -> None:
        """Close what the watermark has passed: panes that no window reads, entities that ended."""
        watermark = self.watermark.at
        if watermark is None:
            return
        # When the watermark, not the newest event, enters the next minute: a restored fold closes
        # at its watermark, and must not have closed more than the fold that ran on.
        next_minute = pane_start(watermark, MINUTE_SECONDS) + MINUTE_SECONDS
        self._close_at = next_minute + self._lateness_seconds
        if self._legs is not None:
            live = list(self.live.items())
            closed = ghosts(live, self.ghost_limits, watermark, self._lateness_seconds)
            self.ledger.settled += self._replace(closed)
        if self.machine.timed is not None:
            settled = self._due.settled(self.machine.timed, self.entities, watermark)
            self.ledger.settled += self._replace(settled)
        if self.funnel is not None:
            self.funnel.close(watermark)
        panes = [PaneKey(*key) for key in self.grains.close(watermark)]
        entities = list(self._expiry.due(watermark, self.entities))
        if panes or entities:
            self._closing.append(Closing(self.ledger.fence, panes, entities))

    def release(self, fence: int) -> None:
        """Forget what was closed before *fence*: Postgres has everything up to that offset."""
        while self._closing and self._closing[0].fence <= fence:
            closing = self._closing.popleft()
            for pane in closing.panes:
                self.grains.drop(*pane)
            self._gone += closing.panes
            for key in closing.entities:
                self._forget(key)
            self._touched = True
        if self._turns is not None:
            self._turns.release(fence)

    def _forget(self, key: str) -> None:
        entity, watermark = self.entities.get(key), self.watermark.at
        if entity is None:  # its customer was forgotten meanwhile
            return
        # Not at the watermark itself: a repetition of that time would not be late, and count.
        if watermark is not None and self._is_over(key, entity, watermark):
            self._notes.part(key, self.entities, self.ledger)
            del self.entities[key]
            self.live.pop(key, None)
            self._due.expect(key, None)
            self._changed[key] = None
            if self.funnel is not None:
                self.funnel.changed(key, entity, None)
            if self._legs is not None:
                self._legs.forget(key)
            if self._turns is not None:
                self._turns.forget(key)
        else:  # something new happened to it
            self._expiry.add(key, entity)

    def _is_over(self, key: str, entity: Entity, watermark: float) -> bool:
        if not self.machine.expires_at(entity) < watermark:
            return False
        # The legs of a call are forgotten together: later legs include the wait on earlier ones.
        others = () if self._legs is None else self._legs.others(key)
        return all(
            self.machine.expires_at(self.entities[other]) < watermark
            for other in others
            if other in self.entities
        )

    @property
    def dirty_count(self) -> int:
        """How many records the next checkpoint would write."""
        return len(self._changed) + self.grains.dirty_count

    def take_changes(self) -> Changes | None:
        """Return what changed since the last call, as of `ledger.next_offset`; None if nothing."""
        if not self._touched:
            return None
        self._touched = False
        self.ledger.newest_at = self.watermark.newest_at
        ledger = msgspec.structs.replace(self.ledger, reasons=self.ledger.reasons.copy())
        notes, turned = self._notes.take(self.entities, ledger), self._take_turns()
        changed, self._changed = self._changed, {}
        panes: dict[PaneKey, Parts | None] = dict.fromkeys(self._gone)
        self._gone = []
        for start, dims, parts in self.grains.take_changed():
            panes[PaneKey(start, dims)] = parts
        first, self._taken_offset = self._taken_offset, ledger.next_offset
        return Changes(self.topic, self.partition, ledger, changed, panes, notes, first, turned)

    def without_database(self) -> None:
        """Keep nothing for a database, because there is none."""
        if self._turns is not None:
            self._turns.is_written = False

    def _take_turns(self) -> list[Turned]:
        watermark = self.watermark.at
        if self._turns is None or watermark is None:
            return []
        return self._turns.take(self.entities, self._changed, watermark, self.ledger.fence)

    def whole(self) -> Snapshot:
        """Return everything that Postgres should have, including what it already has."""
        ledger = msgspec.structs.replace(self.ledger, reasons=self.ledger.reasons.copy())
        panes = {
            PaneKey(start, dims): cells.copy()
            for start, quarter in self.grains.quarters.slots.items()
            for dims, cells in quarter.panes.items()
        }
        turns = {} if self._turns is None else all_turns(self.entities)
        return Snapshot(
            self.topic, self.partition, ledger, panes, self.entities.copy(), None, turns
        )

    def resume(self, ledger: Ledger) -> None:
        """Continue from a ledger; the entities and panes must be as of the same offset."""
        self.ledger = ledger
        self._taken_offset = ledger.next_offset
        self.watermark.newest_at = ledger.newest_at

    def restored(self) -> None:
        """Finish reading a changelog: index what was restored, and close what has expired."""
        timed = self.machine.timed
        for key, entity in self.entities.items():
            self._expiry.add(key, entity)
            if timed is not None:
                self._due.expect(key, timed.due_at(entity))
            if self._legs is not None:
                self._legs.add(key)
            if self._is_live is not None and self._is_live(entity):
                self.live[key] = entity
        self.close()
        if self.funnel is not None:
            # Counting a million deals takes minutes; `agents.recounting` does it in the background.
            self.funnel.is_ready = False
