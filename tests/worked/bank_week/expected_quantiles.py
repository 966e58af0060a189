"""Percentiles of the week with pandas and numpy, as exact as a histogram can have them.

Ringside keeps how many calls lie in each bucket, and says so: a percentile lies in the bucket of
the exact one, and is interpolated in it. Both are worked out here: the exact one from the seconds
themselves, the interpolated one from how many of them are up to each bound.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

BOUNDS = (
    *(0, 1, 2, 3, 5, 8, 10, 15, 20, 25, 30, 40, 45, 60, 90, 120, 150),
    *(180, 240, 300, 420, 600, 900, 1200, 1800, 3600),
)
"""The buckets' bounds as docs/KPIS.md states them, and 0."""
PERCENTS = (50, 90, 95)
NAMES = tuple(
    f"{what}_p{percent}_seconds"
    for what in ("answered_wait", "talk", "handle")
    for percent in PERCENTS
)


def of(wait: pd.Series[int], talk: pd.Series[int]) -> dict[str, float | None]:
    """Return every percentile, interpolated; handle time is talk time, for the file has no more."""
    of_what = {"answered_wait": wait, "talk": talk, "handle": talk}
    return {
        f"{what}_p{percent}_seconds": interpolated(seconds, percent)
        for what, seconds in of_what.items()
        for percent in PERCENTS
    }


def interpolated(seconds: pd.Series[int], percent: int) -> float | None:
    """Return the percentile as a straight line through its bucket has it; None of nothing."""
    if seconds.empty:
        return None
    up_to = np.searchsorted(np.sort(seconds.to_numpy()), [*BOUNDS[1:], np.inf], side="right")
    rank = percent / 100 * up_to[-1]
    bucket = int(np.argmax(up_to >= rank))
    if bucket >= len(BOUNDS) - 1:
        return float(BOUNDS[-1])
    below = int(up_to[bucket - 1]) if bucket else 0
    low, high = BOUNDS[bucket], BOUNDS[bucket + 1]
    return float(low + (high - low) * (rank - below) / (up_to[bucket] - below))


def exact(wait: pd.Series[int], talk: pd.Series[int]) -> dict[str, tuple[int, int, int]]:
    """Return every percentile as it really is, and the bounds of the bucket that it lies in."""
    of_what = {"answered_wait": wait, "talk": talk, "handle": talk}
    return {
        f"{what}_p{percent}_seconds": _exact(seconds, percent)
        for what, seconds in of_what.items()
        for percent in PERCENTS
    }


def _exact(seconds: pd.Series[int], percent: int) -> tuple[int, int, int]:
    value = int(np.percentile(seconds, percent, method="inverted_cdf"))
    # The lowest bucket holds 0 itself, too; above the last bound a percentile is that bound.
    place = max(1, int(np.searchsorted(BOUNDS, value, side="left")))
    return value, BOUNDS[place - 1], BOUNDS[min(place, len(BOUNDS) - 1)]
