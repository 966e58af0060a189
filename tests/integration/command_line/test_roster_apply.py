"""`ringside roster` and the workers' follower against a real broker."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from agents.__main__ import run
from agents.embedded.broker import Broker
from agents.kafka.reading import Record
from agents.kafka.roster import RosterFollower, read_values, to_roster
from agents.settings import Settings
from schemas.roster import Roster
from tests.integration.pipeline import PATIENCE_SECONDS

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "roster.yaml"
SMALL = """
sites: [{id: hanoi, zone: Asia/Ho_Chi_Minh}]
teams: [{id: north, site: hanoi}]
reps: [{id: linh, team: north}, {id: 007, team: north}]
"""
Held = Callable[[str], list[Record]]
Capsys = pytest.CaptureFixture[str]


@pytest.fixture
def small(tmp_path: Path) -> Path:
    (tmp_path / "roster.yaml").write_text(SMALL)
    return tmp_path / "roster.yaml"


def test_a_dry_run_shows_the_difference_and_publishes_nothing(
    topics: dict[str, str], held: Held, small: Path, capsys: Capsys
) -> None:
    assert run(["roster", "apply", str(small), "--dry-run"], topics) == 0
    assert "+ rep linh: always: team north" in capsys.readouterr().out
    assert held("ringside.roster") == []


def test_each_entity_is_one_message_and_a_repeat_publishes_nothing(
    topics: dict[str, str], held: Held, small: Path, capsys: Capsys
) -> None:
    assert run(["roster", "apply", str(small)], topics) == 0
    keys = {record.message.key for record in held("ringside.roster")}
    assert keys == {
        b"site/hanoi",
        b"team/north",
        b"rep/linh",
        b"rep/007",
        b"activity_volume/measures",
    }
    capsys.readouterr()
    assert run(["roster", "apply", str(small)], topics) == 0
    assert capsys.readouterr().out == "no change\n"
    assert len(held("ringside.roster")) == 5


def test_a_rep_taken_out_gets_a_tombstone(
    topics: dict[str, str], held: Held, small: Path, capsys: Capsys
) -> None:
    assert run(["roster", "apply", str(small)], topics) == 0
    small.write_text(SMALL.replace(", {id: 007, team: north}", ""))
    assert run(["roster", "apply", str(small)], topics) == 0
    assert "- rep 007: was always: team north" in capsys.readouterr().out
    last = held("ringside.roster")[-1].message
    assert (last.key, last.value) == (b"rep/007", None)
    assert [rep.id for rep in to_roster(read_values(Settings.from_env(topics))).reps] == ["linh"]


def test_the_example_can_be_shown_and_applied_again(
    topics: dict[str, str], tmp_path: Path, capsys: Capsys
) -> None:
    assert run(["roster", "apply", str(EXAMPLE)], topics) == 0
    capsys.readouterr()
    assert run(["roster", "show"], topics) == 0
    (tmp_path / "shown.yaml").write_text(capsys.readouterr().out)
    assert run(["roster", "apply", str(tmp_path / "shown.yaml")], topics) == 0
    assert capsys.readouterr().out == "no change\n"


@pytest.mark.parametrize(
    "mistake",
    [
        ("reps: [{id: linh, team: south}]", "rep linh: there is no team 'south'"),
        ("queues: [{id: q, site: s, target_seconds: soon}]", "queues[0].target_seconds (q): "),
        ("reps: [{id: linh}]", "reps[0] (linh): object missing required field `team`"),
        ("people: []", "object contains unknown field `people`"),
        ("reps: {", "line 2, column 1: this is not YAML"),
        ("", "is empty; see docs/examples/roster.yaml"),
        ("!!python/object/apply:os.system [ls]", "this is not YAML"),
    ],
)
def test_a_mistake_is_told_by_its_place_and_nothing_is_published(
    topics: dict[str, str], held: Held, tmp_path: Path, capsys: Capsys, mistake: tuple[str, str]
) -> None:
    text, words = mistake
    (tmp_path / "roster.yaml").write_text(text + "\n" if text else "")
    assert run(["roster", "apply", str(tmp_path / "roster.yaml")], topics) == 2
    assert words in capsys.readouterr().err
    assert held("ringside.roster") == []


@asynccontextmanager
async def following(follower: RosterFollower) -> AsyncIterator[None]:
    task = asyncio.create_task(follower.run())
    try:
        await asyncio.wait_for(follower.ready.wait(), PATIENCE_SECONDS)
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_a_worker_has_the_whole_roster_before_it_starts_and_follows_changes(
    topics: dict[str, str], small: Path
) -> None:
    assert await asyncio.to_thread(run, ["roster", "apply", str(small)], topics) == 0
    heard: list[tuple[Roster, int]] = []
    changed = asyncio.Event()

    def on_change(roster: Roster, offset: int) -> None:
        heard.append((roster, offset))
        changed.set()

    follower = RosterFollower(Settings.from_env(topics), on_change=on_change)
    async with following(follower):
        before = follower.index
        assert before.team_of("linh", 0) == "north"
        assert heard[-1][1] == 5  # five entities, so five messages
        changed.clear()
        left = SMALL.replace("{id: linh, team: north}", "{id: linh, team: null}")
        await asyncio.to_thread(small.write_text, left)
        assert await asyncio.to_thread(run, ["roster", "apply", str(small)], topics) == 0
        await asyncio.wait_for(changed.wait(), PATIENCE_SECONDS)
        assert follower.index.team_of("linh", 0) == "unknown"
        assert before.team_of("linh", 0) == "north"
        assert heard[-1][1] == 6


async def test_an_empty_topic_is_a_roster_without_anybody(topics: dict[str, str]) -> None:
    follower = RosterFollower(Settings.from_env(topics))
    async with following(follower):
        assert follower.index.team_of("linh", 0) == "unknown"


async def test_a_follower_waits_for_an_absent_broker_and_outlives_its_restart(
    new_broker: Broker, small: Path
) -> None:
    env = {"RINGSIDE_KAFKA_BOOTSTRAP": new_broker.bootstrap}
    assert await asyncio.to_thread(run, ["topics", "apply"], env) == 0
    await asyncio.to_thread(new_broker.stop)
    changed = asyncio.Event()
    follower = RosterFollower(
        Settings.from_env(env), on_change=lambda roster, _: changed.set() if roster.reps else None
    )
    task = asyncio.create_task(follower.run())
    await asyncio.to_thread(new_broker.start)
    await asyncio.wait_for(follower.ready.wait(), PATIENCE_SECONDS)
    await asyncio.to_thread(new_broker.stop)
    await asyncio.to_thread(new_broker.start)
    assert await asyncio.to_thread(run, ["roster", "apply", str(small)], env) == 0
    await asyncio.wait_for(changed.wait(), PATIENCE_SECONDS)
    assert follower.index.team_of("linh", 0) == "north"
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
