"""A mapping that stores each entity as packed bytes, and makes an object only when one is read.

A deal stays for a year after its end, and as an object it takes five times its bytes. Unpacking and
packing it costs a few microseconds an event, and the garbage collector never sees it.
"""

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any

import msgspec

_pack = msgspec.msgpack.Encoder().encode


class Packed(MutableMapping[str, Any]):
    """Returns values equal, but not identical, to those put in. The values must be frozen."""

    __slots__ = ("_packed", "_state", "_unpack")

    def __init__(self, state: type, packed: Mapping[str, bytes] | None = None) -> None:
        self._state = state
        self._packed: dict[str, bytes] = {} if packed is None else dict(packed)
        self._unpack: Callable[[bytes], Any] = msgspec.msgpack.Decoder(state).decode

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401 - of the type it was made for
        return self._unpack(self._packed[key])

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ANN401
        """Return the entity of *key*, else *default*. Most events ask; few keys are unknown."""
        packed = self._packed.get(key)
        return default if packed is None else self._unpack(packed)

    def __setitem__(self, key: str, entity: Any) -> None:  # noqa: ANN401
        self._packed[key] = _pack(entity)

    def __delitem__(self, key: str) -> None:
        del self._packed[key]

    def __contains__(self, key: object) -> bool:
        return key in self._packed

    def __iter__(self) -> Iterator[str]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({dict(self)!r})"

    def copy(self) -> "Packed":
        """Return a copy, without unpacking anything."""
        return Packed(self._state, self._packed)

    def naming(self, text: str) -> "Packed":
        """Return the entities that contain *text*, or whose key does, perhaps as part of a word."""
        raw = text.encode()
        found = {
            key: packed for key, packed in self._packed.items() if raw in packed or text in key
        }
        return Packed(self._state, found)
