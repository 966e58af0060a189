"""The wish to be forgotten, as a message: every shard drops a customer's token from its state.

It stands in the source topics, in each partition of each, between the events: so it takes effect at
one place of the log, a replay repeats it there, and a worker that was away reads it when it comes
back. `ringside privacy erase` sends it; a source has no reason to.
"""

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from msgspec import Meta

TYPE = "customer.erased"
Token = Annotated[str, Meta(pattern="^ct[1-9][0-9]{0,2}_[0-9a-f]{32}$", max_length=40)]


class Erasure(msgspec.Struct, frozen=True, gc=False):
    """Forget this customer."""

    token: str
    source: str


class ErasureWire(msgspec.Struct, frozen=True, gc=False, tag=TYPE, tag_field="type"):
    """Its envelope, in structured mode; `subject` is the token."""

    id: Annotated[str, Meta(min_length=1, max_length=128)]
    source: Annotated[str, Meta(min_length=1, max_length=256)]
    subject: Token


_decode = msgspec.json.Decoder(ErasureWire).decode


def read_erasure(value: bytes, key: bytes | None) -> Erasure | None:
    """Return what a message wishes, if it is such a wish and has the right key."""
    try:
        wire = _decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return Erasure(wire.subject, wire.source) if key == wire.subject.encode() else None


_encode = msgspec.json.Encoder().encode


def encode_erasure(token: str, *, at: float) -> bytes:
    """Return the message that asks for it; its key is the token."""
    return _encode(
        {
            "specversion": "1.0",
            "id": f"erase/{token}",
            "source": "/ringside/privacy",
            "type": TYPE,
            "subject": token,
            "time": datetime.fromtimestamp(at, UTC),
            "data": {},
        }
    )
