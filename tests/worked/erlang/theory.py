"""Erlang C, written out: what an M/M/n queue gives in its steady state.

The worked figures are in `__main__.py`; tests/streams/test_erlang_folded.py compares the two.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figures:
    """What is compared. Shares 0 to 1, seconds."""

    wait_share: float
    """Of callers who wait at all."""
    service_level: float
    """Answered within the target."""
    asa_seconds: float
    occupancy: float


def erlang_c(
    *, calls_per_hour: float, service_seconds: float, reps: int, target_seconds: float
) -> Figures:
    """Return the figures; the offered load must be less than the reps."""
    load = calls_per_hour * service_seconds / 3600
    term, below = 1.0, 0.0
    for busy in range(reps):
        below += term
        term *= load / (busy + 1)
    full = term * reps / (reps - load)
    wait_share = full / (below + full)
    spare = (reps - load) / service_seconds
    return Figures(
        wait_share,
        1 - wait_share * math.exp(-spare * target_seconds),
        wait_share / spare,
        load / reps,
    )
