"""Replay a CRM and a help desk through Kafka, a worker and PostgreSQL; compare every figure.

    python -m tests.worked.pipelines        (or: make verify-pipelines)

Prints each figure beside the expected one; exit code 1 if any differs.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from agents.embedded.kafka import open_broker
from agents.embedded.paths import DEFAULT_HOME
from agents.embedded.postgres import Postgres
from tests.integration.installation import new_pipeline
from tests.integration.pipeline import Pipeline
from tests.worked.bank_week import replay as bank_week
from tests.worked.pipelines import feed, replay

Say = Callable[[str], None]


def main(env: Mapping[str, str], say: Say) -> int:
    """Run everything once and return the exit code."""
    files = feed.files(env)
    if files.missing:
        names = ", ".join(str(file) for file in files.missing)
        say(f"There is no {names}. Set {feed.DATA_VARIABLE} to the folder that has it.")
        return 2
    with ExitStack() as running:
        outcome = replay.verify(_start(running, env, say), files, say)
    bank_week.report(outcome, say)  # type: ignore[arg-type]  # the same parts
    say("")
    say("Every figure is as expected." if outcome.is_right else "SOME FIGURES DIFFER.")
    return 0 if outcome.is_right else 1


def _start(running: ExitStack, env: Mapping[str, str], say: Say) -> Pipeline:
    """Start Kafka and PostgreSQL in a folder that goes afterwards."""
    folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="ringside-pipelines-")))
    # Under root PostgreSQL runs as another user, who must get at its files.
    folder.chmod(0o711)
    broker = open_broker(DEFAULT_HOME, folder / "kafka", env=env, say=say)
    say(f"Starting {broker.name}, PostgreSQL and a worker ...")
    running.callback(broker.stop)
    broker.launch()
    server = Postgres.create(folder / "postgres", is_durable=False)
    running.callback(server.stop)
    server.start()
    broker.wait_until_ready()
    database = server.create_database("pipelines")
    pipeline = new_pipeline(broker, database, folder / "ringside", env)
    running.callback(pipeline.stop)
    return pipeline


if __name__ == "__main__":
    sys.exit(main(dict(os.environ), lambda text: print(text, flush=True)))  # noqa: TID251, T201
