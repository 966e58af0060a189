"""What a PBX counts: kept by source, queue and interval, the latest word; bounded by the codec."""

from datetime import UTC, datetime

import pytest

from schemas import events as e
from schemas.codec import Message, Reason, Rejected, decode, encode
from schemas.customers import Tokeniser
from schemas.events import Event
from schemas.topics import COUNTERS
from tests.streams.lives import T0, apply, event, new_fold


def told(at: float, completed: int, *, start: float = 0, end: float = 900) -> Event:
    span = (datetime.fromtimestamp(T0 + second, UTC) for second in (start, end))
    return event("loans/1", T0 + at, e.PbxCounters("loans", *span, completed, 1))


def test_the_latest_word_on_an_interval_holds_whatever_came_first() -> None:
    for order in ((told(900, 5), told(960, 7)), (told(960, 7), told(900, 5))):
        fold = apply(new_fold(COUNTERS.name), order)
        (counters,) = fold.entities.values()
        assert counters.completed == 7  # type: ignore[union-attr]


def test_another_interval_stands_beside_it() -> None:
    fold = apply(new_fold(COUNTERS.name), [told(900, 5), told(1800, 7, start=900, end=1800)])
    assert len(fold.entities) == 2


def test_counters_add_to_no_pane() -> None:
    fold = apply(new_fold(COUNTERS.name), [told(900, 5)])
    changes = fold.take_changes()
    assert changes is not None
    assert not changes.panes


@pytest.mark.parametrize(
    ("start", "end", "reason"),
    [
        (0, 900, None),
        (900, 900, Reason.INVALID),
        (900, 0, Reason.INVALID),
        (0, 900 + 301, Reason.TIME_IN_FUTURE),
        (-T0, 900, Reason.TIME_TOO_EARLY),
    ],
)
def test_an_interval_has_a_length_and_is_over(
    start: float, end: float, reason: Reason | None
) -> None:
    sent = told(900, 5, start=start, end=end)
    message = Message(COUNTERS.name, sent.subject.encode(), encode(sent))
    found = decode(message, now=T0 + 900, tokeniser=Tokeniser(b"k" * 16))
    assert (found.reason if isinstance(found, Rejected) else None) == reason
