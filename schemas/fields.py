"""The types of the fields of events, with their bounds; and what every `data` has in common."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Name = Annotated[str, Meta(min_length=1, max_length=128)]
"""An identifier given by a source: a queue, a rep, a stage. Printable characters only."""

MAX_SECONDS = 7 * 86_400
Seconds = Annotated[float, Meta(ge=0, le=MAX_SECONDS)]
"""A duration. Seven days is longer than any call, so milliseconds stand out."""

MAX_LEG = 99
Leg = Annotated[int, Meta(ge=1, le=MAX_LEG)]
"""Which leg of the call this is about: 1, and one more after each transfer."""

MinorUnits = Annotated[int, Meta(ge=0, le=10**15)]
"""Money as an integer of the currency's minor unit (cents; whole for JPY, VND, KRW)."""

Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$", max_length=3)]
"""An ISO 4217 code. (The length, because `$` also matches before a line break at the end.)"""

Instant = Annotated[datetime, Meta(tz=True)]
"""An RFC 3339 instant with its offset."""

Direction = Literal["inbound", "outbound"]
RepState = Literal["available", "ringing", "on_call", "after_call_work", "paused", "offline"]
TransferKind = Literal["blind", "attended"]
CallOutcome = Literal["answered", "abandoned", "flowed_out", "menu"]


class Fact(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """What every `data` has in common: unknown fields are refused, so a typing error is seen."""
