from collections.abc import Iterator

from schemas.notes import Note
from streams.fold import Fold

class PlainNotes:
    is_news: bool
    def __init__(self, fold: Fold, notes: tuple[Note, ...], horizon_at: float, /) -> None: ...
    def __iter__(self) -> Iterator[Note]: ...
    def __next__(self) -> Note: ...
