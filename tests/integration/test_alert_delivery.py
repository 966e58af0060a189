"""What really arrives: a real Alertmanager, an SMTP server, and what stands for Slack and a pager.

One Alertmanager serves all tests, so each has teams, queues and sources of its own.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from told import PASSWORD, TOKEN, USER, Told, text_of, until

from agents import clock
from agents.alerting.config import configuration
from agents.alerting.settings import Delivery, Mail, Receiver, Slack, Webhook
from agents.embedded.alertmanager import Alertmanager
from schemas.roster import WEEKDAYS, Site

OPEN = Site(id="open", zone="Asia/Seoul", working_hours=dict.fromkeys(WEEKDAYS, "00:00-24:00"))
CLOSED = Site(id="closed", zone="Asia/Seoul", working_hours={})
Post = Callable[..., Any]

pytestmark = pytest.mark.asyncio(loop_scope="module")


def delivery(told: Told, secrets: Path) -> Delivery:
    """Everybody by another way; passwords, tokens and Slack's address in files."""
    for name, text in (
        ("smtp", PASSWORD),
        ("token", TOKEN),
        ("slack", f"{told.url}/slack"),
    ):
        (secrets / name).write_text(text, "utf-8")
    pager = Webhook(url=f"{told.url}/pager", token_file=str(secrets / "token"))
    return Delivery(
        history=Webhook(url=f"{told.url}/history", token_file=str(secrets / "token")),
        heartbeat=Webhook(url=f"{told.url}/heartbeat"),
        heartbeat_seconds=1,
        mail=Mail(
            server=told.smtp,
            sender="ringside@example.com",
            username=USER,
            password_file=str(secrets / "smtp"),
            require_tls=False,  # on this machine
        ),
        receivers={
            "oncall": Receiver(email=("oncall@example.com",), webhook=(pager,)),
            "floor": Receiver(slack=(Slack(channel="#floor", url_file=str(secrets / "slack")),)),
            "lead": Receiver(email=("lead@example.com",)),
        },
        critical=("oncall",),
        warning=("floor",),
        teams={"team-02": ("lead",)},
        group_wait_seconds=0.5,
        group_interval_seconds=0.5,
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def told(server_folder: Path) -> AsyncIterator[Told]:
    async with AsyncExitStack() as running:
        found = Told()
        await running.enter_async_context(found.listening())
        home = Path(tempfile.mkdtemp(dir=server_folder))
        manager = Alertmanager.create(
            home, configuration=configuration(delivery(found, home), (OPEN, CLOSED))
        )
        running.callback(manager.stop)
        await asyncio.to_thread(manager.start)
        found.alertmanager = manager.url
        yield found


def alert(name: str, severity: str, summary: str = "", **labels: str) -> dict[str, Any]:
    """An alert as Prometheus sends it, with what our rules put in."""
    now = datetime.fromtimestamp(clock.now(), UTC)
    return {
        "labels": {"alertname": name, "severity": severity, **labels},
        "annotations": {
            "summary": summary or f"{name} of {labels}",
            "runbook_url": f"http://runbooks.example.com/{name}.md",
            "dashboard_url": f"http://grafana.example.com/d/ringside-alerts?var-of={name}",
        },
        "startsAt": now.isoformat(),
        "endsAt": (now + timedelta(hours=1)).isoformat(),
    }


async def post(told: Told, *alerts: dict[str, Any]) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{told.alertmanager}/api/v2/alerts", json=alerts) as answer,
    ):
        assert answer.status == 200, await answer.text()


def over(one: dict[str, Any]) -> dict[str, Any]:
    now = datetime.fromtimestamp(clock.now(), UTC)
    return {**one, "endsAt": now.isoformat()}


async def test_a_critical_alert_reaches_the_team_s_lead_and_who_is_on_call_with_all_they_need(
    told: Told,
) -> None:
    summary = "team-02 at penang: 12 activities in 15 minutes, 60 expected, since 2026-03-02 08:05"
    drop = alert("ActivityDropped", "critical", summary, team="team-02", site="penang")
    await post(told, drop)
    for who in ("oncall@example.com", "lead@example.com"):
        await until(lambda who=who: told.mails_to(who, "ActivityDropped"), told)
        (mail,) = told.mails_to(who, "ActivityDropped")
        assert mail["Subject"] == "[FIRING] ActivityDropped team-02 penang"
        assert mail["From"] == "ringside@example.com"
        text = text_of(mail)
        assert summary in text
        assert "What to do: http://runbooks.example.com/ActivityDropped.md" in text
        assert "Board: http://grafana.example.com/d/ringside-alerts?var-of=ActivityDropped" in text
    # The pager is somebody else's program: it gets the labels and annotations, and our token.
    await until(lambda: told.posts("pager", team="team-02"), told)
    (page,) = told.posts("pager", team="team-02")
    assert (page["status"], page["annotations"]["summary"]) == ("firing", summary)
    assert told.tokens["pager"] == {f"Bearer {TOKEN}"}
    await post(told, over(drop))
    await until(lambda: len(told.mails_to("oncall@example.com", "ActivityDropped")) == 2, told)
    _, mail = told.mails_to("oncall@example.com", "ActivityDropped")
    assert mail["Subject"] == "[RESOLVED] ActivityDropped team-02 penang"
    assert f"Over: {summary}" in text_of(mail)
    assert told.logins == {(USER, PASSWORD)}


