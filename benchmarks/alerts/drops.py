"""Drops put into the replay, and what each rule makes of them."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from benchmarks.alerts.rules import CLOSE, OPEN, Ahead

SHARES = (0.3, 0.5, 0.8, 1.0)
"""Of the calls that do not come."""
MINUTES = (10, 15, 20, 30, 60)


class Kind(NamedTuple):
    """How deep and how long a drop is."""

    share: float
    minutes: int


Delays = dict[str, dict[Kind, list[float | None]]]
"""By rule and kind: seconds from the start of each drop until it was told; None: it never was."""


def delays(walk: Sequence[Ahead], *, each: int, seed: int) -> Delays:
    """Put *each* drops of every kind at random working minutes, one at a time.

    A drop counts as told when a rule begins to fire while it lasts. Where the rule fires anyway at
    that time it tells nobody of the drop.
    """
    rng = np.random.default_rng(seed)
    found: Delays = defaultdict(lambda: defaultdict(list))
    for kind in (Kind(share, minutes) for share in SHARES for minutes in MINUTES):
        for _ in range(each):
            ahead = walk[rng.integers(len(walk))]
            start = int(rng.integers(OPEN, CLOSE - kind.minutes + 1))
            counts = ahead.counts.copy()
            lasting = slice(start, start + kind.minutes)
            counts[lasting] = rng.binomial(counts[lasting], 1 - kind.share)
            for name, rule in ahead.rules.items():
                found[name][kind].append(_delay(rule(counts), start, kind.minutes))
    return found


def _delay(fires: np.ndarray, start: int, minutes: int) -> float | None:
    """Return seconds until it begins to fire within the drop."""
    if start and fires[start - 1]:
        return None
    told = np.flatnonzero(fires[start : start + minutes])
    # It fires at the end of that minute.
    return (float(told[0]) + 1) * 60 if len(told) else None
