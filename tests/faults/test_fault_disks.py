"""Row 11: no room, or no right to write, in the worker's folder."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import pytest

from tests.faults.disks import Disk, NewDisk
from tests.faults.plugin import Figures
from tests.faults.refusing import refused
from tests.faults.verdict import check
from tests.integration.busy_floor import load
from tests.integration.pipeline import Pipeline

pytestmark = pytest.mark.needs_apache_kafka
Now = Callable[[], float]
FAULTS: dict[str, tuple[Callable[[Disk], None], Callable[[Disk], None], str]] = {
    "full": (Disk.fill, Disk.empty, "No space left on device"),
    "read-only": (lambda disk: disk.make("ro"), lambda disk: disk.make("rw"), "Read-only"),
}
"""By name: what breaks a disk, what mends it, what is said of it."""
faults = pytest.mark.parametrize("fault", FAULTS)


@pytest.mark.fault(row=11)
@pytest.mark.fails_without("trying the folder", found="it started, and should have refused")
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
    told = refused(pipeline, data_dir=str(disk.folder))
    took_seconds = time.monotonic() - at
    figures(ended_after_seconds=round(took_seconds, 1))
    assert took_seconds < 60
    assert f"RINGSIDE_DATA_DIR='{disk.folder}' cannot be written ({said}" in told

    mend(disk)
    pipeline.start_worker(data_dir=str(disk.folder))
    check(pipeline)


@pytest.mark.fault(row=11)
@pytest.mark.fails_without("keeping nothing in the folder", found="the ledger in PostgreSQL")
@faults
def test_a_worker_whose_folder_breaks_while_it_runs_counts_on(  # noqa: PLR0917
    pipeline: Pipeline,
    new_disk: NewDisk,
    now: Now,
    chance: random.Random,
    figures: Figures,
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
    figures(**check(pipeline).ledger)
    assert worker.process.is_running
