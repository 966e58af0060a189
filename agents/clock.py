"""The one place that reads the machine's clocks. Everything else is given the time."""

import time
from collections.abc import Callable

Clock = Callable[[], float]
"""Returns seconds. The edges take one as an argument, so that a test can hold time still."""


def now() -> float:
    """Return the seconds since 1970, UTC. It can go backwards: use it to date, not to measure."""
    return time.time()  # noqa: TID251 - this is the place


def monotonic() -> float:
    """Return seconds from some start; they never go backwards. Measures durations."""
    return time.monotonic()
