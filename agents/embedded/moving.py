"""A line with the numbers of a running worker, to see in a terminal that they move."""

from __future__ import annotations

from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

from agents.embedded.http import get

_EVENTS = "ringside_events_consumed_total"
_OFFERED = "ringside_calls_offered"
_WAITING = "ringside_calls_waiting"
_TALKING = "ringside_calls_in_progress"


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a worker's metrics page says at one moment."""

    events: int
    calls_offered: int
    """In the last 15 minutes."""
    calls_waiting: int
    calls_in_progress: int

    def line(self) -> str:
        """Return the numbers in one line."""
        return (
            f"{self.events:,} events counted · {self.calls_in_progress} calls in progress, "
            f"{self.calls_waiting} waiting · {self.calls_offered:,} calls in the last 15 min"
        )


def read_numbers(port: int) -> Numbers | None:
    """Return the numbers on the page of the worker at this port; None if it does not answer."""
    answer = get(port, "/metrics")
    if answer is None or answer.status != 200:
        return None
    return numbers_on(answer.body.decode("utf-8", "replace"))


def numbers_on(page: str) -> Numbers:
    """Return the numbers on a metrics page, added up over queues and partitions."""
    sums = dict.fromkeys((_EVENTS, _OFFERED, _WAITING, _TALKING), 0.0)
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            if sample.name in sums and sample.labels.get("window", "15m") == "15m":
                sums[sample.name] += sample.value
    return Numbers(
        events=int(sums[_EVENTS]),
        calls_offered=int(sums[_OFFERED]),
        calls_waiting=int(sums[_WAITING]),
        calls_in_progress=int(sums[_TALKING]),
    )
