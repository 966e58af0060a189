"""`ringside baseline` against a real broker, for the roster, and PostgreSQL with a history."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agents import clock
from agents.__main__ import run
from agents.embedded.postgres import Database
from agents.postgres.baseline import LOCK_KEY
from agents.postgres.pool import Database as Pool
from agents.postgres.roster import RosterWriter
from schemas.roster import Rep, Roster, Site, Team
from streams.facts import Amount, Dims
from streams.snapshot import PaneKey
from tests.integration.postgres_support import Users, prepared, session, sink_on, snapshot

Capsys = pytest.CaptureFixture[str]

QUARTER = timedelta(minutes=15)
ROSTER = Roster(
    sites=(Site(id="hq", zone="UTC", working_hours={"mon": "10:00-10:30"}),),
    teams=(Team(id="red", site="hq"),),
    reps=(Rep(id="mai", team="red"),),
)
ROSTER_FILE = """
sites: [{id: hq, zone: UTC, working_hours: {mon: 10:00-10:30}}]
teams: [{id: red, site: hq}]
reps: [{id: mai, team: red}]
"""


@pytest.fixture
def users(database: Database) -> Users:
    return asyncio.run(prepared(database))


@pytest.fixture
def installed(topics: dict[str, str], users: Users) -> dict[str, str]:
    return topics | {"RINGSIDE_DATABASE_URL": users.writer_url}


@pytest.fixture
def history(
    installed: dict[str, str], users: Users, tmp_path: Path, capsys: Capsys
) -> dict[str, str]:
    """The environment, with a roster on the topic and six Mondays in PostgreSQL."""
    (tmp_path / "roster.yaml").write_text(ROSTER_FILE)
    assert run(["roster", "apply", str(tmp_path / "roster.yaml")], installed) == 0
    asyncio.run(fill(users))
    capsys.readouterr()
    return installed


async def fill(users: Users) -> None:
    pool = Pool(users.writer_url)
    await RosterWriter(pool).write(ROSTER, 1)
    await pool.close()
    async with sink_on(users.writer_url) as sink:
        await sink.write([snapshot(10, mondays(datetime.fromtimestamp(clock.now(), UTC)))])


def mondays(now: datetime) -> dict[PaneKey, dict[str, Amount]]:
    """The last six Mondays: at 10:00 two calls and an e-mail, at 10:15 a call."""
    ten = now.replace(hour=10, minute=0, second=0, microsecond=0) - timedelta(now.weekday())
    last = ten if ten + 2 * QUARTER <= now else ten - timedelta(7)
    found: dict[PaneKey, dict[str, Amount]] = {}
    for week in range(6):
        at = int((last - timedelta(7 * week)).timestamp())
        call, mail = Dims("", "mai", "inbound", "", "pbx"), Dims("", "mai", "", "email", "crm")
        found[PaneKey(at, call)] = {"calls_answered": 2}
        found[PaneKey(at, mail)] = {"activities_logged": 1}
        found[PaneKey(at + 900, call)] = {"calls_answered": 1}
    return found


def rows(text: str) -> list[list[str]]:
    """The words of each printed line."""
    return [line.split() for line in text.splitlines()]


def test_without_history_both_say_what_to_do(installed: dict[str, str], capsys: Capsys) -> None:
    assert run(["baseline", "show"], installed) == 1
    assert (
        "wait for a worker to learn one, or run `ringside baseline rebuild`"
        in capsys.readouterr().err
    )
    assert run(["baseline", "rebuild"], installed) == 1
    assert "nothing has been counted yet: start a worker first" in capsys.readouterr().err


def test_what_was_rebuilt_is_shown(history: dict[str, str], capsys: Capsys) -> None:
    assert run(["baseline", "rebuild"], history) == 0
    assert capsys.readouterr().out == "version 1 learnt\n"
    assert run(["baseline", "show"], history) == 0
    text = capsys.readouterr().out
    assert text.startswith("version 1, learnt 20")
    # 2 + 1 + 1 a week, of which three are calls; the mailer is a source, too.
    expected = rows(text)
    for row in (
        ["team", "red", "hq", "activity_volume", "4.0"],
        ["team", "red", "hq", "calls_answered", "3.0"],
        ["team", "red", "hq", "activities_logged", "1.0"],
        ["source", "pbx", "hq", "3.0"],  # a source has no kind
        ["source", "crm", "hq", "1.0"],
    ):
        assert any(line[: len(row)] == row for line in expected), row


def test_of_a_team_each_hour_is_shown(history: dict[str, str], capsys: Capsys) -> None:
    assert run(["baseline", "rebuild"], history) == 0
    capsys.readouterr()
    assert run(["baseline", "show", "--team", "red"], history) == 0
    heading, row = rows(capsys.readouterr().out)[-2:]
    assert heading[:2] == ["hour", "expected"]
    assert row[:3] == ["Mon", "10:00", "4.0"]
    assert run(["baseline", "show", "--team", "red", "--kind", "calls_answered"], history) == 0
    heading, row = rows(capsys.readouterr().out)[-2:]
    assert heading[:2] == ["hour", "expected"]
    assert row[:3] == ["Mon", "10:00", "3.0"]
    assert run(["baseline", "show", "--team", "blue"], history) == 1
    assert "there is no baseline of the team 'blue'" in capsys.readouterr().err


def test_a_repeat_is_a_new_version_unless_another_is_at_it(
    history: dict[str, str], users: Users, capsys: Capsys
) -> None:
    assert run(["baseline", "rebuild"], history) == 0
    assert run(["baseline", "rebuild"], history) == 0
    assert capsys.readouterr().out == "version 1 learnt\nversion 2 learnt\n"

    async def while_learning() -> int:
        async with session(users.writer_url) as other:
            await other.execute("SELECT pg_advisory_lock($1)", LOCK_KEY)
            return await asyncio.to_thread(run, ["baseline", "rebuild"], history)

    assert asyncio.run(while_learning()) == 1
    assert "a worker is learning it at this moment" in capsys.readouterr().err
    assert run(["baseline", "show"], history) == 0
    assert capsys.readouterr().out.startswith("version 2, ")
