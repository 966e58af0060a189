"""Installations on servers of a test's own: a pytest plugin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

import pytest

from agents.embedded.broker import Broker
from agents.embedded.postgres import Postgres
from tests.integration.installation import new_pipeline
from tests.integration.pipeline import Pipeline


class Install(Protocol):
    """Makes an installation: topics and schema, no worker."""

    def __call__(
        self, *, broker: Broker | None = None, server: Postgres | None = None, **settings: str
    ) -> Pipeline: ...


@pytest.fixture
def install(
    request: pytest.FixtureRequest, tmp_path: Path, env: Mapping[str, str], under: tuple[str, ...]
) -> Iterator[Install]:
    """`install(server=new_postgres)`: on that server, and on the run's for what is left out."""
    made: list[Pipeline] = []

    def make(
        *, broker: Broker | None = None, server: Postgres | None = None, **settings: str
    ) -> Pipeline:
        kafka = broker or request.getfixturevalue("kafka")
        if server is None:
            database = request.getfixturevalue("database")
        else:
            database = server.create_database("ringside")
        made.append(new_pipeline(kafka, database, tmp_path, env, under=under, **settings))
        return made[-1]

    yield make
    for pipeline in made:
        pipeline.stop()


@pytest.fixture(autouse=True)
def _logs_of_what_failed(request: pytest.FixtureRequest) -> Iterator[None]:
    """Show how the workers fared; pytest shows it only if the test failed."""
    is_fault = request.node.get_closest_marker("fault") and "tmp_path" in request.fixturenames
    folder = request.getfixturevalue("tmp_path") if is_fault else None
    yield
    for log in sorted(folder.glob("worker-*.log")) if folder is not None else ():
        print(f"--- {log.name}\n{log.read_text()[-4000:]}")  # noqa: T201
