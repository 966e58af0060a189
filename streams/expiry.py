"""Which entities are over: found by the minute, without ever looking at all of them at once."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from zlib import crc32

_BUCKET_SECONDS = 60.0
HOUR_SECONDS = 3600.0


class Expiry:
    """Every entity stands in one bucket: the minute in which it should be looked at again.

    That is when it is over, or within `look_seconds`: an open call would be kept for days, and may
    have ended meanwhile. What is not over is moved on when its minute comes, so an event costs
    nothing here; only an entity's first one does. Whoever keeps an entity at least so long after
    each change, or whose changes never bring its end nearer, need not look more often: a million
    deals, looked at each hour of a year's replay, would cost more than their events.
    """

    def __init__(
        self, expires_at: Callable[[Any], float], *, look_seconds: float = HOUR_SECONDS
    ) -> None:
        self._expires_at = expires_at
        self._look_minutes = int(look_seconds // _BUCKET_SECONDS)
        self._buckets: dict[int, list[str]] = {}
        self._next = 0

    def add(self, key: str, entity: object) -> None:
        """Watch a new entity."""
        self.put(key, self._over(entity))

    def put(self, key: str, over: int) -> None:
        """Watch an entity that is over when minute *over* begins, as far as is known."""
        first = self._next
        # Each key has a minute of its own, so that a million deals are not looked at in one.
        look = first + (crc32(key.encode()) - first) % self._look_minutes
        minute = look if look < over else max(first, over)
        bucket = self._buckets.get(minute)
        if bucket is None:
            self._buckets[minute] = [key]
        else:
            bucket.append(key)

    def _over(self, entity: object) -> int:
        """Return the first minute that begins after it is over: in it, repetitions are late."""
        return int(self._expires_at(entity) // _BUCKET_SECONDS) + 1

    def due(self, watermark: float, entities: Mapping[str, object]) -> Iterator[str]:
        """Yield the keys of *entities* that are over at *watermark*, each once."""
        first, last = self._next, int(watermark // _BUCKET_SECONDS)
        if last < first:
            return
        self._next = last + 1
        minutes: Iterable[int] = range(first, last + 1)
        if len(self._buckets) < last - first:
            # A long time has passed: there are fewer buckets than minutes in it.
            minutes = sorted(bucket for bucket in self._buckets if bucket <= last)
        for bucket in minutes:
            for key in self._buckets.pop(bucket, ()):
                entity = entities.get(key)
                if entity is None:  # its customer wished to be forgotten meanwhile
                    continue
                over = self._over(entity)
                if over <= last:
                    yield key
                else:
                    self.put(key, over)
