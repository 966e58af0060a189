"""The ledger of one source partition: what became of every message that was consumed."""

import msgspec

from schemas.codec import Reason, Rejected


class Ledger(msgspec.Struct, array_like=True, gc=False):
    """`consumed = applied + duplicate + late + dead_lettered`, at every moment.

    `next_offset` is the first offset that is not in it. `epoch` is when this state was begun
    (seconds since 1970): a state rebuilt from the log is a later one than what it replaces.
    """

    epoch: int
    next_offset: int = 0
    consumed: int = 0
    applied: int = 0
    duplicate: int = 0
    late: int = 0
    dead_lettered: int = 0
    closed_facts: int = 0
    """Facts of timely events whose pane was already closed; they are in no pane."""
    newest_at: float | None = None
    """The greatest event time so far, moved on while the source is idle; None before the first."""
    reasons: dict[str, int] = msgspec.field(default_factory=dict)
    """Refused messages by reason; late ones are among them."""
    out_of_order: int = 0
    """Timely events that came after a newer one of the partition."""
    settled: int = 0
    """Changes of entities that the passing of event time made, without a message."""
    corrections: int = 0
    """Applied events that correct another, or take it back."""
    corrections_unmet: int = 0
    """Of those: had nothing to correct when they came. It came later, or was forgotten by then."""

    @property
    def fence(self) -> int:
        """Up to where the state counts: it grows with every message and every change by time."""
        return self.next_offset + self.settled

    def corrected(self, *, is_met: bool) -> None:
        """Count a correction; `is_met`: it found what it corrects."""
        self.corrections += 1
        self.corrections_unmet += not is_met

    def refused(self, rejected: Rejected) -> Rejected:
        """Count a refused message, late or not, by its reason, and return it."""
        # A replay hands in as late what was late by the clock of then.
        if rejected.reason is Reason.TOO_LATE:
            self.late += 1
        else:
            self.dead_lettered += 1
        reason = str(rejected.reason)
        self.reasons[reason] = self.reasons.get(reason, 0) + 1
        return rejected
