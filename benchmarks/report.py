"""Results as one JSON object a line on stdout; progress on stderr."""

import sys
from collections.abc import Callable

import msgspec

Value = str | int | float | bool | None


def say(text: str) -> None:
    """Tell how far it is."""
    print(text, file=sys.stderr, flush=True)


def line(name: str, *, limit: float | None, is_ok: bool | None, **fields: Value) -> None:
    """Print one result with its limit and whether it is kept."""
    rounded = {key: _rounded(value) for key, value in fields.items()}
    result = {"name": name, **rounded, "limit": limit, "ok": is_ok}
    print(msgspec.json.encode(result).decode(), flush=True)


def _rounded(value: Value) -> Value:
    """Keep four figures: none of these is better known."""
    if not isinstance(value, float):
        return value
    return round(value) if abs(value) >= 1000 else float(f"{value:.4g}")


Benchmark = Callable[..., None]
