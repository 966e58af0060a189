"""Mutations that know JSON, so that most cases get past the parser."""

import json
import random
from collections.abc import Sequence
from typing import Any

from tests.fuzz.seeds import words

_WORDS = words()
_VALUES: list[Any] = [
    *(None, True, False, 0, -1, 1, 100, 2**31, 2**53 + 1, 2**64, 10**400, 0.5, 1e308, -0.0),
    *(
        "",
        " ",
        "a" * 128,
        "a" * 129,
        "+84901234567",
        "\x00",
        "\n",
        "\u2028",
        "\ud800",
        "\U0001f600",
    ),
    *("call.offered", "deal.won", "USD", "usd", "USD\n", "inbound", "answered", "paused"),
    *("2026-09-01T09:59:00Z", "2026-09-01T18:59:00.000001+09:00", "2026-09-01 09:59", "2099-01-01"),
    *([], {}, [[]], {"a": 1}, [None] * 50),
]


def mutated(case: bytes, rng: random.Random, others: Sequence[bytes] = ()) -> bytes:
    """Return a case near *case*: a few changes of its JSON, of its bytes, or with another's."""
    for _ in range(rng.choice((1, 1, 1, 2, 3, 5))):
        case = rng.choice((_json, _json, _json, _bytes, _splice))(case, rng, others)
    return case


def _json(case: bytes, rng: random.Random, _: Sequence[bytes]) -> bytes:
    head, cut, rest = case.partition(b"\n--\n")
    value, more, headers = rest.partition(b"\n--\n")
    try:
        wire = json.loads(value)
    except (ValueError, RecursionError):
        return _bytes(case, rng, ())
    if not isinstance(wire, dict) or not wire:
        return _bytes(case, rng, ())
    part = wire["data"] if isinstance(wire.get("data"), dict) and rng.random() < 0.7 else wire
    _change(part, rng)
    try:
        text = json.dumps(wire, ensure_ascii=rng.random() < 0.5)
        raw = text.encode("utf-8", "surrogatepass")
    except (ValueError, OverflowError):  # a number with more digits than Python writes
        return case
    return head + cut + raw + more + headers


def _change(part: dict[str, Any], rng: random.Random) -> None:
    name = rng.choice(sorted(part)) if part else "queue"
    match rng.randrange(5):
        case 0:
            part.pop(name, None)
        case 1:
            part[rng.choice(_WORDS).decode("utf-8", "replace")] = rng.choice(_VALUES)
        case 2 if isinstance(part.get(name), str):
            text = part[name]
            at = rng.randrange(len(text) + 1)
            part[name] = text[:at] + chr(rng.randrange(0xD000)) + text[at + rng.randrange(3) :]
        case 3 if isinstance(part.get(name), int | float):
            part[name] *= rng.choice((-1, 0, 2, 1000, 10**15))
        case _:
            part[name] = rng.choice(_VALUES)


def _bytes(case: bytes, rng: random.Random, _: Sequence[bytes]) -> bytes:
    at = rng.randrange(len(case) + 1)
    put = rng.choice((b"", rng.randbytes(rng.randrange(1, 5)), rng.choice(_WORDS)))
    return case[:at] + put + case[at + rng.choice((0, 0, 1, 2, 8)) :]


def _splice(case: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    if not others:
        return case
    other = rng.choice(others)
    return case[: rng.randrange(len(case) + 1)] + other[rng.randrange(len(other) + 1) :]
