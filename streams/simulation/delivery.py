"""Mischief: what happened stays as it was, but it arrives twice, late, or in another order."""

import math
from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from random import Random

from schemas.events import Event
from streams.simulation.parts import Mischief


def deliver(events: Iterable[Event], mischief: Mischief, *, seed: int) -> Iterator[Event]:
    """Yield *events*, ordered by time, in the order in which they arrive.

    Every event arrives, at its time or later; repetitions are equal to their originals.
    """
    # Its own source of chance: the same things happen with and without mischief.
    rng = Random(f"mischief {seed}")  # noqa: S311
    held_back: list[tuple[float, int, Event]] = []
    turn = 0
    for event in events:
        yield from _due(held_back, event.at)
        turn += 1
        if rng.random() < mischief.late_share:
            heappush(held_back, (event.at + mischief.late_by.sample(rng), turn, event))
        else:
            yield event
        if rng.random() < mischief.duplicate_share:
            turn += 1
            again_at = event.at + mischief.duplicate_after.sample(rng)
            heappush(held_back, (again_at, turn, event))
    yield from _due(held_back, math.inf)


def _due(held_back: list[tuple[float, int, Event]], now: float) -> Iterator[Event]:
    while held_back and held_back[0][0] <= now:
        yield heappop(held_back)[2]
