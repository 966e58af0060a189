"""Whether a worker still speaks for its partitions: it may have slept while another got them."""

from agents.clock import Clock

SESSION_SECONDS = 10.0
"""After so long without a heartbeat the group gives a worker's partitions to another."""
REBALANCE_SECONDS = 12.0
HEARTBEAT_SECONDS = 3.0

SURE_SECONDS = SESSION_SECONDS - HEARTBEAT_SECONDS
"""How long a worker is sure after it last ran; its last heartbeat may be a whole interval older."""


class Membership:
    """Sure from the start; in doubt after a sleep, until the group confirms. For any thread.

    Without it the first scrape of a worker that was frozen would show partitions that another one
    shows, too. A Kafka that does not answer is no reason for doubt: then nobody gets partitions.
    """

    def __init__(self, *, monotonic: Clock) -> None:
        self._monotonic = monotonic
        self._ran_at = monotonic()
        self._doubted_at: float | None = None

    def beat(self) -> None:
        """Note that the process runs."""
        now = self._monotonic()
        if now - self._ran_at > SURE_SECONDS:
            self._doubted_at = now
        self._ran_at = now

    def confirm(self, asked_at: float) -> None:
        """The group, asked at that moment, knows this worker and what it has."""
        self.beat()
        if self._doubted_at is not None and asked_at >= self._doubted_at:
            self._doubted_at = None

    def is_sure(self) -> bool:
        """Whether no other worker can have this one's partitions, as far as can be known."""
        return self._doubted_at is None and self._monotonic() - self._ran_at <= SURE_SECONDS
