"""`ringside worker` with a bug put in: at the events whose ids a file names, the core misbehaves.

Run as `python -m tests.faults.faulty_worker`, with the same settings as `ringside worker`, and:

FAULTS_RAISE_AT   a file of event ids, one a line; each raises in its state machine, once: what has
                  raised is noted in a file `.raised` beside it: the next process gets by.
FAULTS_BLOCK_AT   an event id: the event loop stands still there for ever.
FAULTS_WEDGE_AT   an event id: the agent waits there for ever, while the event loop goes on.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agents.__main__ import run
from agents.fetched import Batch
from agents.folding import BatchFolder
from agents.shard import Shard
from schemas.events import Event
from streams.machines import MACHINES
from streams.runs import RUNS

Step = Callable[[Any, Event, float], Any]
Bug = Callable[[Event], None]


class UnexpectedError(Exception):
    """What no code expects."""


def raises(file: Path) -> Bug:
    """Raise at each of these events, the first time that it is met."""
    raised_file = file.with_suffix(".raised")
    raised_file.touch()
    left = {*file.read_text().split("\n")} - {*raised_file.read_text().split("\n")}

    def bug(event: Event) -> None:
        if event.id in left:
            with raised_file.open("a") as log:
                log.write(f"{event.id}\n")
            raise UnexpectedError(event.id)

    return bug


def blocks(id_: str) -> Bug:
    """Stand still at this event, and the event loop with it."""

    def bug(event: Event) -> None:
        if event.id == id_:
            threading.Event().wait()

    return bug


def put_in(bug: Bug) -> None:
    """Put a bug into every state machine; compiled runs would pass them by."""
    RUNS.clear()
    for topic, machine in MACHINES.items():
        MACHINES[topic] = machine._replace(step=_buggy(machine.step, bug))


def _buggy(step: Step, bug: Bug) -> Step:
    def buggy(state: Any, event: Event, before: float) -> Any:  # noqa: ANN401 - as the real one
        bug(event)
        return step(state, event, before)

    return buggy


def wedge(id_: str) -> None:
    """Let the agent that folds this event wait for ever."""
    fold, wanted = BatchFolder.fold, f'"{id_}"'.encode()

    async def wedged(self: BatchFolder, shard: Shard, batch: Batch) -> None:
        records = list(batch.records)
        if any(wanted in record.value for record in records if record.value):
            await asyncio.Event().wait()
        await fold(self, shard, batch._replace(records=records))

    BatchFolder.fold = wedged  # type: ignore[method-assign]


def main() -> int:
    """Put the bugs in, and run."""
    env = dict(os.environ)  # noqa: TID251 - a program of its own
    if file := env.pop("FAULTS_RAISE_AT", ""):
        put_in(raises(Path(file)))
    if id_ := env.pop("FAULTS_BLOCK_AT", ""):
        put_in(blocks(id_))
    if id_ := env.pop("FAULTS_WEDGE_AT", ""):
        wedge(id_)
    return run(["worker"], env)


if __name__ == "__main__":
    sys.exit(main())
