"""Event time of one source partition: how far it has come, and what is too late for it."""


class Watermark:
    """The greatest event time so far, less the allowed lateness.

    It never goes back, and is None before the first event. The fold moves `newest_at` on and
    compares with it in place: that is done for each event. While its source is idle it moves on
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

    def idle(self, elapsed_seconds: float, *, now: float) -> None:
        """Move on by the time that went by without an event, but never past *now*."""
        if self.newest_at is not None and elapsed_seconds > 0:
            self.newest_at = max(self.newest_at, min(self.newest_at + elapsed_seconds, now))
