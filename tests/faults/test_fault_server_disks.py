"""Row 11: no room, or no right to write, in the data folder of Kafka and of PostgreSQL."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agents.embedded.broker import Broker
from agents.embedded.errors import NotStartedError
from agents.embedded.http import is_ok
from agents.embedded.postgres import Postgres
from tests.faults.disks import Disk, NewDisk
from tests.faults.installing import Install
from tests.faults.plugin import Figures
from tests.faults.poison import poisoned_halves
from tests.faults.supervising import Supervisor, supervised
from tests.faults.verdict import check
from tests.integration.busy_floor import load
from tests.integration.pipeline import wait_until

pytestmark = pytest.mark.needs_apache_kafka
Now = Callable[[], float]
ENDS_SECONDS = 60.0
BACK_SECONDS = 30.0


@pytest.fixture
def disk(new_disk: NewDisk) -> Disk:
    return new_disk(400)


@pytest.fixture
def broker(disk: Disk, make_broker: Callable[..., Broker], tmp_path: Path) -> Iterator[Broker]:
    """Kafka with its data on the disk."""
    made = make_broker(disk.folder)
    # What it prints goes elsewhere, so that it can say what is wrong.
    made.process.program = replace(made.process.program, log=tmp_path / "kafka.log")
    made.start()
    yield made
    made.kill()


@pytest.fixture
def server(disk: Disk, tmp_path: Path) -> Iterator[Postgres]:
    """PostgreSQL with its data on the disk."""
    made = Postgres.create(disk.folder / "postgres", is_durable=False)
    made.process.program = replace(made.process.program, log=tmp_path / "postgres.log")
    made.start()
    yield made
    made.kill()


def fills(broker: Broker, disk: Disk) -> None:
    """Let the disk of a broker that runs be full."""
    del broker
    disk.fill()


def breaks(broker: Broker, disk: Disk) -> None:
    """Let a broker find its disk read-only: it dies, and is started again as it would be."""
    broker.kill()
    disk.make("ro")
    broker.launch()


@pytest.mark.fault(row=11)
@pytest.mark.fails_without("waiting for Kafka to confirm", found="the dead letters")
@pytest.mark.parametrize(
    ("fault", "mend", "said"),
    [
        pytest.param(breaks, lambda disk: disk.make("rw"), "Read-only file system", id="read-only"),
        pytest.param(fills, Disk.empty, "No space left on device", id="full"),
    ],
)
def test_kafka_whose_folder_cannot_be_written_ends_and_all_recovers_exactly(  # noqa: PLR0917
    install: Install,
    broker: Broker,
    disk: Disk,
    now: Now,
    chance: random.Random,
    figures: Figures,
    fault: Callable[[Broker, Disk], None],
    mend: Callable[[Disk], None],
    said: str,
) -> None:
    pipeline = install(broker=broker, checkpoint_seconds="2")
    first, second = poisoned_halves(12_000, now(), chance)
    with supervised(pipeline) as supervisor:
        pipeline.publish(first)
        with pipeline.publishing(second, rate=1000):
            pipeline.wait_until_consumed(len(first) + chance.randrange(500, 3000))
            at = time.monotonic()
            fault(broker, disk)
            wait_until(lambda: not broker.process.is_running, "Kafka to end", ENDS_SECONDS)
            figures(kafka_ended_after_seconds=round(time.monotonic() - at, 1))
            assert said in broker.process.log_tail(300)
            wait_until(lambda: not _is_ready(supervisor), "the worker to say so")
            mend(disk)
            broker.start()
        truth = check(pipeline)
    figures(restarts=supervisor.restarts, **truth.ledger)


def _is_ready(supervisor: Supervisor) -> bool:
    return is_ok(supervisor.worker.port, "/ready")


@pytest.mark.fault(row=11)
@pytest.mark.fails_without(
    "writing again what PostgreSQL did not take", found="the quarters in PostgreSQL"
)
def test_postgres_whose_folder_is_read_only_does_not_start_and_all_recovers_exactly(  # noqa: PLR0917
    install: Install,
    server: Postgres,
    disk: Disk,
    now: Now,
    chance: random.Random,
    figures: Figures,
) -> None:
    """Meanwhile the worker counts on. A full one is row 4's."""
    pipeline = install(server=server)
    sent = load(12_000, now(), seed=chance.randrange(2**32))
    first, second = sent.parts(2)
    worker = pipeline.start_worker()
    pipeline.publish(first)
    pipeline.wait_until_consumed(chance.randrange(1000, len(first)))
    server.kill()
    disk.make("ro")
    at = time.monotonic()
    with pytest.raises(NotStartedError) as refused:
        server.start()
    figures(postgres_ended_after_seconds=round(time.monotonic() - at, 1))
    assert time.monotonic() - at < ENDS_SECONDS
    assert "Read-only file system" in refused.value.tail

    pipeline.publish(second)
    pipeline.wait_until_consumed(len(sent.messages))
    wait_until(lambda: worker.total("ringside_snapshot_failures_total") > 1, worker.log)
    disk.make("rw")
    server.start()
    back_at = time.monotonic()
    check(pipeline, seconds=BACK_SECONDS)
    figures(exact_after_seconds=round(time.monotonic() - back_at, 1))
