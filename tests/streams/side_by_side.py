"""Two workers that live the same life, one with the compiled code and one without."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random
from typing import Any, Protocol, TypeVar

from agents.changelog import Entry, Record
from agents.state import ChangelogTopics, Restorer
from streams.fold import Fold

TOPICS = ChangelogTopics("test")
_TABLES = {TOPICS.entities: "entities", TOPICS.panes: "panes", TOPICS.ledger: "ledger"}


class Living(Protocol):
    """A worker that can end at any time, and goes on from what it wrote last."""

    def take(self, what: Any, /) -> None:  # noqa: ANN401 - each its own
        """Fold it."""

    def checkpoint(self, *, written: bool) -> None:
        """Write what changed; `written`: PostgreSQL has it, too."""

    def die(self) -> None:
        """End without a word, and begin again from the log."""


W = TypeVar("W", bound=Living)


def restored(topic: str, log: Iterable[Record], lateness_seconds: float) -> Fold:
    """Return a fold as a new process restores it from all that was ever written."""
    restorer = Restorer(0, lateness_of=lambda _: lateness_seconds, epoch=1)
    restorer.add(
        Entry(_TABLES[record.topic], record.key, record.value)
        for record in log
        if record.key is not None
    )
    return restorer.finish()[topic]


def live(
    workers: tuple[W, W],
    all_taken: Iterable[Any],
    random: Random,
    often: float,
    assert_same: Callable[[W, W], None],
) -> None:
    """Let both take the same, with checkpoints (so *often* after each) and deaths; compare."""
    for taken in all_taken:
        chance, written, dies = random.random(), random.random() < 0.7, random.random() < 0.3
        for worker in workers:
            worker.take(taken)
            if chance < often:
                worker.checkpoint(written=written)
                if dies:
                    worker.die()
        assert_same(*workers)
