"""The agenda of a discrete-event simulation: what happens next, and what is told of it."""

import math
from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from random import Random

from schemas.events import AnyFact, Event

Action = Callable[..., None]


class Engine:
    """Simulated time, the agenda, the one source of chance, and the events of this instant."""

    __slots__ = (
        "_agenda",
        "_customers",
        "_event_count",
        "_outbox",
        "_prefix",
        "_turn",
        "now",
        "rng",
    )

    def __init__(self, *, seed: int, start_at: float, customers: int) -> None:
        self.now = _next_microsecond(start_at)
        self.rng = Random(seed)  # noqa: S311 - a simulation wants repeatable chance
        self._agenda: list[tuple[float, int, Action, tuple[object, ...]]] = []
        self._outbox: list[Event] = []
        # Ids carry seed and start: another run must not look like repetitions of this one.
        self._prefix = f"{seed:x}-{int(start_at):x}"
        self._turn = 0
        self._event_count = 0
        self._customers = customers

    def after(self, seconds: float, action: Action, *args: object) -> None:
        """Put *action* on the agenda; what is due at the same instant keeps its order."""
        self._turn += 1
        heappush(self._agenda, (self.now + seconds, self._turn, action, args))

    def at(self, instant: float, action: Action, *args: object) -> None:
        """Put *action* on the agenda at an instant, or now if that is past."""
        self._turn += 1
        heappush(self._agenda, (max(instant, self.now), self._turn, action, args))

    def emit(self, source: str, subject: str, type_: str, data: AnyFact) -> None:
        """Tell the world, now."""
        self._event_count += 1
        # Microseconds, as in the wire form: what is written is what is read back.
        at = round(self.now, 6)
        id_ = f"{self._prefix}-{self._event_count:x}"
        self._outbox.append(Event(id_, source, subject, type_, at, data))

    def new_id(self, kind: str) -> str:
        """Return an id for a call, a meeting, a deal: unique, and the same in every such run."""
        self._turn += 1
        return f"{kind}-{self._prefix}-{self._turn:x}"

    def chance(self, share: float) -> bool:
        """Return whether something of this probability happens. Never for 0: nothing is drawn."""
        return share > 0 and self.rng.random() < share

    def customer(self) -> str:
        """Return a customer's number: one of those that are set aside for fiction.

        Some customers call far more often than others.
        """
        # NANP exchange 555, line numbers 0100 to 0199, in any area code: nobody has them.
        index = int(self._customers * self.rng.random() ** 2)
        return f"+1{200 + index // 100}55501{index % 100:02d}"

    def run(self, end_at: float = math.inf) -> Iterator[Event]:
        """Yield the events before *end_at* in the order of their times."""
        agenda, outbox = self._agenda, self._outbox
        while agenda and agenda[0][0] < end_at:
            self.now, _, action, args = heappop(agenda)
            action(*args)
            if outbox:
                yield from outbox
                outbox.clear()


def _next_microsecond(at: float) -> float:
    """Return *at* in whole microseconds, never before it: nothing is told of an earlier time."""
    rounded = round(at, 6)
    return rounded if rounded >= at else round(at + 1e-6, 6)
