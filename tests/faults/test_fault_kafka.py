"""Row 3: Kafka is away for a minute, and is killed."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import pytest

from agents.embedded.broker import Broker
from agents.embedded.http import get
from tests.faults.installing import Install
from tests.faults.plugin import Figures
from tests.faults.poison import poisoned_halves
from tests.faults.supervising import Supervisor, supervised
from tests.faults.verdict import check
from tests.integration.busy_floor import load
from tests.integration.pipeline import wait_until

pytestmark = pytest.mark.needs_transactions
Now = Callable[[], float]


@pytest.mark.fault(row=3)
@pytest.mark.fails_without("asking whether Kafka answers", found="to say that Kafka is away")
@pytest.mark.fails_without("waiting for Kafka to confirm", found="the dead letters")
def test_kafka_may_be_stopped_for_a_minute_and_killed(
    install: Install, new_broker: Broker, now: Now, chance: random.Random, figures: Figures
) -> None:
    pipeline = install(broker=new_broker, checkpoint_seconds="2")
    first, second = poisoned_halves(12_000, now(), chance)
    with supervised(pipeline) as supervisor:
        with pipeline.publishing(first, rate=1000):
            pipeline.wait_until_consumed(chance.randrange(1000, 5000))
            new_broker.stop()
            stopped_at = time.monotonic()
            try:
                said = _not_ready(supervisor, stopped_at + 60)
            finally:
                new_broker.start()
        with pipeline.publishing(second, rate=1000):
            before = len(first)
            pipeline.wait_until_consumed(before + chance.randrange(1000, 5000))
            new_broker.kill()
            time.sleep(chance.uniform(0, 5))
            new_broker.start()
        truth = check(pipeline)
        _ready(supervisor)
    figures(said=said, restarts=supervisor.restarts, **truth.ledger)


def _not_ready(supervisor: Supervisor, until: float) -> str:
    """Look on while Kafka is away: soon the worker is not ready, and it stays so. Return why."""
    wait_until(lambda: _ready_status(supervisor) == 503, "the worker to say that Kafka is away", 20)
    said = ""
    while time.monotonic() < until:
        answer = get(supervisor.worker.port, "/ready")
        assert answer is None or answer.status == 503
        said = answer.body.decode().strip() if answer is not None else said
        time.sleep(0.5)
    return said


def _ready_status(supervisor: Supervisor) -> int | None:
    answer = get(supervisor.worker.port, "/ready")
    return None if answer is None else answer.status


def _ready(supervisor: Supervisor) -> None:
    wait_until(lambda: _ready_status(supervisor) == 200, supervisor.worker.log)


@pytest.mark.fault(row=5)
@pytest.mark.parametrize(
    ("checkpoint_seconds", "exit_code"),
    [
        pytest.param("0.2", 0, id="all is kept"),
        pytest.param("600", 1, id="something is in no checkpoint"),
    ],
)
def test_a_stop_ends_in_time_also_while_kafka_is_away(  # noqa: PLR0917
    install: Install,
    new_broker: Broker,
    now: Now,
    chance: random.Random,
    figures: Figures,
    checkpoint_seconds: str,
    exit_code: int,
) -> None:
    """The exit code says whether all that it counted is kept; if not, it is read once more."""
    pipeline = install(broker=new_broker)
    sent = load(4000, now(), seed=chance.randrange(2**32))
    worker = pipeline.start_worker(checkpoint_seconds=checkpoint_seconds)
    pipeline.publish(sent.messages)
    if exit_code == 0:
        pipeline.wait_until_written(len(sent.messages))
        pipeline.wait_until_told_is_written()
    else:
        pipeline.wait_until_consumed(chance.randrange(1, 4000))
    new_broker.kill()
    started_at = time.monotonic()
    worker.process.stop(60)
    took_seconds = time.monotonic() - started_at
    new_broker.start()
    pipeline.start_worker()
    check(pipeline)
    figures(stopped_within_seconds=round(took_seconds, 1), exit_code=worker.process.exit_code or 0)
    assert took_seconds < 30
    assert worker.process.exit_code == exit_code
    said = worker.process.program.log.read_text()
    assert ("stopped without a last checkpoint" in said) == bool(exit_code)
    assert "the stop took too long" not in said
