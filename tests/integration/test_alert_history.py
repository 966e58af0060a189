"""What Alertmanager tells is kept once, with its numbers, and only from whom has the token."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from postgres_support import Users, prepared, read

from agents.__main__ import run
from agents.alerting.receiver import Receiver, serving
from agents.embedded.postgres import Database
from agents.postgres.alerts import AlertStore
from agents.postgres.pool import Database as Pool
from dashboards.alerts import names

TOKEN = "a-token-of-thirty-two-characters"
NOW = 1_780_000_100.0
NOBODY_THERE = "postgresql://nobody:nothing@127.0.0.1:1/none"


def message(status: str = "firing", **labels: str) -> dict[str, Any]:
    """Alertmanager's own, shortened to what its documentation promises."""
    return {
        "version": "4",
        "groupKey": "{}",
        "status": status,
        "receiver": "history",
        "alerts": [
            {
                "status": status,
                "labels": {
                    "alertname": "ActivityDropped",
                    "severity": "critical",
                    "team": "red",
                    "site": "hq",
                    **labels,
                },
                "annotations": {
                    "summary": "red at hq: 12 activities in 15 minutes, 60 expected",
                    "value": "12" if status == "firing" else "58",
                    "expected": "60",
                    "pending_seconds": "120",
                },
                "startsAt": "2026-05-28T20:26:40.5Z",
                "endsAt": "0001-01-01T00:00:00Z" if status == "firing" else "2026-05-28T20:46:40Z",
                "generatorURL": "http://prometheus/graph",
                "fingerprint": "25c1a8aa6d5c0e6f",
            }
        ],
    }


@pytest.fixture
async def users(database: Database) -> Users:
    return await prepared(database)


@pytest.fixture
async def address(users: Users) -> AsyncIterator[str]:
    pool = Pool(users.writer_url)
    receiver = Receiver(AlertStore(pool), token=TOKEN, now=lambda: NOW)
    async with serving(receiver, "127.0.0.1", 0) as port:
        yield f"http://127.0.0.1:{port}"
    await pool.close()


async def tell(address: str, body: object, token: str | None = TOKEN) -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{address}/alerts", data=data, headers=headers) as answer,
    ):
        return answer.status, await answer.text()


async def test_an_alert_is_one_row_with_the_numbers_of_its_beginning(
    users: Users, address: str
) -> None:
    for told in (message(), message(), message("resolved"), message("resolved")):
        assert (await tell(address, told))[0] == 200
    found = await read(
        users.reader_url,
        "SELECT name, team, value, expected, extract(epoch FROM ends_at - starts_at)::float8,"
        " extract(epoch FROM noticed_at - starts_at)::float8 + pending_seconds FROM alert",
    )
    # From 20:26:40.5 to 20:46:40; we were told at 20:28:20, and it had lasted for 120 s at first.
    assert found == [("ActivityDropped", "red", 12, 60, 1199.5, 219.5)]


async def test_two_alerts_that_begin_together_are_two(users: Users, address: str) -> None:
    other = message(team="blue")
    other["alerts"][0]["fingerprint"] = "another"
    both = message()
    both["alerts"] += other["alerts"]
    assert (await tell(address, both))[0] == 200
    assert await read(users.reader_url, "SELECT count(*) FROM alert") == [(2,)]


@pytest.mark.parametrize("token", [None, "", "wrong", TOKEN + "x"])
async def test_without_the_token_nothing_is_kept(
    users: Users, address: str, token: str | None
) -> None:
    assert (await tell(address, message(), token))[0] == 401
    assert await read(users.reader_url, "SELECT count(*) FROM alert") == [(0,)]


@pytest.mark.parametrize("body", [b"", b"not json", b"[" * 9000, b'{"alerts": [{}]}', b"\xff"])
async def test_what_is_no_message_of_alertmanager_is_refused(address: str, body: bytes) -> None:
    status, text = await tell(address, body)
    assert status == 400
    assert "no message of Alertmanager" in text


async def test_while_the_database_is_away_alertmanager_is_asked_to_come_again() -> None:
    pool = Pool(NOBODY_THERE)
    async with serving(
        Receiver(AlertStore(pool), token=TOKEN, now=lambda: NOW), "127.0.0.1", 0
    ) as port:
        status, _ = await tell(f"http://127.0.0.1:{port}", message())
    await pool.close()
    assert status == 503


async def test_the_links_of_the_rules_lead_to_the_runbooks_and_nowhere_else(address: str) -> None:
    async with aiohttp.ClientSession() as session:
        for name in names():
            async with session.get(f"{address}/runbooks/{name}.md") as answer:
                assert (answer.status, (await answer.text())[:2]) == (200, "# ")
        for path in ("Nothing.md", "..%2F..%2FREADME.md", "ActivityDropped"):
            async with session.get(f"{address}/runbooks/{path}") as answer:
                assert answer.status == 404


async def test_people_mark_alerts_and_see_the_month(
    users: Users, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await tell(address, message())
    ((id_,),) = await read(users.reader_url, "SELECT id FROM alert")
    env = {"RINGSIDE_DATABASE_URL": users.writer_url}

    def ringside(*arguments: str) -> tuple[int, str]:
        # In a thread of its own: the command runs an event loop.
        code = run(arguments, env)
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    async def command(*arguments: str) -> tuple[int, str]:
        return await asyncio.to_thread(ringside, *arguments)

    code, text = await command("alerts", "mark", str(id_), "false", "--note", "a training day")
    assert (code, "marked as false" in text) == (0, True)
    code, text = await command("alerts", "month")
    assert code == 0
    # May 2026: fired once, right never, false once, none unmarked, noticed after 219.5 s.
    (row,) = [line for line in text.splitlines() if "ActivityDropped" in line]
    assert row.split() == ["2026-05", "ActivityDropped", "1", "0", "1", "0", "220"]
    code, text = await command("alerts", "mark", "999", "true")
    assert code != 0
    assert "there is no alert 999" in text
    code, text = await command("alerts", "list", "--since", "36500d")
    assert "a training day" in text
