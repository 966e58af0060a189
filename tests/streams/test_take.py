"""Messages taken in together are the same as messages taken in one by one."""

from collections.abc import Sequence
from itertools import pairwise
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import events as e
from schemas.codec import Reason, Rejected
from schemas.erasures import Erasure
from streams.fold import Fold
from tests.streams.lives import (
    LATENESS_SECONDS,
    LIVES,
    T0,
    call_events,
    event,
    funnel,
    new_fold,
    panes,
    seeded,
)

FIRST_OFFSET = 7


@pytest.mark.parametrize("topic", LIVES)
@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_how_many_come_at_once_does_not_matter(topic: str, seed: int) -> None:
    random = seeded(seed)
    events: list[Any] = [*LIVES[topic](random, LATENESS_SECONDS)]
    events += random.choices(events, k=len(events) // 3) if events else []
    events += [Rejected(Reason.NOT_JSON), Erasure("ct1_" + "0" * 32, "shop")]
    random.shuffle(events)
    # A tenth of the time that the events are spread over: some of them are late.
    one_by_one, together = (new_fold(topic, LATENESS_SECONDS / 10) for _ in range(2))

    refused = [
        (offset, rejected)
        for offset, event in enumerate(events, FIRST_OFFSET)
        if (rejected := one_by_one.apply(event, offset)) is not None
    ]

    assert _in_batches(together, events, random) == refused
    assert together.entities == one_by_one.entities
    assert together.live == one_by_one.live
    assert panes(together) == panes(one_by_one)
    assert funnel(together) == funnel(one_by_one)
    assert together.watermark.newest_at == one_by_one.watermark.newest_at
    assert msgspec.json.encode(together.ledger) == msgspec.json.encode(one_by_one.ledger)


def _in_batches(fold: Fold, events: Sequence[Any], random: Random) -> list[tuple[int, Rejected]]:
    cuts = sorted(random.choices(range(len(events)), k=4))
    return [
        one
        for first, last in pairwise((0, *cuts, len(events)))
        for one in fold.take(events[first:last], range(FIRST_OFFSET + first, FIRST_OFFSET + last))
    ]


def test_an_error_leaves_the_ledger_at_the_message_that_caused_it() -> None:
    fold = new_fold("ringside.calls")
    events: list[Any] = [*call_events(seeded(1), LATENESS_SECONDS)]
    assert len(events) > 3
    broken = msgspec.structs.replace(events[2], data=None, at=T0)
    with pytest.raises(AttributeError):
        fold.take([*events[:2], broken, events[3]], range(4))
    assert fold.ledger.next_offset == 2


def test_an_error_of_the_funnel_leaves_the_ledger_at_that_deal_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fold = new_fold("ringside.deals")
    created = [event(f"d{n}", T0 + n, e.DealCreated("linh", "sales", "new")) for n in (1, 2, 3)]
    assert fold.funnel is not None

    def fail(key: str, *_: object) -> None:
        if key == "d2":
            raise LookupError(key)

    monkeypatch.setattr(fold.funnel, "changed", fail)
    with pytest.raises(LookupError):
        fold.take(created, range(10, 13))
    assert fold.ledger.next_offset == 11
