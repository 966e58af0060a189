"""What is done to an agent, whichever it is: the rows that more than one agent goes through.

Each ends with the checks, and raises AssertionError where the agent did not stand it.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from agents.embedded.http import is_ok
from tests.faults.oracle import Truth
from tests.faults.verdict import PATIENCE_SECONDS, check
from tests.faults.watching import Seen, watching
from tests.integration.busy_floor import Load
from tests.integration.pipeline import Pipeline, Worker, wait_until

Start = Callable[..., Worker]
"""Starts an agent: `Pipeline.start_worker`, with or without another `module`."""


def undisturbed(pipeline: Pipeline, start: Start, sent: Load) -> Truth:
    """Nothing goes wrong."""
    start()
    pipeline.publish(sent.messages)
    return check(pipeline)


def killed(
    pipeline: Pipeline,
    start: Start,
    sent: Load,
    chance: random.Random,
    *,
    kills: int,
    patience_seconds: float = PATIENCE_SECONDS,
) -> Truth:
    """Kill -9 at random points of a load, each time another agent goes on."""
    before = 0
    for part in sent.parts(kills):
        agent = start()
        moment = before + chance.randrange(len(part) // 10, len(part) * 9 // 10)
        with pipeline.publishing(part, rate=3000):
            _wait_until_past(pipeline, agent, moment)
            agent.process.kill()
        before += len(part)
        if chance.random() < 0.2:  # and once more while it takes over
            agent = start(ready=False)
            time.sleep(chance.uniform(0.5, 4))
            agent.process.kill()
    start()
    return check(pipeline, seconds=patience_seconds)


def stopped(
    pipeline: Pipeline,
    start: Start,
    sent: Load,
    chance: random.Random,
    *,
    patience_seconds: float = PATIENCE_SECONDS,
) -> float:
    """SIGTERM under load; return how many seconds it took to end."""
    first, second = sent.parts(2)
    agent = start()
    with pipeline.publishing(first, rate=2000):
        _wait_until_past(pipeline, agent, chance.randrange(1000, len(first) * 2 // 3))
        started_at = time.monotonic()
        agent.process.stop(60)
        took_seconds = time.monotonic() - started_at
    # What it counted is all in PostgreSQL, so whatever comes next is read once.
    before = pipeline.written()
    following = start()
    pipeline.publish(second)
    _wait_until_past(pipeline, following, before + 1)
    check(pipeline, seconds=patience_seconds)
    assert agent.process.exit_code == 0, agent.log()
    return took_seconds


def come_go_and_sleep(
    pipeline: Pipeline,
    start: Start,
    sent: Load,
    chance: random.Random,
    *,
    patience_seconds: float = PATIENCE_SECONDS,
) -> Seen:
    """Two agents, then three, one of which sleeps past its session; then one."""
    first, second = start(ready=False), start(ready=False)
    for agent in (first, second):
        agent.wait_until_ready()
    with watching(pipeline) as seen, pipeline.publishing(sent.messages, rate=250):
        third = start()
        sleeper = chance.choice([first, second, third])
        time.sleep(chance.uniform(0, 5))
        with asleep(sleeper):
            time.sleep(chance.uniform(15, 25))
        time.sleep(chance.uniform(0, 5))
        first.process.stop(60)
        time.sleep(chance.uniform(0, 5))
        second.process.kill()
    with watching(pipeline) as afterwards:
        check(pipeline, seconds=patience_seconds)
    seen.add(afterwards)
    return seen


@contextmanager
def asleep(agent: Worker) -> Iterator[None]:
    """Freeze an agent meanwhile, as a machine that is suspended does."""
    os.kill(agent.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(agent.process.pid, signal.SIGCONT)


def _wait_until_past(pipeline: Pipeline, agent: Worker, count: int) -> None:
    wait_until(
        # An agent that forgets begins at 0 again.
        lambda: max(pipeline.consumed(), pipeline.written()) >= count,
        lambda: f"{count} messages consumed\n{agent.log()}",
    )


def with_bugs(
    pipeline: Pipeline,
    module: str,
    sent: Load,
    ids: list[str],
    *,
    patience_seconds: float = PATIENCE_SECONDS,
) -> list[Worker]:
    """An error in the core at each of these events; return the processes that it ended."""
    file = pipeline.folder / "bugs"
    file.write_text("\n".join(ids))
    pipeline.publish(sent.messages)
    pipeline.env = {**pipeline.env, "FAULTS_RAISE_AT": str(file)}
    ended: list[Worker] = []
    while len(ended) <= len(ids):
        agent = pipeline.start_worker(module=module, ready=False)
        wait_until(
            lambda agent=agent: not agent.process.is_running or is_ok(agent.port, "/ready"),
            agent.log,
        )
        # Until it has counted all, or ended; one that skips events counts fewer.
        until = time.monotonic() + patience_seconds
        while (
            agent.process.is_running
            and pipeline.written() < len(sent.messages)
            and time.monotonic() < until
        ):
            time.sleep(0.1)
        if agent.process.is_running:
            break
        ended.append(agent)
    check(pipeline, seconds=patience_seconds)
    return ended
