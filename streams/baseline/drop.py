"""Whether activity has dropped: the alert rule, as Prometheus evaluates it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from schemas.alerting import Drop, Shortfall
from streams.baseline.bands import Band


class Seen(NamedTuple):
    """One evaluation: what each live window held, and what was expected of it.

    A window is missing from `bands` while nothing is expected; then it falls short of nothing.
    """

    at: float
    counts: Mapping[str, float]
    bands: Mapping[str, Band]


def has_dropped(seen: Seen, drop: Drop) -> bool:
    """Return whether activity is too low at this moment."""
    return any(all(_falls_short(seen, each) for each in needed) for needed in drop.shortfalls)


def firing(evaluations: Iterable[Seen], drop: Drop) -> Iterator[tuple[float, bool]]:
    """Yield whether the alert fires at each evaluation, in their order.

    As Prometheus does it: pending until it has lasted `for_seconds`, then firing until it has been
    over for `keep_seconds`, counted from the first evaluation at which it was.
    """
    since_at: float | None = None
    over_at: float | None = None
    is_firing = False
    for seen in evaluations:
        if has_dropped(seen, drop):
            since_at, over_at = seen.at if since_at is None else since_at, None
            is_firing = is_firing or seen.at - since_at >= drop.for_seconds
        else:
            since_at, over_at = None, seen.at if over_at is None else over_at
            is_firing = is_firing and seen.at - over_at < drop.keep_seconds
        yield seen.at, is_firing


def _falls_short(seen: Seen, shortfall: Shortfall) -> bool:
    band = seen.bands.get(shortfall.window)
    if band is None:
        return False
    count = seen.counts.get(shortfall.window, 0.0)
    return count < shortfall.share * band.expected and (not shortfall.is_sure or count < band.lower)
