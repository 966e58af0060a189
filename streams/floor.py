"""The floor at this moment: who waits, who talks, which states the reps are in."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from streams.call_state import Call
from streams.customers import Customer
from streams.names import MAX_STRANGERS, OTHER
from streams.reps import Rep
from streams.roster import UNKNOWN, RosterIndex

_AGES = (
    ("under 15 min", 900.0),
    ("15 min to 1 h", 3600.0),
    ("1 to 4 h", 14_400.0),
    ("4 to 24 h", 86_400.0),
)
AGES = (*(name for name, _ in _AGES), "24 h and over")
"""How long a missed call has waited to be called back, as the backlog is told."""


@dataclass(slots=True)
class QueueNow:
    """One queue at one moment."""

    site: str
    waiting: int = 0
    in_progress: int = 0
    longest_wait_seconds: float | None = None
    """Age of the oldest call that waits; None when none does."""
    missed: dict[str, int] = field(default_factory=dict)
    """Missed calls that nobody has called back, by age."""
    oldest_missed_seconds: float | None = None


@dataclass(slots=True)
class Floor:
    """All queues that have a call now, and the signed-in reps by (team, site, state)."""

    queues: dict[str, QueueNow] = field(default_factory=dict)
    reps: dict[tuple[str, str, str], int] = field(default_factory=dict)
    longest_in_state: dict[tuple[str, str, str], float] = field(default_factory=dict)
    """Likewise: seconds of the rep who is in that state longest."""
    paused: dict[tuple[str, str, str], int] = field(default_factory=dict)
    """Reps on pause by (team, site, reason); "" where none was said."""


def floor(entities: Iterable[object], roster: RosterIndex, now: float) -> Floor:
    """Count the live entities of all folds (`Fold.live`)."""
    result = Floor()
    for entity in entities:
        if isinstance(entity, Call):
            _count_call(result, entity, roster, now)
        elif isinstance(entity, Customer):
            _count_missed(result, entity, roster, now)
        elif isinstance(entity, Rep) and entity.now.state != "offline":
            _count_rep(result, entity, roster, now)
    return result


def _count_rep(result: Floor, rep: Rep, roster: RosterIndex, now: float) -> None:
    team, turn = roster.team_of(rep.rep, now), rep.now
    site = roster.site_of_team(team, now)
    key = (team, site, turn.state)
    result.reps[key] = result.reps.get(key, 0) + 1
    seconds = max(0.0, now - turn.at)
    result.longest_in_state[key] = max(result.longest_in_state.get(key, 0.0), seconds)
    if turn.state == "paused":
        why = (team, site, turn.reason)
        result.paused[why] = result.paused.get(why, 0) + 1


def age_of_missed(seconds: float) -> str:
    """Return the name of the age that a missed call has come to."""
    return next((name for name, bound in _AGES if seconds < bound), AGES[-1])


def _queue(result: Floor, name: str, roster: RosterIndex, now: float) -> QueueNow:
    queue = result.queues.get(name)
    if queue is None and len(result.queues) >= MAX_STRANGERS:
        # Whatever a source calls its queues: those that nobody knows get no more series than this.
        name = name if roster.queue(name, now).site != UNKNOWN else OTHER
        queue = result.queues.get(name)
    if queue is None:
        site = roster.queue(name, now).site if name else ""
        queue = result.queues[name] = QueueNow(site)
    return queue


def _count_missed(result: Floor, customer: Customer, roster: RosterIndex, now: float) -> None:
    for _, call in customer.open_missed:
        queue = _queue(result, call.queue, roster, now)
        seconds = max(0.0, now - (call.missed_at or now))
        age = age_of_missed(seconds)
        queue.missed[age] = queue.missed.get(age, 0) + 1
        queue.oldest_missed_seconds = max(queue.oldest_missed_seconds or 0.0, seconds)


def _count_call(result: Floor, call: Call, roster: RosterIndex, now: float) -> None:
    queue = _queue(result, call.queue, roster, now)
    if call.answered_at is not None:
        queue.in_progress += 1
    elif call.direction == "inbound":
        queue.waiting += 1
        wait = max(0.0, now - (call.offered_at or now))
        queue.longest_wait_seconds = max(queue.longest_wait_seconds or 0.0, wait)
