"""Messages that no worker should count and none should stumble over."""

from collections.abc import Callable
from random import Random

from schemas.codec import MAX_BYTES

_SPOILERS: tuple[Callable[[bytes], bytes], ...] = (
    lambda value: value[: len(value) // 2],
    lambda _: b"\xff\xfe\x00not json",
    lambda value: value.replace(b'"type":"', b'"type":"vendor.', 1),
    lambda value: value.replace(b'"time":"2', b'"time":"9', 1),
    lambda value: value.replace(b'"data":{', b'"data":{"agnet":1,', 1),
    lambda _: b"[" * 5_000,
    lambda value: value.replace(b"{", b'{"padding":"' + b"x" * MAX_BYTES + b'",', 1),
    lambda _: b"",
)


class Poison:
    """Now and then spoils a copy of an event. Seeded, so a run can be repeated."""

    def __init__(self, share: float, *, seed: int) -> None:
        self._share = share
        self._rng = Random(f"poison {seed}")  # noqa: S311 - repeatable chance is wanted

    def spoil(self, value: bytes) -> bytes | None:
        """Return a spoilt copy of *value*, or mostly None."""
        if self._share == 0 or self._rng.random() >= self._share:
            return None
        return self._rng.choice(_SPOILERS)(value)
