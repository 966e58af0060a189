"""Row 12: a full replay into a new epoch, beside live traffic."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

import pytest

from tests.faults.plugin import Figures
from tests.integration.busy_floor import load
from tests.integration.pipeline import Pipeline
from tests.integration.test_replay import NOT_IN_THE_LOAD, replay, same, sold

pytestmark = pytest.mark.needs_transactions
Now = Callable[[], float]


@pytest.mark.fault(row=12)
@pytest.mark.fails_without("going on where a replay was", found=r"^(pane|ledger)\b|nothing anew")
def test_twenty_thousand_events_replayed_beside_live_traffic_are_the_same_rows(
    pipeline: Pipeline, now: Now, chance: random.Random, figures: Figures
) -> None:
    sent = load(20_000, now(), seed=chance.randrange(2**32), spoilt=True)
    first, second = sent.parts(2)
    others = sold(now() - 300)
    first += tuple(others)
    messages = len(first) + len(second)
    worker = pipeline.start_worker()
    pipeline.publish(first)
    pipeline.wait_until_written(len(first))
    with pipeline.publishing(second, rate=1000):
        replay(pipeline, "start")
    pipeline.wait_until_written(messages)
    replay(pipeline, "start")
    same(pipeline, empty=NOT_IN_THE_LOAD)
    assert "no difference" in replay(pipeline, "diff")
    worker.process.stop()
    replay(pipeline, "take")
    pipeline.start_worker()
    assert pipeline.consumed() == messages, "the successor reads nothing anew"
    assert pipeline.ledger() == sent.ledger + Counter(consumed=len(others), applied=len(others))
    figures(messages=messages)
