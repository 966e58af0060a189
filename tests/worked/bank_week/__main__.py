"""Replay a bank's week through Kafka, a worker, PostgreSQL and Prometheus; compare every figure.

    python -m tests.worked.bank_week        (or: make verify-bank-week)

Prints each figure beside the expected one, then how many were compared and how many differ; exit
code 1 if any does.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from agents.embedded.errors import MissingError
from agents.embedded.prometheus import Prometheus
from tests.worked.bank_week import expected, feed, replay
from tests.worked.installation import start_pipeline

Say = Callable[[str], None]


def main(env: Mapping[str, str], say: Say) -> int:
    """Run everything once and return the exit code."""
    file = feed.data_file(env)
    if not file.exists():
        say(f"There is no {file}. Set {feed.DATA_VARIABLE} to the folder that has {file.name}.")
        return 2
    with ExitStack() as running:
        pipeline = start_pipeline(running, env, say)
        prometheus = _prometheus(running, pipeline.folder, say)
        outcome = replay.verify(pipeline, prometheus, file, say)
        finest = replay.finest(pipeline.ask, expected.load(file))
        outcome = replace(outcome, tallies=(*outcome.tallies, finest))
    replay.report(outcome, say)
    say("")
    say("Every figure is as expected." if outcome.is_right else "SOME FIGURES DIFFER.")
    return 0 if outcome.is_right else 1


def _prometheus(running: ExitStack, folder: Path, say: Say) -> Prometheus | None:
    try:
        server = Prometheus.create(folder / "prometheus")
    except MissingError as error:
        say(f"Without Prometheus: {error}")
        return None
    running.callback(server.stop)
    server.start()
    return server


if __name__ == "__main__":
    sys.exit(main(dict(os.environ), lambda text: print(text, flush=True)))  # noqa: TID251, T201
