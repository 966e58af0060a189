"""What is known of one leg of a call, and what follows from it."""

from typing import Self

import msgspec

from schemas import events as e
from schemas.events import Event
from streams.facts import ticks


class Call(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is known of one leg; None is "not (yet) heard of". Instants in seconds since 1970."""

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
    """Wait, talk, hold, wrap-up as a PBX measured them itself; they win over the instants."""
    last_at: float = 0.0

    @property
    def closed_at(self) -> float | None:
        """When the leg was over for the customer, or None while it waits or talks."""
        given_up_at = self.abandoned_at if self.answered_at is None else None
        over = (given_up_at, self.ended_at, self.transferred_at)
        return min((at for at in over if at is not None), default=None)

    @property
    def outcome(self) -> e.CallOutcome | None:
        """How it went, or None while it waits. An answer wins over anything that crossed it."""
        if self.in_menu:
            return "menu"
        if self.answered_at is not None:
            return "answered"
        if self.abandoned_at is not None or self.ended_at is not None:
            return "abandoned"
        return "flowed_out" if self.transferred_at is not None else None

    @property
    def wait_seconds(self) -> float:
        """Time in this queue until the answer, or until it was given up."""
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
        """Time in conversation, holds left out."""
        if self.durations is not None:
            return ticks(self.durations[1])
        conversation = ticks((self.closed_at or 0.0) - (self.answered_at or 0.0))
        return max(0.0, conversation - self.hold_seconds)

    @property
    def wrapup_seconds(self) -> float:
        """After-call work so far known."""
        if self.durations is not None:
            return ticks(self.durations[3])
        if self.wrapup_ended_at is None or self.closed_at is None:
            return 0.0
        return ticks(self.wrapup_ended_at - self.closed_at)

    def changed(self, event: Event, **fields: object) -> Self:
        """Return the call with *fields*, the event's source, and its time taken note of.

        A call belongs to the source that told of its arrival, or else of anything first.
        """
        arrival = "offered_at" in fields
        source = event.source if arrival or not self.source else self.source
        last_at = max(self.last_at, event.at)
        return msgspec.structs.replace(self, source=source, last_at=last_at, **fields)
