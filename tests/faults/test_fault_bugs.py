"""Rows 7 and 15: an unexpected error in the core, and an agent that is stuck."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from agents.embedded.http import get
from schemas.events import Event
from tests.faults import scenarios
from tests.faults.plugin import Figures
from tests.faults.source_log import read_log
from tests.faults.verdict import check, first_wrong
from tests.integration.busy_floor import Load, load
from tests.integration.floor_events import activity
from tests.integration.pipeline import Pipeline, Worker, wait_until

pytestmark = pytest.mark.needs_transactions
Now = Callable[[], float]
FAULTY = "tests.faults.faulty_worker"
STALL_SECONDS = 6.0
LATEST_SECONDS = 60.0
"""By then at the latest, on a machine however busy."""
OUR_FAULT = "cannot be folded"
WHERE = re.compile(r"offset=(\d+) partition=(\d+) topic=(\S+)")


def bugs_at(sent: Load, every: int) -> list[str]:
    """Return the ids of every so many of the events, each once."""
    ids = dict.fromkeys(one.id for one in sent.messages if isinstance(one, Event))
    return list(ids)[every - 1 :: every]


@pytest.mark.fault(row=7)
def test_an_error_at_every_100th_event_ends_the_process_which_resumes_at_the_same_event(
    pipeline: Pipeline, now: Now, chance: random.Random, figures: Figures
) -> None:
    sent = load(1000, now(), seed=chance.randrange(2**32))
    ends = scenarios.with_bugs(pipeline, FAULTY, sent, bugs_at(sent, 100))
    raised = _each_says_where(pipeline, ends)
    figures(errors=raised, processes=len(ends))
    assert raised == 8


@pytest.mark.fault(row=7, quick=True, short=True)
def test_an_error_ends_the_process_which_resumes_at_the_same_event(
    pipeline: Pipeline, now: Now, chance: random.Random
) -> None:
    sent = load(200, now(), seed=chance.randrange(2**32))
    ends = scenarios.with_bugs(pipeline, FAULTY, sent, bugs_at(sent, 150))
    assert len(ends) == 1
    assert _each_says_where(pipeline, ends) == 1


def _each_says_where(pipeline: Pipeline, ends: list[Worker]) -> int:
    """The logs name the place of each event that raised, and no other; return how many.

    Two partitions of a process may meet one each before it ends.
    """
    raised = (pipeline.folder / "bugs.raised").read_text().split()
    ids = {one.place: one.value or b"" for one in read_log(pipeline.bootstrap)}
    named = []
    for ended in ends:
        assert ended.process.exit_code == 1, ended.log()
        lines = ended.process.program.log.read_text().split("\n")
        places = [WHERE.search(line) for line in lines if OUR_FAULT in line]
        assert places, lines
        for place in places:
            assert place, lines
            offset, partition, topic = place.groups()
            named.append(ids[topic, int(partition), int(offset)])
    assert len(named) == len(raised)
    for value, id_ in zip(named, raised, strict=True):
        assert f'"{id_}"'.encode() in value
    return len(raised)


@pytest.mark.fault(row=15, quick=True)
@pytest.mark.fails_without("asking for progress", found="/live to fail")
@pytest.mark.parametrize(
    "fault",
    ["FAULTS_BLOCK_AT", pytest.param("FAULTS_WEDGE_AT", marks=pytest.mark.fault(row=15))],
)
def test_a_worker_that_is_stuck_is_not_live_and_ends_itself(
    pipeline: Pipeline, now: Now, figures: Figures, fault: str
) -> None:
    events = [activity(f"a-{number}", now() - 60 + number) for number in range(20)]
    pipeline.env = {**pipeline.env, fault: events[10].id}
    stuck = pipeline.start_worker(module=FAULTY, stall_seconds=str(STALL_SECONDS))
    pipeline.publish(events)
    since = time.monotonic()
    seen = list(_lives(stuck, since))
    figures(**{fault.removeprefix("FAULTS_").lower(): seen[-1]})

    assert stuck.process.exit_code == 1, stuck.log()
    assert "has not moved for" in stuck.process.program.log.read_text()
    pipeline.env = {name: text for name, text in pipeline.env.items() if name != fault}
    pipeline.start_worker()
    check(pipeline)


def _lives(stuck: Worker, since: float) -> Iterator[str]:
    """Yield what happened, and after how many seconds: /live fails, then the process ends."""

    def live() -> bool:
        answer = get(stuck.port, "/live")
        return answer is not None and answer.status == 200

    wait_until(lambda: not live(), "/live to fail", LATEST_SECONDS)
    failed_seconds = time.monotonic() - since
    wait_until(lambda: not stuck.process.is_running, "the worker to end itself")
    ended_seconds = time.monotonic() - since
    yield f"not live after {failed_seconds:.1f} s, ended after {ended_seconds:.1f} s"


@pytest.mark.fault(row=7)
def test_a_naive_agent_that_meets_errors_is_found_wrong(
    pipeline: Pipeline, now: Now, chance: random.Random, figures: Figures
) -> None:
    sent = load(1000, now(), seed=chance.randrange(2**32), spoilt=False)
    naive = partial(scenarios.with_bugs, pipeline, "tests.faults.naive", sent)
    with pytest.raises(AssertionError, match="the ledger") as found:
        naive(bugs_at(sent, 100), patience_seconds=15)
    figures(found=first_wrong(found.value))
