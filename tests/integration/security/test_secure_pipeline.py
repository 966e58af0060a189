"""Everything over TLS with the least rights: from an event in a file to a row and a dead letter."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import asyncpg
import pytest
from confluent_kafka import Producer

from agents.kafka import config
from agents.settings import Settings
from schemas.codec import encode
from tests.integration.floor_events import call
from tests.integration.pipeline import PATIENCE_SECONDS, Worker, wait_until
from tests.integration.security.authority import Authority
from tests.integration.security.installed import CUSTOMER_KEY, Env, Installation

ROSTER = """
sites: [{id: hanoi, zone: Asia/Ho_Chi_Minh}]
teams: [{id: loans, site: hanoi}]
reps: [{id: mai, team: loans}]
queues: [{id: sales, site: hanoi}]
"""


@pytest.fixture
def start(installation: Installation) -> Iterator[Callable[[Env], Worker]]:
    """Starts a worker with an environment, and ends it after the test."""
    workers: list[Worker] = []

    def started(env: Env) -> Worker:
        workers.append(worker := installation.worker(env))
        worker.process.start()
        worker.wait_until_ready()
        return worker

    yield started
    for worker in workers:
        worker.process.kill()


def rows(installation: Installation, query: str, role: str = "reader") -> list[tuple[object, ...]]:
    async def fetched() -> list[tuple[object, ...]]:
        connection = await asyncpg.connect(installation.url(role))
        try:
            return [tuple(row) for row in await connection.fetch(query)]
        finally:
            await connection.close()

    return asyncio.run(fetched())


def test_the_whole_way_of_an_event_through_tls(
    installation: Installation,
    start: Callable[[Env], Worker],
    now: Callable[[], float],
    tmp_path: Path,
) -> None:
    operator = installation.env("operator")
    (tmp_path / "roster.yml").write_text(ROSTER, encoding="utf-8")
    installation.run(operator, "roster", "apply", str(tmp_path / "roster.yml"))
    _publish(installation, tmp_path, "tls-1", now() - 60)
    _send_poison(installation)

    worker = start(installation.worker_env())
    wait_until(lambda: _applied(installation) == 3, worker.log)
    by_team = worker.total("ringside_calls_answered", window="1h", team="loans")
    assert by_team == 1, "the roster was read through TLS, too"
    wait_until(lambda: worker.total("ringside_dead_letters_total") >= 1, worker.log)
    refused = worker.total("ringside_dead_letters_total")
    # It can be read when the checkpoint is committed.
    listed = partial(installation.run, operator, "deadletters", "list")
    wait_until(lambda: "not_json" in listed().stdout, worker.log)
    installation.run(operator, "deadletters", "retry")
    wait_until(lambda: worker.total("ringside_dead_letters_total") == 2 * refused, worker.log)

    # The same user by certificate: its shards are handed over, and counting goes on.
    successor = start(installation.worker_env(by="mtls"))
    worker.process.stop()
    _publish(installation, tmp_path, "tls-2", now() - 50)
    wait_until(lambda: _applied(installation) == 6, successor.log)
    applied = {"topic": "ringside.calls", "result": "applied"}
    wait_until(lambda: successor.total("ringside_events_total", **applied) == 6, successor.log)


def _publish(installation: Installation, folder: Path, call_id: str, at: float) -> None:
    events = call(call_id, at, wait_seconds=5, talk_seconds=6)
    file = folder / f"{call_id}.jsonl"
    file.write_bytes(b"".join(encode(event) + b"\n" for event in events))
    env = installation.env("publisher") | {"RINGSIDE_CUSTOMER_KEY": CUSTOMER_KEY}
    installation.run(env, "publish", str(file))


def test_what_goes_to_the_database_is_encrypted(installation: Installation) -> None:
    query = (
        "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE pid = pg_backend_pid()"
    )
    assert rows(installation, query) == rows(installation, query, "writer") == [(True,)]


def _applied(installation: Installation) -> int:
    query = (
        "SELECT coalesce(sum(applied), 0)::int FROM ringside.ledger WHERE topic = 'ringside.calls'"
    )
    (found,) = rows(installation, query)
    return int(str(found[0]))


def _send_poison(installation: Installation) -> None:
    settings = Settings.from_env(
        {k: v for k, v in installation.env("publisher").items() if k.startswith("RINGSIDE_")}
    )
    producer = Producer(config.producer(settings))
    producer.produce("ringside.calls", b'{"customer": "+84901234567', b"x")
    assert producer.flush(PATIENCE_SECONDS) == 0


@pytest.mark.long
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"host": "127.0.0.1"}, "shows a certificate for another host"),
        ({"ca_file": "stranger"}, "certificate that cannot be trusted"),
        ({"mode": "disable"}, "no encryption"),
        ({"password": "hunter2"}, "Correct the user or the password"),
    ],
)
def test_a_database_that_is_not_ours_or_does_not_know_us_is_told_apart(
    installation: Installation,
    stranger: Authority,
    change: dict[str, str],
    said: str,
) -> None:
    given: dict[str, object] = {"password": installation.passwords["writer"], **change}
    if "ca_file" in given:
        given["ca_file"] = stranger.ca_file
    url = installation.postgres.url("secured", "the_writer", **given)  # type: ignore[arg-type]
    env = installation.base | {"RINGSIDE_DATABASE_URL": url}
    refused = installation.run(env, "db", "check", check=False)
    assert refused.returncode != 0
    assert said in refused.stderr + refused.stdout, refused.stderr
    assert "hunter2" not in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.long
def test_a_worker_without_rights_ends_and_names_them(
    installation: Installation,
) -> None:
    # All rights but those of another installation's name: only its own topics are let in.
    env = installation.worker_env() | {"RINGSIDE_APP_ID": "stranger"}
    worker = installation.worker(env)
    worker.process.start()
    wait_until(lambda: not worker.process.is_running, worker.log)
    said = worker.log()
    assert "topic stranger-ledger-changelog: read, write" in said
    assert "group stranger: read" in said
    assert "`ringside topics acls --worker NAME`" in said
    assert "Traceback" not in said
