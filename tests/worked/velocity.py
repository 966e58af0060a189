"""Sales velocity and why it changed, written out, to compare with agents/sql/velocity.sql.

    velocity = open opportunities x win rate x average won value / cycle

in minor units of one currency a day. The change between two periods is split by factor after
Shapley: each factor's part is what it changes, averaged over all orders in which the four could
have changed one after the other. The parts add up to the change exactly, none depends on an order
that somebody chose, and a factor of zero does no harm, as it would to logarithms.

Sources: Shapley, A value for n-person games (1953); Shorrocks, Decomposition procedures for
distributional analysis, Journal of Economic Inequality 11 (2013), 99-126.
"""

from collections.abc import Mapping
from itertools import permutations
from math import prod
from typing import NamedTuple

from schemas import funnel as f
from streams.facts import Amount

FACTORS = ("open", "win_rate", "average_won_minor", "cycle_days")


class Velocity(NamedTuple):
    """The four factors. None: nothing has happened that could say it."""

    open: float | None
    win_rate: float | None
    average_won_minor: float | None
    cycle_days: float | None

    @property
    def minor_per_day(self) -> float | None:
        """Money a day, in minor units; None if a factor is not known."""
        factors = _factors(self)
        return None if factors is None else prod(factors)


def velocity(open_deals: int, cells: Mapping[str, Amount]) -> Velocity:
    """Return the factors from what is open now and the counts of a window, of one currency."""
    won, lost = cells.get(f.WINS.name, 0), cells.get(f.LOSSES.name, 0)
    cycle_days = _ratio(cells.get(f.CYCLE_SECONDS.name, 0), won * f.DAY_SECONDS)
    return Velocity(
        open_deals,
        _ratio(won, won + lost),
        _ratio(cells.get(f.WINS_MINOR.name, 0), cells.get(f.WINS_PRICED.name, 0)),
        cycle_days or None,
    )


def split_of_change(before: Velocity, after: Velocity) -> dict[str, float] | None:
    """Return how much of the change each factor made, minor units a day; None if one is unknown.

    The sum is `after.minor_per_day - before.minor_per_day`.
    """
    old, new = _factors(before), _factors(after)
    if old is None or new is None:
        return None
    parts = dict.fromkeys(FACTORS, 0.0)
    orders = list(permutations(range(len(FACTORS))))
    for order in orders:
        now = list(old)
        for index in order:
            was = prod(now)
            now[index] = new[index]
            parts[FACTORS[index]] += prod(now) - was
    return {name: part / len(orders) for name, part in parts.items()}


def _factors(of: Velocity) -> tuple[float, float, float, float] | None:
    """Return four factors to be multiplied."""
    if None in of or not of.cycle_days:
        return None
    return of.open or 0.0, of.win_rate or 0.0, of.average_won_minor or 0.0, 1 / of.cycle_days


def _ratio(top: float, bottom: float) -> float | None:
    return top / bottom if bottom > 0 else None
