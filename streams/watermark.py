"""Event time of one source partition: how far it has come, and what is too late for it."""


class Watermark:
    """The greatest event time so far, less the allowed lateness.

    It never goes back, and is None before the first event. While its source is idle it moves on
    with the wall clock, by as much as has gone by: so panes close on a quiet night, and a replay
    of last year's events is not declared late by a pause.
    """

    def __init__(self, lateness_seconds: float, newest_at: float | None = None) -> None:
        self.lateness_seconds = lateness_seconds
        self.newest_at = newest_at

    @property
    def at(self) -> float | None:
        """Events before this instant are too late."""
        return None if self.newest_at is None else self.newest_at - self.lateness_seconds

    def is_late(self, at: float) -> bool:
        """Whether an event of time *at* comes past the horizon."""
        return self.newest_at is not None and at < self.newest_at - self.lateness_seconds

    def observe(self, at: float) -> None:
        """Take note of the time of a valid event."""
        if self.newest_at is None or at > self.newest_at:
            self.newest_at = at

    def idle(self, elapsed_seconds: float, *, now: float) -> None:
        """Move on by the time that went by without an event, but never past *now*."""
        if self.newest_at is not None and elapsed_seconds > 0:
            self.newest_at = max(self.newest_at, min(self.newest_at + elapsed_seconds, now))
