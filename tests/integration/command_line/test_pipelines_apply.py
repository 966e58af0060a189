"""`ringside pipelines` against a real broker, beside a roster on the same topic."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from agents.__main__ import run
from agents.kafka.reading import Record
from agents.kafka.roster import RosterFollower, read_values, to_roster
from agents.settings import Settings

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"
EXAMPLE = str(EXAMPLES / "pipelines.yaml")
SMALL = "pipelines: [{id: sales, stages: [{id: new}, {id: 007}]}]"
Held = Callable[[str], list[Record]]
Capsys = pytest.CaptureFixture[str]


@pytest.fixture
def small(tmp_path: Path) -> Path:
    (tmp_path / "pipelines.yaml").write_text(SMALL)
    return tmp_path / "pipelines.yaml"


def test_a_file_is_checked_without_a_broker(small: Path, capsys: Capsys) -> None:
    assert run(["pipelines", "check", EXAMPLE], {}) == 0
    assert "sales from 2026-07-01: new > contacted > demo" in capsys.readouterr().out
    small.write_text(SMALL.replace("007", "new"))
    assert run(["pipelines", "check", str(small)], {}) == 2
    assert "'new' stands for more than one stage or end" in capsys.readouterr().err
    small.write_text("pipelines: [{id: sales, stages: [{id: new, limit: 3}]}]")
    assert run(["pipelines", "check", str(small)], {}) == 2
    assert "not a valid pipelines file: pipelines[0].stages[0]" in capsys.readouterr().err


def test_pipelines_and_the_roster_share_a_topic_and_leave_each_other_alone(
    topics: dict[str, str], held: Held, small: Path, capsys: Capsys
) -> None:
    assert run(["roster", "apply", str(EXAMPLES / "roster.yaml")], topics) == 0
    assert run(["pipelines", "apply", str(small), "--dry-run"], topics) == 0
    assert "+ pipeline sales: new > 007; zone UTC" in capsys.readouterr().out
    assert run(["pipelines", "apply", str(small)], topics) == 0
    assert held("ringside.roster")[-1].message.key == b"pipeline/sales"
    capsys.readouterr()
    for command in ("pipelines", "roster"):
        file = small if command == "pipelines" else EXAMPLES / "roster.yaml"
        assert run([command, "apply", str(file)], topics) == 0
        assert capsys.readouterr().out == "no change\n"
    assert len(to_roster(read_values(Settings.from_env(topics))).queues) == 3


def test_the_example_can_be_shown_and_applied_again(
    topics: dict[str, str], tmp_path: Path, capsys: Capsys
) -> None:
    assert run(["pipelines", "apply", EXAMPLE], topics) == 0
    capsys.readouterr()
    assert run(["pipelines", "show"], topics) == 0
    (tmp_path / "shown.yaml").write_text(capsys.readouterr().out)
    assert run(["pipelines", "apply", str(tmp_path / "shown.yaml")], topics) == 0
    assert capsys.readouterr().out == "no change\n"


def test_a_pipeline_taken_out_gets_a_tombstone(
    topics: dict[str, str], held: Held, small: Path, capsys: Capsys
) -> None:
    assert run(["pipelines", "apply", EXAMPLE], topics) == 0
    assert run(["pipelines", "apply", str(small)], topics) == 0
    assert "- pipeline renewals: was due > offered > agreed" in capsys.readouterr().out
    assert (b"pipeline/renewals", None) in [
        (record.message.key, record.message.value) for record in held("ringside.roster")
    ]


async def test_a_follower_has_the_pipelines_when_it_has_the_roster(topics: dict[str, str]) -> None:
    assert await asyncio.to_thread(run, ["pipelines", "apply", EXAMPLE], topics) == 0
    follower = RosterFollower(Settings.from_env(topics))
    task = asyncio.create_task(follower.run())
    await asyncio.wait_for(follower.ready.wait(), 180)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    version = follower.pipeline_index.version("Sales pipeline", 0.0)
    assert (version.pipeline, version.stages) == ("sales", ("new", "contacted", "offer"))