async def test_a_warning_reaches_the_channel_in_working_hours_only(told: Told) -> None:
    summary = (
        "sales at open: service level 61.2% in 15 minutes, at least 80% expected, since 2026-03-02"
    )
    await post(
        told,
        alert("ServiceLevelLow", "warning", summary, queue="sales", site="open"),
        alert("ServiceLevelLow", "warning", queue="sales-far", site="closed"),
        alert("BadSource", "warning", source="crm"),
    )
    await until(lambda: told.slack("sales at open"), told)
    (message,) = told.slack("sales at open")
    assert message["channel"] == "#floor"
    (attachment,) = message["attachments"]
    assert attachment["title"] == "[FIRING] ServiceLevelLow sales open"
    assert attachment["title_link"].startswith("http://grafana.example.com/d/ringside-alerts")
    assert summary in attachment["text"]
    assert "What to do: http://runbooks.example.com/ServiceLevelLow.md" in attachment["text"]
    # What is of no site is told at any hour.
    await until(lambda: told.slack("BadSource"), told)
    # The history has what was muted; people would have been told half a second later.
    await until(lambda: told.posts("history", queue="sales-far"), told)
    await post(told, alert("LongestWaitHigh", "warning", queue="later", site="open"))
    await until(lambda: told.slack("later"), told)
    assert told.slack("sales-far") == []
    assert told.mails_to("oncall@example.com", "ServiceLevelLow") == []
    # What is critical is told at any hour, too.
    await post(told, alert("ActivityDropped", "critical", team="night", site="closed"))
    await until(lambda: told.posts("pager", team="night"), told)


async def test_a_source_that_serves_three_sites_is_one_message(told: Told) -> None:
    sites = ("one", "two", "three")
    each = [alert("SourceSilent", "critical", source="pbx-3", site=site) for site in sites]
    await post(told, *each)
    await until(lambda: len(told.posts("pager", source="pbx-3")) == 3, told)
    await until(lambda: told.mails_to("oncall@example.com", "pbx-3"), told)
    (mail,) = told.mails_to("oncall@example.com", "pbx-3")
    # Which site is not in common, so the subject names none.
    assert mail["Subject"] == "[FIRING] SourceSilent pbx-3"
    text = text_of(mail)
    assert [text.count(f"'site': '{site}'") for site in sites] == [1, 1, 1]
    # By itself each is kept.
    assert len(told.messages("history", source="pbx-3")) == 3


async def test_a_cause_silences_its_effects_and_nothing_else(told: Told) -> None:
    await post(told, alert("SourceSilent", "critical", source="pbx-4", site="hanoi"))
    await until(lambda: told.posts("pager", source="pbx-4"), told)
    await post(
        told,
        alert("ActivityDropped", "critical", team="quiet", site="hanoi"),
        alert("ActivityDropped", "critical", team="other", site="seoul"),
    )
    await until(lambda: told.posts("pager", team="other"), told)
    await post(told, alert("PipelineLagging", "critical", topic="ringside.calls"))
    await until(lambda: told.posts("pager", topic="ringside.calls"), told)
    await post(
        told,
        alert("ActivityDropped", "critical", team="third", site="seoul"),
        alert("WorkerDown", "critical", instance="w1"),
    )
    await until(lambda: told.posts("pager", instance="w1"), told)
    await post(told, alert("NothingCounted", "critical"))
    await until(lambda: told.posts("pager", alertname="NothingCounted"), told)
    await post(
        told,
        alert("WorkerDown", "critical", instance="w2"),
        alert("DatabaseBehind", "critical"),
    )
    await until(lambda: told.posts("pager", alertname="DatabaseBehind"), told)
    # Whatever was silenced is in the history, and would have been told by now.
    for labels in ({"team": "quiet"}, {"team": "third"}, {"instance": "w2"}):
        await until(lambda labels=labels: told.inhibited(**labels), told)
        assert told.posts("pager", **labels) == []


async def test_the_heartbeat_beats_and_is_no_history(told: Told) -> None:
    await post(told, alert("Watchdog", "none"))
    await until(lambda: len(told.messages("heartbeat", alertname="Watchdog")) > 2, told)
    assert told.posts("history", alertname="Watchdog") == []
    assert told.posts("pager", alertname="Watchdog") == []
