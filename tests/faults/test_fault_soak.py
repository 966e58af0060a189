"""Row 14: a soak, event time pressed together so that panes roll many times over.

Half an hour of it is `make soak`; within `make faults` it is three minutes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import count, islice

import msgspec
import numpy as np
import pytest

from schemas.events import CallOffered, Event
from tests.faults.keys import Kept, Watermarks, in_changelog, open_rows, watermarks
from tests.faults.plugin import Figures
from tests.faults.source_log import read_log
from tests.faults.watching import memory_bytes
from tests.integration.floor_events import activity, call
from tests.integration.pipeline import Pipeline, Worker, wait_until

pytestmark = [pytest.mark.needs_transactions]
Now = Callable[[], float]
DAY_SECONDS = 86_400
RATE = 300.0
"""Messages a second, by the clock."""
SPEED = 7200.0
"""Seconds of event time in a second of the clock."""
WARM_UP_SECONDS = 130.0
"""By the clock. By then what is kept longest goes: panes of customers, after nine days."""
TELLING_MINUTES = 10.0
"""A shorter soak tells nothing of memory for certain; its slope is printed only."""
SAMPLE_SECONDS = 2.0


def lives(start_at: float) -> Iterator[Event]:
    """Yield calls and activities without end, RATE of them in SPEED seconds."""
    at = start_at
    for number in count():
        queue, rep = f"q{number % 3}", f"r{number % 40}"
        for event in call(
            f"c{number}", at, wait_seconds=5, talk_seconds=number % 60 + 1, queue=queue, rep=rep
        ):
            if isinstance(event.data, CallOffered):
                data = msgspec.structs.replace(event.data, customer=f"+8490{number % 5000:07}")
                event = msgspec.structs.replace(event, data=data)  # noqa: PLW2901
            yield event
            at += SPEED / RATE
        yield activity(f"a{number}", at, rep=rep)
        at += SPEED / RATE


def slope_mb_a_minute(samples: list[tuple[float, int]]) -> float:
    """Return the least squares' slope of (seconds, bytes)."""
    at, size = np.array(samples, dtype=float).T
    return float(np.polyfit(at / 60, size / 2**20, 1)[0])


@pytest.mark.fault(row=14)
@pytest.mark.fails_without("letting go of what is over", found="to keep the same")
@pytest.mark.timeout(2400)
def test_memory_stays_level_and_only_open_panes_are_kept_while_panes_roll(
    pipeline: Pipeline, now: Now, figures: Figures, request: pytest.FixtureRequest
) -> None:
    # Two and a half days of events show that nothing is let go of.
    minutes = 0.5 if pipeline.under else float(request.config.getoption("--soak-minutes"))
    worker = pipeline.start_worker()
    total = int(minutes * 60 * RATE)
    events = lives(now() - minutes * 60 * SPEED - 3600)
    samples: list[tuple[float, int]] = []
    started_at = time.monotonic()
    with pipeline.publishing(islice(events, total), rate=RATE):
        while time.monotonic() < started_at + minutes * 60:
            time.sleep(SAMPLE_SECONDS)
            samples.append((time.monotonic() - started_at, memory_bytes(worker)))
    pipeline.wait_until_written(total)

    warm = [one for one in samples if one[0] > WARM_UP_SECONDS]
    slope = slope_mb_a_minute(warm or samples)
    figures(minutes=minutes, slope_mb_a_minute=round(slope, 3))
    kept = _settled(pipeline, worker, watermarks(pipeline, read_log(pipeline.bootstrap)))
    figures(
        memory_mb=round(samples[-1][1] / 2**20),
        events=total,
        event_days=round(minutes * 60 * SPEED / DAY_SECONDS, 1),
        open_quarters=kept.quarters,
        open_minutes=kept.minutes,
    )
    assert slope < 1 or minutes < TELLING_MINUTES


def _settled(pipeline: Pipeline, worker: Worker, at: Watermarks) -> Kept:
    """What is over goes when PostgreSQL has it, and its tombstones with the checkpoint after."""

    def live() -> tuple[int, Kept, int]:
        in_memory = int(worker.total("ringside_table_entries", table="panes"))
        return in_memory, in_changelog(pipeline, at), open_rows(pipeline, at)

    def agree() -> bool:
        in_memory, kept, rows = live()
        return kept.quarters == rows and in_memory == kept.quarters + kept.minutes

    wait_until(agree, lambda: f"memory, changelog and PostgreSQL to keep the same: {live()}", 30)
    return live()[1]
