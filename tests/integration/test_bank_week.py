"""A bank's week of calls through the whole pipeline gives KPIS.md's figures, and pandas'."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from agents.embedded.broker import Broker
from agents.embedded.postgres import Postgres
from agents.embedded.prometheus import Prometheus
from tests.integration.installation import new_pipeline, remove_topics
from tests.integration.pipeline import Pipeline
from tests.worked.bank_week import feed, replay
from tests.worked.bank_week.compare import Line, tally
from tests.worked.bank_week.replay import Outcome


@dataclass(frozen=True, slots=True)
class Replayed:
    """The week after it has gone through."""

    pipeline: Pipeline
    outcome: Outcome


@pytest.fixture(scope="module")
def week_file(env: Mapping[str, str]) -> Path:
    file = feed.data_file(env)
    if not file.exists():
        pytest.skip(f"{file} is not there; set {feed.DATA_VARIABLE} to the folder that has it")
    return file


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    server = Prometheus.create(tmp_path_factory.mktemp("prometheus"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def installation(
    kafka: Broker,
    postgres: Postgres,
    tmp_path_factory: pytest.TempPathFactory,
    env: Mapping[str, str],
) -> Iterator[Pipeline]:
    database = postgres.create_database(f"week_{secrets.token_hex(4)}")
    pipeline = new_pipeline(kafka, database, tmp_path_factory.mktemp("week"), env)
    yield pipeline
    pipeline.stop()
    remove_topics(kafka.bootstrap)
    postgres.drop_database(database.name)


@pytest.fixture(scope="module")
def replayed(week_file: Path, installation: Pipeline, prometheus: Prometheus) -> Replayed:
    outcome = replay.verify(installation, prometheus, week_file, lambda _: None)
    return Replayed(installation, outcome)


def test_every_figure_of_the_week_is_as_worked_by_hand(replayed: Replayed) -> None:
    wrong = [line for line in replayed.outcome.lines if not line.is_right]

    assert len(replayed.outcome.lines) == 27
    assert wrong == []


def test_every_group_is_as_pandas_works_it_out(replayed: Replayed) -> None:
    wrong = {part.name: part.differences for part in replayed.outcome.tallies if not part.is_right}

    assert wrong == {}
    # 7 days, 6 queues, 23 reps, half hours, contacts; every call; the ledger; Prometheus.
    assert sum(part.compared for part in replayed.outcome.tallies) == 32_894


def test_no_customer_number_is_in_the_database(replayed: Replayed) -> None:
    tokens = (
        "SELECT count(customer), count(*) FILTER (WHERE customer LIKE 'ct1\\_%') FROM ringside.call"
    )
    told, as_token = replayed.pipeline.row(tokens)

    assert told == as_token > 5_000


def test_a_figure_that_differs_is_told(report: Callable[[Outcome], str]) -> None:
    line = Line("answered", 7917, 7916)
    per_day = tally("per day", {("2010-08-01",): {"calls_answered": 3}}, {})

    text = report(Outcome((line,), (per_day,)))
    assert text.count("NO") == 3  # the line, the figure, and the group that it is in
    assert text.endswith("2 figures compared, 2 differences.")


@pytest.fixture
def report() -> Callable[[Outcome], str]:
    def told(outcome: Outcome) -> str:
        lines: list[str] = []
        replay.report(outcome, lines.append)
        return "\n".join(lines)

    return told
