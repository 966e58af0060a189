"""Liveness and readiness: both ask for progress, not for a process that exists."""

from dataclasses import dataclass

from agents.clock import Clock

LOOK_SECONDS = 1.0
"""How often `look` is called."""


@dataclass(slots=True)
class Progress:
    """How far one partition was when it last moved, by the monotonic clock."""

    consumed: int
    moved_at: float


class Health:
    """Judges a worker by what its partitions do. Fed by `look`; asked from other threads."""

    def __init__(self, *, stall_seconds: float, monotonic: Clock) -> None:
        self._stall_seconds = stall_seconds
        self._monotonic = monotonic
        self._progress: dict[tuple[str, int], Progress] = {}
        self._beat_at = monotonic()
        self._joined_at = monotonic()
        self.waits_for = "the first partitions are not assigned yet"
        """Why it is not ready, or nothing."""

    def look(
        self,
        consumed: dict[tuple[str, int], tuple[int, int]],
        *,
        joined: bool,
        excused: bool = False,
    ) -> None:
        """Note, per (topic, partition), what was consumed and what is still waiting.

        `joined`: the group has given this worker its partitions, which may be none. `excused`:
        nothing can move now, for a reason that is none of the worker's: Kafka does not answer.
        Called on the event loop, so that it is itself a sign of life.
        """
        now = self._monotonic()
        # Nobody stood still while the whole process slept; one that wakes is to go on, not to end.
        slept_seconds = max(0.0, now - self._beat_at - LOOK_SECONDS)
        self._beat_at = now
        self._joined_at = now if joined or excused else self._joined_at + slept_seconds
        kept: dict[tuple[str, int], Progress] = {}
        for key, (count, lag) in consumed.items():
            before = self._progress.get(key)
            moved = before is None or count != before.consumed or not lag or excused
            still_since = now if before is None else before.moved_at + slept_seconds
            kept[key] = Progress(count, now if moved else still_since)
        self._progress = kept

    def hangs(self) -> str | None:
        """Return that the event loop hangs, so that nothing on it can end the worker; or None."""
        still = self._monotonic() - self._beat_at
        if still > self._stall_seconds:
            return f"the event loop has not moved for {still:.0f} s"
        return None

    def live(self) -> str | None:
        """Return what hangs, or None: the event loop, a partition with work, or the assignment."""
        complaint = self.hangs()
        if complaint is not None:
            return complaint
        now = self._monotonic()
        for (topic, partition), progress in list(self._progress.items()):
            still = now - progress.moved_at
            if still > self._stall_seconds:
                return f"{topic}/{partition} has work and has not moved for {still:.0f} s"
        if now - self._joined_at > 2 * self._stall_seconds:
            return f"out of the consumer group for {now - self._joined_at:.0f} s"
        return None

    def ready(self) -> str | None:
        """Return what is missing before this worker's numbers can be shown, or None."""
        if self.waits_for:
            return self.waits_for
        return self.live()
