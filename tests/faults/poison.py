"""Poison: messages of every kind that has ever broken a decoder."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from schemas.codec import encode
from schemas.events import Event
from tests.integration.busy_floor import load
from tests.integration.floor_events import activity
from tests.integration.pipeline import Raw

Messages = Sequence[Event | Raw]

TOPIC = "ringside.activities"
ABOUT = (("trace", b"\x00\xfe\xff"), ("trace", b"again"))
"""Headers that no decoder looks at, and that must come out as they went in."""


def _told(key: str, at: float) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(encode(activity(key, at)))
    return told


def _text(key: str, at: float) -> str:
    return json.dumps(_told(key, at))


def _with(field: str, value: object) -> Callable[[str, float], bytes]:
    return lambda key, at: json.dumps({**_told(key, at), field: value}).encode()


def _with_rep(json_value: str) -> Callable[[str, float], bytes]:
    return lambda key, at: _text(key, at).replace('"mai"', json_value).encode()


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


KINDS: Mapping[str, Callable[[str, float], bytes]] = {
    "truncated": lambda key, at: _text(key, at)[:-20].encode(),
    "not UTF-8": lambda key, at: _text(key, at).encode().replace(b"mai", b"\xff\xfe"),
    "number for a text": _with_rep("7"),
    "list for an object": _with("data", ["mai", "e-mail"]),
    "deep nesting": lambda *_: b'{"data":' * 6000 + b"1" + b"}" * 6000,
    "5,000 digits": _with_rep("9" * 5000),
    "NaN": _with_rep("NaN"),
    "lone surrogate": _with_rep('"\\ud800"'),
    "NUL": _with_rep('"m\\u0000ai"'),
    "year 1970": _with("time", "1970-01-01T00:00:01+00:00"),
    "year 2099": _with("time", "2099-01-01T00:00:00+00:00"),
    "milliseconds for seconds": lambda key, at: _with("time", int(at * 1000))(key, at),
    "milliseconds for the year": _with("time", "+57860-03-01T00:00:00Z"),
    "another's key": lambda _, at: _text("somebody else", at).encode(),
    "nothing": lambda *_: b"",
}
"""By kind: (key, time) to value. Of 1 MB there are few, see `poison`."""

LARGE_BYTES = 1_000_000


def poison(count: int, now: float, chance: random.Random, *, large: int) -> list[Raw]:
    """Return that many messages, of all kinds alike, `large` of them of 1 MB."""
    kinds = list(KINDS.values())
    made = []
    for number in range(count - large):
        key = f"poison-{number}"
        value = kinds[number % len(kinds)](key, now - chance.uniform(0, 600))
        made.append(Raw(TOPIC, key.encode(), value, ABOUT))
    for number in range(large):
        value = chance.randbytes(1024) * (LARGE_BYTES // 1024)
        made.append(Raw(TOPIC, b"large-%d" % number, value, ABOUT))
    chance.shuffle(made)
    return made


def mixed(chance: random.Random, good: Messages, bad: Messages) -> Messages:
    """Return the good ones in their order, the bad ones anywhere between."""
    places = sorted(chance.sample(range(len(good) + len(bad)), len(bad)))
    made = list(good)
    for place, one in zip(places, bad, strict=True):
        made.insert(place, one)
    return made


def poisoned_halves(count: int, now: float, chance: random.Random) -> tuple[Messages, Messages]:
    """Return a load in two halves; of ten messages one is refused, and to be kept."""
    good = load(count * 9 // 10, now, seed=chance.randrange(2**32)).messages
    both = mixed(chance, good, poison(count // 10, now, chance, large=0))
    return both[: count // 2], both[count // 2 :]
