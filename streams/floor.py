"""The floor at this moment: who waits, who talks, which states the reps are in."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from streams.call_state import Call
from streams.reps import Rep
from streams.roster import RosterIndex


@dataclass(slots=True)
class QueueNow:
    """One queue at one moment."""

    site: str
    waiting: int = 0
    in_progress: int = 0
    longest_wait_seconds: float | None = None
    """Age of the oldest call that waits; None when none does."""


@dataclass(slots=True)
class Floor:
    """All queues that have a call now, and the signed-in reps by (team, site, state)."""

    queues: dict[str, QueueNow] = field(default_factory=dict)
    reps: dict[tuple[str, str, str], int] = field(default_factory=dict)


def floor(entities: Iterable[object], roster: RosterIndex, now: float) -> Floor:
    """Count the live entities of all folds (`Fold.live`)."""
    result = Floor()
    for entity in entities:
        if isinstance(entity, Call):
            _count_call(result, entity, roster, now)
        elif isinstance(entity, Rep) and entity.now.state != "offline":
            team = roster.team_of(entity.rep, now)
            key = (team, roster.site_of_team(team, now), entity.now.state)
            result.reps[key] = result.reps.get(key, 0) + 1
    return result


def _count_call(result: Floor, call: Call, roster: RosterIndex, now: float) -> None:
    queue = result.queues.get(call.queue)
    if queue is None:
        site = roster.queue(call.queue, now).site if call.queue else ""
        queue = result.queues[call.queue] = QueueNow(site)
    if call.answered_at is not None:
        queue.in_progress += 1
    elif call.direction == "inbound":
        queue.waiting += 1
        wait = max(0.0, now - (call.offered_at or now))
        queue.longest_wait_seconds = max(queue.longest_wait_seconds or 0.0, wait)
