"""Row 11: no room, or no right to write: in the worker's folder, and in Kafka's."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from agents.embedded.http import is_ok
from agents.embedded.kafka import Broker
from tests.faults.disks import Disk, NewDisk
from tests.faults.installing import Install
from tests.faults.plugin import Figures
from tests.faults.supervising import supervised
from tests.faults.verdict import check
from tests.integration.busy_floor import load
from tests.integration.pipeline import Pipeline, wait_until

pytestmark = [pytest.mark.timeout(400), pytest.mark.needs_apache_kafka]
Now = Callable[[], float]
FAULTS: dict[str, tuple[Callable[[Disk], None], Callable[[Disk], None], str]] = {
    "full": (Disk.fill, Disk.empty, "No space left on device"),
    "read-only": (lambda disk: disk.make("ro"), lambda disk: disk.make("rw"), "Read-only"),
}
"""By name: what breaks a disk, what mends it, what is said of it."""
faults = pytest.mark.parametrize("fault", FAULTS)


@pytest.mark.fault(row=11)
@faults
def test_a_worker_whose_folder_cannot_be_written_does_not_start_and_says_so(  # noqa: PLR0917
    pipeline: Pipeline,
    new_disk: NewDisk,
    now: Now,
    chance: random.Random,
    figures: Figures,
    fault: str,
) -> None:
    break_, mend, said = FAULTS[fault]
    sent = load(2000, now(), seed=chance.randrange(2**32))
    disk = new_disk(1)
    pipeline.publish(sent.messages)
    break_(disk)
    at = time.monotonic()
    refused = pipeline.start_worker(ready=False, data_dir=str(disk.folder))
    assert refused.process.wait(60) == 2
    figures(ended_after_seconds=round(time.monotonic() - at, 1))
    told = " ".join(refused.log().split())
    assert f"RINGSIDE_DATA_DIR='{disk.folder}' cannot be written ({said}" in told
    assert "Traceback" not in told

    mend(disk)
    pipeline.start_worker(data_dir=str(disk.folder))
    check(pipeline)


@pytest.mark.fault(row=11)
@faults
def test_a_worker_whose_folder_breaks_while_it_runs_counts_on(
    pipeline: Pipeline,
    new_disk: NewDisk,
    now: Now,
    chance: random.Random,
    fault: str,
) -> None:
    """It keeps nothing there: its state is in Kafka."""
    break_, _, _ = FAULTS[fault]
    first, second = load(4000, now(), seed=chance.randrange(2**32)).parts(2)
    disk = new_disk(1)
    worker = pipeline.start_worker(data_dir=str(disk.folder))
    pipeline.publish(first)
    pipeline.wait_until_consumed(len(first) // 2)
    break_(disk)
    pipeline.publish(second)
    check(pipeline)
    assert worker.process.is_running


@pytest.mark.fault(row=11)
def test_kafka_whose_folder_is_full_ends_and_all_recovers_exactly(  # noqa: PLR0917
    install: Install,
    make_broker: Callable[..., Broker],
    new_disk: NewDisk,
    now: Now,
    tmp_path: Path,
    chance: random.Random,
    figures: Figures,
) -> None:
    disk = new_disk(300)
    broker = make_broker(disk.folder)
    # What it prints goes elsewhere, so that it can say what is wrong.
    broker.process.program = replace(broker.process.program, log=tmp_path / "kafka.log")
    broker.start()
    try:
        pipeline = install(broker=broker)
        first, second = load(12_000, now(), seed=chance.randrange(2**32)).parts(2)
        with supervised(pipeline) as supervisor:
            pipeline.publish(first)
            pipeline.wait_until_consumed(chance.randrange(1000, len(first)))
            with pipeline.publishing(second, rate=1000):
                disk.fill()
                at = time.monotonic()
                wait_until(lambda: not broker.process.is_running, "Kafka to end", 60)
                figures(kafka_ended_after_seconds=round(time.monotonic() - at, 1))
                assert "No space left on device" in broker.process.log_tail(200)
                wait_until(lambda: not is_ok(supervisor.worker.port, "/ready"), "it to say so")
                disk.empty()
                broker.start()
            truth = check(pipeline)
        figures(restarts=supervisor.restarts, **truth.ledger)
    finally:
        broker.kill()
