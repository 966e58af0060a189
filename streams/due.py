"""Which entities event time changes: found by the minute, like those that are over."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from streams.facts import Facts
from streams.machines import Timed

_BUCKET_SECONDS = 60.0


class Due:
    """Every entity stands in the first minute that begins after the instant it waits for."""

    def __init__(self) -> None:
        self._buckets: dict[int, list[str]] = {}
        self._minute_of: dict[str, int] = {}
        self._next = 0
        """No bucket is of a minute before."""

    def expect(self, key: str, at: float | None) -> None:
        """Look at *key* once *at* has passed, and no more for what was expected before."""
        if at is None:
            self._minute_of.pop(key, None)
            return
        minute = int(at // _BUCKET_SECONDS) + 1
        if self._minute_of.get(key) != minute:
            self._minute_of[key] = minute
            self._buckets.setdefault(minute, []).append(key)
            self._next = min(self._next, minute)

    def take(self, watermark: float) -> Iterator[str]:
        """Yield the keys whose instant has passed; each is forgotten before it is told."""
        first, last = self._next, int(watermark // _BUCKET_SECONDS)
        self._next = max(first, last + 1)
        minutes: Iterable[int] = range(first, last + 1)
        if len(self._buckets) < last - first:
            # A long time has passed: there are fewer buckets than minutes in it.
            minutes = sorted(minute for minute in self._buckets if minute <= last)
        for minute in minutes:
            for key in self._buckets.pop(minute, ()):
                # Else it is expected in another minute now, or no more.
                if self._minute_of.get(key) == minute:
                    del self._minute_of[key]
                    yield key

    def settled(
        self, timed: Timed, entities: Mapping[str, Any], watermark: float
    ) -> Iterator[tuple[str, Any, Facts]]:
        """Yield what the passing of event time changes: key, new state, what it counts."""
        for key in self.take(watermark):
            if key not in entities:  # its customer wished to be forgotten meanwhile
                continue
            entity, facts = timed.settle(entities[key], watermark)
            self.expect(key, timed.due_at(entity))
            yield key, entity, facts
