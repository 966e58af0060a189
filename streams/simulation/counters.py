"""What a simulated PBX counts itself, a quarter of an hour at a time: `pbx.counters`."""

from dataclasses import dataclass, field

from schemas import events as e
from streams.simulation.calls import Call
from streams.simulation.engine import Engine
from streams.simulation.plan import FloorPlan, instant

INTERVAL_SECONDS = 900
READ_OFF_SECONDS = 5.0
"""After the end of an interval: by then every call that ended in it has been told of."""


@dataclass(slots=True)
class Counts:
    """One queue and interval: calls by their end."""

    completed: int = 0
    abandoned: int = 0
    within: int = 0
    """Of the completed ones: answered within the queue's target."""


@dataclass(slots=True)
class Counters:
    """Counts of all inbound queues, from the first whole interval on."""

    engine: Engine
    targets: dict[str, float]
    """Seconds, by queue."""
    _counts: dict[tuple[int, str, str], Counts] = field(default_factory=dict)
    """By start of the interval, source and queue."""

    @classmethod
    def of(cls, plan: FloorPlan, engine: Engine) -> "Counters":
        """Return the counters of the plan's queues, nothing counted."""
        return cls(engine, {queue.id: queue.target_seconds for queue in plan.queues})

    def open(self) -> None:
        """Count from the next whole interval on."""
        first = -int(-self.engine.now // INTERVAL_SECONDS) * INTERVAL_SECONDS
        self.engine.at(first + INTERVAL_SECONDS + READ_OFF_SECONDS, self._tell, first)

    def completed(self, call: Call) -> None:
        """Count an answered leg that is over; one of no queue of ours is an outbound call."""
        if call.queue in self.targets:
            counts = self._now(call)
            counts.completed += 1
            counts.within += call.answered_at - call.offered_at <= self.targets[call.queue]

    def abandoned(self, call: Call) -> None:
        """Count a call whose customer hung up."""
        self._now(call).abandoned += 1

    def _now(self, call: Call) -> Counts:
        # As the event is dated, so that the last microsecond belongs to the same interval.
        start = int(round(self.engine.now, 6) // INTERVAL_SECONDS) * INTERVAL_SECONDS
        return self._counts.setdefault((start, call.source, call.queue), Counts())

    def _tell(self, start: int) -> None:
        end = start + INTERVAL_SECONDS
        self.engine.at(end + INTERVAL_SECONDS + READ_OFF_SECONDS, self._tell, end)
        for key in sorted(key for key in self._counts if key[0] <= start):
            counts = self._counts.pop(key)
            _, source, queue = key
            if key[0] == start:
                data = e.PbxCounters(
                    queue,
                    instant(start),
                    instant(end),
                    counts.completed,
                    counts.abandoned,
                    counts.within / counts.completed if counts.completed else None,
                    self.targets[queue],
                )
                self.engine.emit(source, f"{queue}/{start}", "pbx.counters", data)
