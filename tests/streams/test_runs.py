"""`Fold.take` with a run before it: what it yields is taken the ordinary way, in its turn."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import pytest

from schemas.events import Event
from streams.fold import Fold
from tests.streams.lives import LATENESS_SECONDS, T0, call_events, new_fold, panes, seeded

TAKEN = 1000
TAKEN_LATE = 100


class Every:
    """Yields every event, but for those of one source, which it says it took."""

    def __init__(self, fold: Fold, events: Sequence[Any], offsets: Sequence[int]) -> None:
        self._fold, self._events, self._offsets = fold, events, offsets
        self.newest_at = fold.watermark.newest_at or float("-inf")
        self.offset = -1
        self.applied = self.out_of_order = 0

    def __iter__(self) -> Iterator[tuple[Any, int]]:
        for event, offset in zip(self._events, self._offsets, strict=True):
            self.offset = offset
            if event.source == "taken":
                self.applied += TAKEN
                self.out_of_order += TAKEN_LATE
                self.newest_at = self._fold.watermark.newest_at = event.at
            else:
                yield event, offset
                self.newest_at = self._fold.watermark.newest_at or self.newest_at


def test_what_a_run_yields_is_taken_as_ever_and_what_it_took_is_counted() -> None:
    events: list[Any] = [*call_events(seeded(1), LATENESS_SECONDS)]
    plain, with_run = new_fold("ringside.calls"), new_fold("ringside.calls")
    plain.run, with_run.run = None, Every
    taken = _taken(T0)

    for fold, some in ((plain, events), (with_run, [events[0], taken, *events[1:], taken])):
        fold.take(some, range(len(some)))

    assert with_run.entities == plain.entities
    assert panes(with_run) == panes(plain)
    assert with_run.ledger.applied == plain.ledger.applied + 2 * TAKEN
    assert with_run.ledger.out_of_order == plain.ledger.out_of_order + 2 * TAKEN_LATE
    assert with_run.ledger.consumed == plain.ledger.consumed + 2


def test_event_time_that_a_run_reached_decides_what_is_late() -> None:
    events: list[Any] = [*call_events(seeded(1), LATENESS_SECONDS)][:1]
    fold = new_fold("ringside.calls")
    fold.run = Every
    refused = fold.take([_taken(events[0].at + LATENESS_SECONDS + 1), *events], range(2))
    assert [offset for offset, _ in refused] == [1]


def test_after_an_error_the_ledger_is_at_the_message_where_the_run_stood() -> None:
    events: list[Any] = [*call_events(seeded(1), LATENESS_SECONDS)]
    broken = msgspec.structs.replace(events[2], data=None, at=T0)
    fold = new_fold("ringside.calls")
    fold.run = Every
    with pytest.raises(AttributeError):
        fold.take([*events[:2], broken, events[3]], range(5, 9))
    assert fold.ledger.next_offset == 7


def _taken(at: float) -> Event:
    return Event("1", "taken", "c1", "call.ended", at, None)  # type: ignore[arg-type]
