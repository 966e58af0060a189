"""Everything that a worked example runs through, in a folder of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from agents.embedded.kafka import open_broker
from agents.embedded.paths import DEFAULT_HOME
from agents.embedded.postgres import Postgres
from tests.integration.installation import new_pipeline
from tests.integration.pipeline import Pipeline

Say = Callable[[str], None]


def start_pipeline(running: ExitStack, env: Mapping[str, str], say: Say) -> Pipeline:
    """Start Kafka and PostgreSQL in a folder that goes afterwards."""
    folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="ringside-worked-")))
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
    database = server.create_database("worked")
    pipeline = new_pipeline(broker, database, folder / "ringside", env)
    running.callback(pipeline.stop)
    return pipeline
