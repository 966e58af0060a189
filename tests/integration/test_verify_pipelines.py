"""A CRM's deals and a help desk's cases through the whole pipeline give KPIS.md's figures."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from agents.embedded.broker import Broker
from agents.embedded.postgres import Postgres
from tests.integration.installation import new_pipeline, remove_topics
from tests.integration.pipeline import Pipeline
from tests.worked.pipelines import feed, replay
from tests.worked.pipelines.feed import Files
from tests.worked.pipelines.replay import Outcome


@pytest.fixture(scope="module")
def files(env: Mapping[str, str]) -> Files:
    found = feed.files(env)
    if found.missing:
        pytest.skip(f"{found.missing} are not there; set {feed.DATA_VARIABLE}")
    return found


@pytest.fixture(scope="module")
def installation(
    kafka: Broker,
    postgres: Postgres,
    tmp_path_factory: pytest.TempPathFactory,
    env: Mapping[str, str],
) -> Iterator[Pipeline]:
    database = postgres.create_database(f"pipelines_{secrets.token_hex(4)}")
    folder: Path = tmp_path_factory.mktemp("pipelines")
    pipeline = new_pipeline(kafka, database, folder, env)
    yield pipeline
    pipeline.stop()
    remove_topics(kafka.bootstrap)
    postgres.drop_database(database.name)


@pytest.fixture(scope="module")
def outcome(files: Files, installation: Pipeline) -> Outcome:
    return replay.verify(installation, files, lambda _: None)


def test_every_figure_is_as_in_the_domain_reference(outcome: Outcome) -> None:
    assert len(outcome.lines) == 13
    assert [line for line in outcome.lines if not line.is_right] == []


def test_every_group_and_case_is_as_pandas_works_it_out(outcome: Outcome) -> None:
    assert {part.name: part.differences for part in outcome.tallies if not part.is_right} == {}
    assert sum(part.compared for part in outcome.tallies) > 5_000
