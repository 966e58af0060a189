"""Which entities are over: found by the minute, without ever looking at all of them."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

_BUCKET_SECONDS = 60


class Expiry:
    """Every entity stands in one bucket: the minute in which it should be looked at again.

    An entity that lives longer than was thought when it was put there is moved on when its minute
    comes, so an event costs nothing here; only an entity's first one does.
    """

    def __init__(self, expires_at: Callable[[Any], float]) -> None:
        self._expires_at = expires_at
        self._buckets: dict[int, list[str]] = {}
        self._next = 0

    def add(self, key: str, entity: object) -> None:
        """Watch a new entity."""
        bucket = int(self._expires_at(entity) // _BUCKET_SECONDS) + 1
        self._buckets.setdefault(max(bucket, self._next), []).append(key)

    def due(self, watermark: float, entities: Mapping[str, object]) -> Iterator[str]:
        """Yield the keys of *entities* that are over at *watermark*, each once."""
        last = int(watermark // _BUCKET_SECONDS)
        if last < self._next:
            return
        self._next = last + 1
        for bucket in sorted(bucket for bucket in self._buckets if bucket <= last):
            for key in self._buckets.pop(bucket):
                entity = entities[key]
                if self._expires_at(entity) <= watermark:
                    yield key
                else:
                    self.add(key, entity)
