"""Entities at rest: each as the bytes that it packs into, and an object only while it is looked at.

A deal stays for a year after its end, and one of its own objects takes five times its bytes. To
unpack and pack it again costs a few microseconds an event, and the garbage collector never sees it.
"""

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any

import msgspec

_pack = msgspec.msgpack.Encoder().encode


class Packed(MutableMapping[str, Any]):
    """A mapping whose values are equal, not identical, to what was put in. They must be frozen."""

    __slots__ = ("_packed", "_state", "_unpack")

    def __init__(self, state: type, packed: Mapping[str, bytes] | None = None) -> None:
        self._state = state
        self._packed: dict[str, bytes] = {} if packed is None else dict(packed)
        self._unpack: Callable[[bytes], Any] = msgspec.msgpack.Decoder(state).decode

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401 - of the type it was made for
        return self._unpack(self._packed[key])

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ANN401
        """Return the entity of *key*, else *default*. Most events ask; few by a key that is not."""
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
        """Return another that holds the same now; unpacks nothing."""
        return Packed(self._state, self._packed)

    def naming(self, text: str) -> "Packed":
        """Return those in which, or in whose key, *text* stands, perhaps as a part of more."""
        raw = text.encode()
        found = {
            key: packed for key, packed in self._packed.items() if raw in packed or text in key
        }
        return Packed(self._state, found)
