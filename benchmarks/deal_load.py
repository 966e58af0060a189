"""The load of deals: so many, in the order of their events, spread over a year."""

import heapq
import random
from collections.abc import Iterator

from schemas import events as e
from schemas.events import Event

STAGES = ("new", "contacted", "offer", "negotiation")
REPS = 200
YEAR_SECONDS = 365 * 86_400.0
MEAN_STAGE_SECONDS = 12 * 86_400.0
LOSS_SHARE = 0.25
"""Of deals leaving a stage; about a third of all deals are won."""


def created(deals: int, *, end_at: float) -> Iterator[Event]:
    """Yield the creation of each deal, evenly over the year before *end_at*."""
    for number in range(deals):
        at = end_at - YEAR_SECONDS * (1 - number / deals)
        data = e.DealCreated(_rep(number), "sales", STAGES[0], 100_000 + number, "USD")
        yield _event(number, 0, at, "deal.created", data)


def lived(deals: int, *, end_at: float, seed: int = 1) -> Iterator[Event]:
    """Yield the same and what becomes of them until *end_at*, by time: moves, and ends.

    Those that have not come to their end by then stay open: the younger, the more.
    """
    rng = random.Random(seed)  # noqa: S311 - a load, no secret
    waiting: list[tuple[float, int, int]] = []
    for number, opened in enumerate(created(deals, end_at=end_at)):
        while waiting and waiting[0][0] <= opened.at:
            yield from _next(waiting, rng)
        yield opened
        heapq.heappush(waiting, (opened.at + rng.expovariate(1 / MEAN_STAGE_SECONDS), number, 0))
    while waiting and waiting[0][0] <= end_at:
        yield from _next(waiting, rng)


def _next(waiting: list[tuple[float, int, int]], rng: random.Random) -> Iterator[Event]:
    at, number, stage = heapq.heappop(waiting)
    if rng.random() < LOSS_SHARE:
        yield _event(number, stage + 1, at, "deal.lost", e.DealLost("price"))
    elif stage + 1 == len(STAGES):
        won = e.DealWon(100_000 + number, "USD")
        yield _event(number, stage + 1, at, "deal.won", won)
    else:
        moved = e.DealStageChanged(STAGES[stage + 1], STAGES[stage])
        yield _event(number, stage + 1, at, "deal.stage_changed", moved)
        later = at + rng.expovariate(1 / MEAN_STAGE_SECONDS)
        heapq.heappush(waiting, (later, number, stage + 1))


def _rep(number: int) -> str:
    return f"rep-{number % REPS:04}"


def _event(number: int, step: int, at: float, type_: str, data: e.AnyFact) -> Event:
    return Event(f"{number}/{step}", "/crm/bench", f"deal-{number:07}", type_, at, data)
