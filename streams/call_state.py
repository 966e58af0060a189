"""What is known of one leg of a call, and what follows from it."""

from typing import Self

import msgspec

from schemas import events as e
from schemas.events import Event
from streams.corrections import Correction, Moved
from streams.facts import ticks


class Call(msgspec.Struct, array_like=True, gc=False):
    """What is known of one leg; None means "not reported (yet)". Instants in seconds since 1970.

    A call never changes once `step` has returned it: an event makes a copy. (It is not frozen,
    because filling in a copy costs a third of building a new one.)
    """

    source: str = ""
    queue: str = ""
    direction: e.Direction = "inbound"
    customer: str | None = None
    rep: str = ""
    offered_at: float | None = None
    answered_at: float | None = None
    abandoned_at: float | None = None
    transferred_at: float | None = None
    transfer_kind: e.TransferKind | None = None
    ended_at: float | None = None
    wrapup_ended_at: float | None = None
    holds: tuple[float, ...] = ()
    resumes: tuple[float, ...] = ()
    in_menu: bool = False
    durations: tuple[float, float, float, float] | None = None
    """Wait, talk, hold, wrap-up in seconds, as a PBX measured them; they win over the instants."""
    last_at: float = 0.0
    connected_at: float | None = None
    """Of an outbound call: when the customer answered, if reported separately from the rep."""
    leg: int = 1
    earlier_wait_seconds: float = 0.0
    """How long the customer waited on earlier legs (streams/legs.py)."""
    closed_by_us_at: float | None = None
    """When we closed it because no event came for too long (streams/ghosts.py)."""
    contradicted: int = 0
    """Which statements came twice for one time and differ (streams/contradictions.py)."""
    corrected: "Corrected | None" = None
    """The leg as first reported and its corrections, if any; the other fields are what counts."""
    dialled_by: str = ""
    """Of an outbound call: the rep for whom it was dialled; `rep` is the one who talked."""

    @property
    def closed_at(self) -> float | None:
        """When the leg was over for the customer, or None while they wait or talk."""
        at = self.ended_at
        moved_at = self.transferred_at
        if moved_at is not None and (at is None or moved_at < at):
            at = moved_at
        if self.answered_at is None:
            given_up_at = self.abandoned_at
            if given_up_at is not None and (at is None or given_up_at < at):
                at = given_up_at
        return at

    @property
    def is_closed_by_us(self) -> bool:
        """Whether we closed it and no end was reported afterwards."""
        return self.closed_by_us_at is not None and self.closed_at is None

    @property
    def is_untouched(self) -> bool:
        """Whether nothing has happened to the call since it came."""
        return (
            self.answered_at is None
            and self.ended_at is None
            and self.abandoned_at is None
            and self.transferred_at is None
            and self.connected_at is None
            and self.closed_by_us_at is None
            and not self.in_menu
        )

    @property
    def outcome(self) -> e.CallOutcome | None:
        """The outcome, or None while it waits. An answer wins over conflicting events."""
        if self.in_menu:
            return "menu"
        if self.answered_at is not None:
            return "answered"
        if self.abandoned_at is not None or self.ended_at is not None:
            return "abandoned"
        return "flowed_out" if self.transferred_at is not None else None

    @property
    def wait_seconds(self) -> float:
        """Time in this queue until the answer or the end of waiting."""
        if self.durations is not None:
            return ticks(self.durations[0])
        until = self.answered_at if self.answered_at is not None else self.closed_at
        return ticks((until or 0.0) - (self.offered_at or 0.0))

    @property
    def hold_seconds(self) -> float:
        """Time on hold until the end of the conversation."""
        if self.durations is not None:
            return ticks(self.durations[2])
        end, total, free_at = self.closed_at or self.last_at, 0.0, 0.0
        for held_at in self.holds:
            if held_at >= free_at:
                free_at = min((at for at in self.resumes if at >= held_at), default=end)
                total += max(0.0, min(free_at, end) - held_at)
        return ticks(total)

    @property
    def talk_seconds(self) -> float:
        """Time in conversation without holds."""
        if self.durations is not None:
            return ticks(self.durations[1])
        conversation = ticks((self.closed_at or 0.0) - (self.answered_at or 0.0))
        return max(0.0, conversation - self.hold_seconds) if self.holds else conversation

    @property
    def wrapup_seconds(self) -> float:
        """After-call work known so far."""
        if self.durations is not None:
            return ticks(self.durations[3])
        if self.wrapup_ended_at is None:
            return 0.0
        closed_at = self.closed_at
        return 0.0 if closed_at is None else ticks(self.wrapup_ended_at - closed_at)

    def after(self, event: Event) -> Self:
        """Return a copy, to be filled in, with the event's time and source noted.

        A call belongs to the source that reported its arrival, or else to the first one that
        reported anything.
        """
        new: Self = self.__copy__()  # type: ignore[attr-defined]  # msgspec's stubs lack it
        if not new.source:
            new.source = event.source
        if event.at > new.last_at:
            new.last_at = event.at
            new.closed_by_us_at = None  # it has been heard of again
        return new


class Corrected(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The leg without its corrections, the corrections, and what they moved."""

    base: Call
    corrections: tuple[Correction, ...]
    moved: tuple[Moved, ...] = ()
