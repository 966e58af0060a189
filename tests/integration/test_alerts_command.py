"""`ringside alerts test` against a real Alertmanager and the history of alerts."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from postgres_support import Users, prepared, read

from agents import clock
from agents.__main__ import run
from agents.alerting.config import configuration
from agents.alerting.receiver import Receiver as AlertReceiver
from agents.alerting.receiver import serving
from agents.alerting.settings import Delivery, Mail, Receiver, Webhook
from agents.embedded.alertmanager import Alertmanager
from agents.embedded.postgres import Database
from agents.postgres.alerts import AlertStore
from agents.postgres.pool import Database as Pool

HOST = "127.0.0.1"
TOKEN = "a-token-of-thirty-two-characters"
NOBODY_THERE = f"http://{HOST}:1"
Capsys = pytest.CaptureFixture[str]


@pytest.fixture
async def users(database: Database) -> Users:
    return await prepared(database)


@asynccontextmanager
async def told(
    history: str, folder: Path, token_file: Path, mail: str | None = None
) -> AsyncIterator[str]:
    """An Alertmanager that tells the history there, and two people; gives its address.

    `mail`: a server through which the first gets e-mail, too.
    """
    await asyncio.to_thread(token_file.write_text, TOKEN, "utf-8")
    page = f"{history}/alerts"
    delivery = Delivery(
        history=Webhook(url=page, token_file=str(token_file)),
        mail=mail and Mail(server=mail, sender="r@example.com", require_tls=False),
        receivers={
            name: Receiver(
                email=("oncall@example.com",) if mail and name == "oncall" else (),
                webhook=(Webhook(url=page, token_file=str(token_file)),),
            )
            for name in ("oncall", "red-lead")
        },
        critical=("oncall",),
        teams={"red": ("red-lead",)},
        group_wait_seconds=0.5,
        group_interval_seconds=0.5,
    )
    manager = Alertmanager.create(
        Path(tempfile.mkdtemp(dir=folder)), configuration=configuration(delivery, ())
    )
    try:
        await asyncio.to_thread(manager.start)
        yield manager.url
    finally:
        await asyncio.to_thread(manager.stop)


async def ringside(users: Users, *arguments: str) -> int:
    """Run the command in a thread of its own: it runs an event loop."""
    env = {"RINGSIDE_DATABASE_URL": users.writer_url}
    return await asyncio.to_thread(run, ["alerts", "test", *arguments], env)


async def sooner_or_later(
    users: Users, capsys: Capsys, *arguments: str, expected: str, code: int = 0
) -> tuple[str, str]:
    """Run the command, and once more with more time if the machine needs it for what is expected.

    Return what it printed. The command lasts as long as it is told to.
    """
    for seconds in ("6", "90"):
        found = await ringside(users, *arguments, "--wait", seconds)
        printed, complained = capsys.readouterr()
        if expected in printed:
            break
    assert found == code, (printed, complained)
    return printed, complained


@asynccontextmanager
async def history(users: Users) -> AsyncIterator[str]:
    async with AsyncExitStack() as running:
        pool = Pool(users.writer_url)
        running.push_async_callback(pool.close)
        receiver = AlertReceiver(AlertStore(pool), token=TOKEN, now=clock.now)
        port = await running.enter_async_context(serving(receiver, HOST, 0))
        yield f"http://{HOST}:{port}"


async def test_it_says_whom_the_routes_chose_and_that_it_arrived(
    users: Users, server_folder: Path, tmp_path: Path, capsys: Capsys
) -> None:
    token = tmp_path / "token"
    async with history(users) as kept_at, told(kept_at, server_folder, token) as url:
        arguments = ("--alertmanager", url, "--label", "team=red")
        printed, _ = await sooner_or_later(users, capsys, *arguments, expected="told by webhook: 3")
    first, second, third = printed.splitlines()
    # Critical goes to whom is on call, and what is about the red team to its lead, too.
    assert first == "routed to: history, oncall, red-lead"
    # All three by webhook.
    assert second == "told by webhook: 3"
    assert third.startswith("arrived in the history after ")
    kept = await read(users.reader_url, "SELECT DISTINCT name, severity, team FROM alert")
    assert kept == [("RingsideTest", "critical", "red")]


async def test_a_way_that_fails_is_named_though_the_others_work(
    users: Users, server_folder: Path, tmp_path: Path, capsys: Capsys
) -> None:
    nowhere = f"{HOST}:1"
    token = tmp_path / "token"
    expected = "told by webhook: 2"
    async with history(users) as kept_at, told(kept_at, server_folder, token, nowhere) as url:
        printed, complained = await sooner_or_later(
            users, capsys, "--alertmanager", url, expected=expected, code=1
        )
    assert expected in printed
    assert "attempts by email failed" in complained
    assert "told by email" not in printed


async def test_what_does_not_arrive_is_an_error_that_says_what_to_look_at(
    users: Users, server_folder: Path, tmp_path: Path, capsys: Capsys
) -> None:
    async with told(NOBODY_THERE, server_folder, tmp_path / "token") as url:
        options = ("--alertmanager", url, "--wait", "1", "--label")
        assert await ringside(users, *options, "severity=none") == 1
    printed = capsys.readouterr()
    assert printed.out == "routed to: history\n"
    assert "it did not arrive within 1 s" in printed.err
    assert await read(users.reader_url, "SELECT count(*) FROM alert") == [(0,)]


async def test_an_alertmanager_that_is_not_there_and_a_label_that_is_none(
    users: Users, capsys: Capsys
) -> None:
    assert await ringside(users, "--alertmanager", NOBODY_THERE) == 1
    assert f"{NOBODY_THERE}/metrics does not answer" in capsys.readouterr().err
    assert await ringside(users, "--label", "team") == 2
    assert "--label 'team' should look like team=north" in capsys.readouterr().err
