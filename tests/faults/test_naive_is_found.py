"""Proof that these tests can fail: a naive agent, right while all goes well, is found wrong."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial

import pytest

from tests.faults import scenarios
from tests.faults.plugin import Figures
from tests.faults.scenarios import Start
from tests.integration.busy_floor import Load, load
from tests.integration.pipeline import Pipeline

pytestmark = [pytest.mark.timeout(300), pytest.mark.needs_transactions]
Now = Callable[[], float]


@pytest.fixture
def start(pipeline: Pipeline) -> Start:
    return partial(pipeline.start_worker, module="tests.faults.naive")


@pytest.fixture
def sent(now: Now, chance: random.Random) -> Load:
    # Without bad input, which the naive agent has no dead letters for.
    return load(4000, now(), seed=chance.randrange(2**32), spoilt=False)


def wrong(figures: Figures, found: pytest.ExceptionInfo[AssertionError]) -> None:
    """Note what the checks said."""
    said = [line for line in str(found.value).split("\n") if ": " in line and ", not " in line]
    assert said, found.value
    figures(found=said[0][:160])


@pytest.mark.fault(row=1)
def test_a_naive_agent_is_right_while_nothing_goes_wrong(
    pipeline: Pipeline, start: Start, sent: Load
) -> None:
    scenarios.undisturbed(pipeline, start, sent)


@pytest.mark.fault(row=1, quick=True)
def test_a_naive_agent_that_is_killed_is_found_wrong(
    pipeline: Pipeline, start: Start, sent: Load, chance: random.Random, figures: Figures
) -> None:
    with pytest.raises(AssertionError) as found:
        scenarios.killed(pipeline, start, sent, chance, kills=1, patience_seconds=15)
    wrong(figures, found)


@pytest.mark.fault(row=5)
def test_a_naive_agent_that_is_stopped_is_found_wrong(
    pipeline: Pipeline, start: Start, sent: Load, chance: random.Random, figures: Figures
) -> None:
    with pytest.raises(AssertionError) as found:
        scenarios.stopped(pipeline, start, sent, chance, patience_seconds=15)
    wrong(figures, found)
