"""The commands of README.md, run as they stand there, against real servers."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from agents.embedded.broker import Broker
from agents.embedded.paths import PROJECT
from agents.embedded.ports import free_port
from agents.embedded.postgres import Postgres
from agents.embedded.process import ChildProcess, Program
from tests.integration.installation import remove_topics
from tests.integration.pipeline import PATIENCE_SECONDS, Pipeline, Worker

README = (PROJECT / "README.md").read_text("utf-8")
BIN = Path(sys.executable).parent


def example(name: str) -> str:
    found = re.search(
        rf"<!-- example: {name} -->\n```\w+\n(.*?)^```$", README, re.MULTILINE | re.DOTALL
    )
    assert found is not None, f"README.md has no example {name!r}"
    return found[1]


def environment(env: Mapping[str, str], **ours: str) -> dict[str, str]:
    others = {name: value for name, value in env.items() if not name.startswith("RINGSIDE_")}
    return {**others, "PATH": f"{BIN}:{env['PATH']}", **ours}


def run(script: str, folder: Path, env: Mapping[str, str]) -> None:
    command = ("bash", "-euo", "pipefail", "-c", script)
    done = subprocess.run(  # noqa: S603 - our own README
        command, cwd=folder, env=dict(env), check=False, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that looks like a checkout, as far as the examples can tell."""
    shutil.copytree(PROJECT / "docs" / "examples", tmp_path / "docs" / "examples")
    return tmp_path


@pytest.mark.skipif(shutil.which("kcat") is None, reason="kcat is not installed")
def test_events_sent_with_kcat_are_all_counted(
    pipeline: Pipeline, folder: Path, env: Mapping[str, str]
) -> None:
    worker = pipeline.start_worker()

    run(example("kcat").replace("127.0.0.1:9092", pipeline.bootstrap), folder, environment(env))

    pipeline.wait_until_written(5)
    assert pipeline.results() == Counter(
        consumed=5, applied=5, duplicate=0, late=0, dead_lettered=0
    )
    assert worker.total("ringside_calls_answered", window="5m", queue="new-accounts") == 1
    (token,) = pipeline.row("SELECT customer FROM ringside.call")
    assert token.startswith("ct1_")


def test_events_sent_with_python_are_all_counted(
    pipeline: Pipeline, folder: Path, env: Mapping[str, str]
) -> None:
    pipeline.start_worker()
    (folder / "example.py").write_text(example("python"))

    run(f"python example.py {pipeline.bootstrap}", folder, environment(env))

    pipeline.wait_until_written(5)
    assert pipeline.results() == Counter(
        consumed=5, applied=5, duplicate=0, late=0, dead_lettered=0
    )
    assert pipeline.row("SELECT outcome, wait_seconds, talk_seconds FROM ringside.call") == (
        "answered",
        12.0,
        78.0,
    )


@pytest.mark.skipif(shutil.which("kcat") is None, reason="kcat is not installed")
def test_kcat_and_python_put_the_same_id_into_the_same_partition(
    pipeline: Pipeline, folder: Path, env: Mapping[str, str]
) -> None:
    # The rep of both examples is linh: two changes of state of one rep, by two senders.
    pipeline.start_worker()
    run(example("kcat").replace("127.0.0.1:9092", pipeline.bootstrap), folder, environment(env))
    (folder / "example.py").write_text(example("python"))
    run(f"python example.py {pipeline.bootstrap}", folder, environment(env))

    pipeline.wait_until_written(10)

    assert len(pipeline.rows("SELECT partition FROM ringside.rep_state")) == 1


def test_events_from_a_file_are_all_counted(
    pipeline: Pipeline, folder: Path, env: Mapping[str, str]
) -> None:
    pipeline.start_worker()
    settings = {name: text for name, text in pipeline.env.items() if name.startswith("RINGSIDE_")}

    run(example("file"), folder, environment(env, **settings))

    count = len((folder / "events.jsonl").read_text().splitlines())
    assert count > 300
    pipeline.wait_until_written(count)
    results = pipeline.results()
    assert results["consumed"] == count
    assert results["late"] == results["dead_lettered"] == 0


def test_by_hand_it_runs_as_the_readme_says(
    kafka: Broker, new_postgres: Postgres, folder: Path, env: Mapping[str, str]
) -> None:
    remove_topics(kafka.bootstrap)
    given = "postgresql://postgres:password@127.0.0.1:5432/ringside"
    admin_url = new_postgres.create_database("ringside").admin_url
    port = free_port()
    script = example("by hand").replace(given, admin_url)
    script = script.replace("127.0.0.1:9092", kafka.bootstrap)
    script = script.replace("127.0.0.1:5432", f"127.0.0.1:{new_postgres.port}")
    # In the shell's place, so that a signal to it is one to the worker.
    script = re.sub(r"^ringside worker$", "exec ringside worker", script, flags=re.MULTILINE)
    assert "exec ringside worker" in script
    program = Program(
        name="README.md by hand",
        command=("bash", "-euo", "pipefail", "-c", script),
        log=folder / "by-hand.log",
        env=environment(
            env,
            RINGSIDE_METRICS_PORT=str(port),
            RINGSIDE_KAFKA_TRANSACTIONS=str(kafka.supports_transactions).lower(),
        ),
        working_folder=folder,
    )
    worker = Worker(ChildProcess(program), port)
    worker.process.start()
    try:
        worker.wait_until_ready()
        assert worker.is_live()
        worker.process.wait_until(
            lambda: worker.total("ringside_roster_entries", kind="queue") == 3, PATIENCE_SECONDS
        )
    finally:
        worker.process.stop(30)
        remove_topics(kafka.bootstrap)
    assert worker.process.exit_code == 0, worker.log()
