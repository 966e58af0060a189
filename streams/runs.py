"""The compiled parts of the fold, by topic: each takes a batch's plain events without Python.

They are optional, see docs/decisions/0017. Without one, `Fold.take` takes every event itself.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from schemas.notes import Note
from schemas.topics import CALLS, REPS

if TYPE_CHECKING:
    from streams.fold import Fold


class Run(Protocol):
    """Goes over the messages of one batch: takes the plain ones itself, yields all others.

    A plain one is taken exactly as `Fold.take` would take it, before a later message is yielded.
    What is yielded was not looked at, as far as the fold's state tells, but for event time: that
    has come to it already, if it is an event.
    """

    @property
    def newest_at(self) -> float:
        """How far event time has come, in seconds since 1970; -inf before the first event."""

    @property
    def offset(self) -> int:
        """Of the message that is looked at; after an error, of the one that caused it."""

    @property
    def applied(self) -> int:
        """How many messages it took."""

    @property
    def out_of_order(self) -> int:
        """How many of those were older than one before them."""

    def __iter__(self) -> Iterator[tuple[Any, int]]:
        """Yield the messages to take in the ordinary way, and their offsets."""


class MakeRun(Protocol):
    """Makes a run of one batch."""

    def __call__(self, fold: "Fold", events: Sequence[Any], offsets: Sequence[int], /) -> Run:
        """Begin with the first message; nothing is taken before the run is iterated over."""


class NotesRun(Protocol):
    """Goes over the notes of one record: takes the plain ones itself, yields all others.

    A plain one is taken exactly as `Fold` would take it, before a later one is yielded.
    """

    @property
    def is_news(self) -> bool:
        """Whether it took any; none of those says nothing new."""

    def __iter__(self) -> Iterator[Note]:
        """Yield the notes to take in the ordinary way."""


class MakeNotesRun(Protocol):
    """Makes a run of one record."""

    def __call__(self, fold: "Fold", notes: tuple[Note, ...], horizon_at: float, /) -> NotesRun:
        """Begin with the first note; before `horizon_at` (seconds since 1970) nothing comes."""


RUNS: dict[str, MakeRun] = {}
"""By topic. A test that wants the Python code alone sets `fold.run` to None."""

try:
    from streams.fast_reps import PlainReps
except ImportError:
    pass
else:
    RUNS[REPS.name] = PlainReps

try:
    from streams.fast_calls import PlainCalls
except ImportError:
    pass
else:
    RUNS[CALLS.name] = PlainCalls

NOTES_RUN: MakeNotesRun | None = None
"""Of customers. A test that wants the Python code alone sets `fold.notes_run` to None."""

try:
    from streams.fast_customers import PlainNotes
except ImportError:
    pass
else:
    NOTES_RUN = PlainNotes
