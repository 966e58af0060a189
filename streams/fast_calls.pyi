"""Types of the compiled run over the calls' topic; streams/fast_calls.pyx says what it does."""

from collections.abc import Iterator, Sequence
from typing import Any

from streams.fold import Fold

class PlainCalls:
    newest_at: float
    applied: int
    out_of_order: int
    def __init__(self, fold: Fold, events: Sequence[Any], offsets: Sequence[int], /) -> None: ...
    @property
    def offset(self) -> int: ...
    def __iter__(self) -> Iterator[tuple[Any, int]]: ...
    def __next__(self) -> tuple[Any, int]: ...
