"""Proof that these tests can fail: a naive agent, right while all goes well, is found wrong."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial

import pytest

from agents.embedded.postgres import Postgres
from tests.faults import scenarios
from tests.faults.installing import Install
from tests.faults.plugin import Figures
from tests.faults.poison import mixed, poison
from tests.faults.scenarios import Start
from tests.faults.test_fault_input import in_time, out_of_time
from tests.faults.verdict import check, first_wrong
from tests.integration.busy_floor import Load, load
from tests.integration.pipeline import Pipeline, wait_until

pytestmark = pytest.mark.needs_transactions
Now = Callable[[], float]
NAIVE = "tests.faults.naive"
PATIENCE_SECONDS = 15.0


@pytest.fixture
def start(pipeline: Pipeline) -> Start:
    return partial(pipeline.start_worker, module=NAIVE)


@pytest.fixture
def sent(now: Now, chance: random.Random) -> Load:
    # Without bad input, which the naive agent has no dead letters for.
    return load(4000, now(), seed=chance.randrange(2**32), spoilt=False)


@pytest.mark.fault(row=1)
def test_a_naive_agent_is_right_while_nothing_goes_wrong(
    pipeline: Pipeline, start: Start, sent: Load, figures: Figures
) -> None:
    figures(**scenarios.undisturbed(pipeline, start, sent).ledger)


@pytest.mark.fault(row=1, quick=True)
def test_a_naive_agent_that_is_killed_is_found_wrong(
    pipeline: Pipeline, start: Start, sent: Load, chance: random.Random, figures: Figures
) -> None:
    with pytest.raises(AssertionError) as found:
        scenarios.killed(pipeline, start, sent, chance, kills=1, patience_seconds=PATIENCE_SECONDS)
    figures(found=first_wrong(found.value))


@pytest.mark.fault(row=5)
def test_a_naive_agent_that_is_stopped_is_found_wrong(
    pipeline: Pipeline, start: Start, sent: Load, chance: random.Random, figures: Figures
) -> None:
    with pytest.raises(AssertionError) as found:
        scenarios.stopped(pipeline, start, sent, chance, patience_seconds=PATIENCE_SECONDS)
    figures(found=first_wrong(found.value))


@pytest.mark.fault(row=4)
def test_a_naive_agent_whose_postgres_is_killed_is_found_wrong(
    install: Install, new_postgres: Postgres, sent: Load, figures: Figures
) -> None:
    pipeline = install(server=new_postgres)
    naive = pipeline.start_worker(module=NAIVE)
    with pipeline.publishing(sent.messages, rate=500):
        pipeline.wait_until_written(len(sent.messages) // 3)
        new_postgres.kill()
        new_postgres.start()
        # It ends, and is started again, as it would be.
        wait_until(lambda: not naive.process.is_running, naive.log)
        pipeline.start_worker(module=NAIVE)
    with pytest.raises(AssertionError) as found:
        check(pipeline, seconds=PATIENCE_SECONDS)
    figures(found=first_wrong(found.value))


@pytest.mark.fault(row=6)
def test_a_naive_agent_that_is_sent_poison_is_found_wrong(
    pipeline: Pipeline, start: Start, now: Now, chance: random.Random, figures: Figures
) -> None:
    start()
    sent = load(1000, now(), seed=chance.randrange(2**32), spoilt=False)
    pipeline.publish(mixed(chance, sent.messages, poison(100, now(), chance, large=0)))
    with pytest.raises(AssertionError) as found:
        check(pipeline, seconds=PATIENCE_SECONDS)
    figures(found=first_wrong(found.value))


@pytest.mark.fault(row=9)
def test_a_naive_agent_that_is_told_too_late_is_found_wrong(
    pipeline: Pipeline, start: Start, now: Now, figures: Figures
) -> None:
    start()
    pipeline.publish([*in_time(now()), *out_of_time(now())])
    with pytest.raises(AssertionError) as found:
        check(pipeline, seconds=PATIENCE_SECONDS)
    figures(found=first_wrong(found.value))
