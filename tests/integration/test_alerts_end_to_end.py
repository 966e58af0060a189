"""From the floor to the page and back: real Prometheus, Alertmanager and PostgreSQL.

The floor is simulated and runs 90 times as fast, so a quarter of an hour takes ten seconds. The
rules are those that are shipped; only how long something must last is shortened, as settings.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from alert_floor import Floor, serve
from boards import Asked, ask, at_time, is_of_alerts
from postgres_support import Users, prepared, read

from agents import clock
from agents.alerting.config import configuration
from agents.alerting.receiver import Receiver as AlertReceiver
from agents.alerting.receiver import serving
from agents.alerting.settings import Delivery, Receiver, Webhook
from agents.alerting.trial import NAME, Trial, trial
from agents.embedded.alertmanager import Alertmanager
from agents.embedded.postgres import Database
from agents.embedded.prometheus import Prometheus
from agents.postgres.alerts import AlertStore
from agents.postgres.baseline import keep
from agents.postgres.pool import Database as Pool
from dashboards.alerts import alert_rules
from dashboards.queries import queries
from dashboards.rules import recording_rules
from schemas.alerting import Drop, Rules, Silence
from streams.baseline.build import Span

SPEED = 90.0
HOST = "127.0.0.1"
TOKEN = "a-token-of-thirty-two-characters"
RULES = Rules(
    drop=Drop(for_seconds=1.5, keep_seconds=3),
    # So long after a silence no drop is told of: a quarter of an hour of the floor, and a bit.
    silence=Silence(for_seconds=0.5, echo_seconds=14),
    keep_seconds=3,
    evaluation_seconds=0.5,
)
TEAM, SITE, SOURCE = "team-02", "penang", "/sim/pbx-2"
Page = tuple[str, str, str]
"""firing or resolved; the alert; the team or the source."""


@dataclass
class OnCall:
    """Whom pages reach: a webhook that keeps them."""

    pages: list[Page] = field(default_factory=list)
    trials: list[Page] = field(default_factory=list)
    """Pages that are only tests."""
    summaries: list[str] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        message: dict[str, Any] = await request.json()
        for alert in message["alerts"]:
            labels = alert["labels"]
            who = labels.get("source") or labels.get("team", "")
            page = (alert["status"], labels["alertname"], who)
            if labels["alertname"] == NAME:
                self.trials.append(page)
                continue
            if page not in self.pages[-1:]:  # the sites of a source come one by one
                self.pages.append(page)
            self.summaries.append(alert["annotations"]["summary"])
        return web.Response()


@dataclass
class Stage:
    floor: Floor
    on_call: OnCall
    prometheus: Prometheus
    alertmanager: Alertmanager
    users: Users
    store: AlertStore

    async def pages(self, *expected: Page) -> None:
        """Wait until these pages came, in this order, and no others."""
        await until(lambda: self.on_call.pages == list(expected), lambda: self.on_call.pages)

    async def value(self, expression: str) -> float | None:
        found: Any = await asyncio.to_thread(self.prometheus.query, expression)
        return float(found[0]["value"][1]) if found else None

    async def reaches(self, expression: str) -> None:
        """Wait until a condition in PromQL holds."""
        for _ in range(1200):
            if await self.value(expression) is not None:
                return
            await asyncio.sleep(0.1)
        pytest.fail(f"{expression} never held")


async def until(is_so: Callable[[], bool], found: Callable[[], object]) -> None:
    for _ in range(900):
        if is_so():
            return
        await asyncio.sleep(0.1)
    pytest.fail(f"not in 90 s; found {found()}")


def fast(prometheus: Prometheus) -> None:
    """Let it scrape each second: a sample for each minute and a half of the floor."""
    file = prometheus.home / "prometheus.yml"
    text = file.read_text("utf-8")
    shortened = text.replace("scrape_interval: 5s", "scrape_interval: 1s")
    shortened = shortened.replace("scrape_timeout: 4s", "scrape_timeout: 1s")
    assert shortened.count(": 1s\n") == 2
    file.write_text(shortened, "utf-8")


def write_files(folder: Path, token_file: Path) -> list[Path]:
    for name, text in (("recording", recording_rules()), ("alerts", alert_rules(RULES))):
        (folder / f"{name}.yml").write_text(text, "utf-8")
    token_file.write_text(TOKEN, "utf-8")
    return sorted(folder.glob("*.yml"))


@pytest.fixture
async def stage(database: Database, server_folder: Path, tmp_path: Path) -> AsyncIterator[Stage]:
    token_file = tmp_path / "token"
    rules = write_files(tmp_path, token_file)
    users = await prepared(database)
    pool, on_call = Pool(users.writer_url), OnCall()
    store = AlertStore(pool)
    async with AsyncExitStack() as running:
        running.push_async_callback(pool.close)
        port = await running.enter_async_context(
            serving(AlertReceiver(store, token=TOKEN, now=clock.now), HOST, 0)
        )
        phone = await _listen(on_call, running)

        def webhook(address: str) -> Webhook:
            return Webhook(url=address, token_file=str(token_file))

        delivery = Delivery(
            history=webhook(f"http://{HOST}:{port}/alerts"),
            receivers={"oncall": Receiver(webhook=(webhook(phone),))},
            critical=("oncall",),
            group_wait_seconds=0.5,
            group_interval_seconds=0.5,
        )
        alertmanager = Alertmanager.create(
            Path(tempfile.mkdtemp(dir=server_folder)), configuration=configuration(delivery, ())
        )
        running.callback(alertmanager.stop)
        alertmanager.start()
        floor = Floor(clock.now(), SPEED)
        server, metrics_port = serve(floor)
        running.callback(server.stop)
        prometheus = Prometheus.create(
            Path(tempfile.mkdtemp(dir=server_folder)),
            rules=rules,
        )
        fast(prometheus)
        prometheus.set_targets(
            {
                "workers": [f"{HOST}:{metrics_port}"],
                "alertmanagers": [f"{HOST}:{alertmanager.port}"],
            }
        )
        running.callback(prometheus.stop)
        prometheus.start()
        yield Stage(floor, on_call, prometheus, alertmanager, users, store)


async def _listen(on_call: OnCall, running: AsyncExitStack) -> str:
    application = web.Application()
    application.router.add_post("/page", on_call.take)
    runner = web.AppRunner(application)
    await runner.setup()
    running.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, HOST, 0).start()
    return f"http://{HOST}:{runner.addresses[0][1]}/page"


def _activity(team: str, compared: str) -> str:
    of = f'{{team="{team}", window="15m"}}'
    return f"ringside:activity:team{of} {compared} * ringside:activity_expected:team{of}"


@pytest.mark.timeout(420)
async def test_one_cause_is_one_page_and_it_is_over_when_it_is_over(stage: Stage) -> None:
    tried = asyncio.create_task(_trial(stage))
    await stage.reaches(_activity(TEAM, "> 0.8"))
    assert stage.on_call.pages == []

    # The team stops: nobody else is named, and it is over when the team is back.
    dropped = ("firing", "ActivityDropped", TEAM), ("resolved", "ActivityDropped", TEAM)
    stage.floor.silent.add(TEAM)
    await stage.pages(dropped[0])
    (summary,) = stage.on_call.summaries
    assert summary.startswith(f"{TEAM} at {SITE}: ")
    assert " activities in 15 minutes, " in summary
    assert " expected, since 20" in summary
    stage.floor.silent.clear()
    await stage.pages(*dropped)
    # Half-empty windows would make of the next scene a drop before it is a silence.
    await stage.reaches(_activity(TEAM, "> 0.8"))

    # The source stops: teams have as little as before, and only the source is named.
    silent = ("firing", "SourceSilent", SOURCE), ("resolved", "SourceSilent", SOURCE)
    stage.floor.silent.add(SOURCE)
    await stage.pages(*dropped, silent[0])
    await stage.reaches(_activity("team-01", "< 0.7"))
    await stage.reaches('ALERTS{alertname="SourceSilent", alertstate="firing"}')
    await _boards_have_data(stage)
    stage.floor.silent.clear()
    await stage.pages(*dropped, *silent)
    await stage.reaches(_activity("team-01", "> 0.8"))
    assert stage.on_call.pages == [*dropped, *silent]
    await _is_kept(stage)
    _test_alert_arrived(stage, await tried)


async def _trial(stage: Stage) -> Trial:
    return await trial(
        stage.alertmanager.url,
        {"severity": "critical"},
        noticed=stage.store.noticed,
        timeout_seconds=30,
        clock=clock.now,
    )


def _test_alert_arrived(stage: Stage, found: Trial) -> None:
    """`ringside alerts test` says whom it reached, and it reached them."""
    assert found.receivers == ("history", "oncall")
    assert found.arrived_after_seconds is not None
    assert found.failed == {}
    assert ("firing", NAME, "") in stage.on_call.trials


async def _boards_have_data(stage: Stage) -> None:
    """Every query of the board of alerts, and the annotations of all boards, give something."""
    floor, pool = stage.floor, Pool(stage.users.writer_url)
    async with pool.transaction() as connection:
        span = Span(floor.start_at - 3600, floor.start_at)
        await keep(connection, floor.baseline.profiles, span, floor.start_at)
    await pool.close()
    asked = [
        query
        for query in queries()
        # There is nothing of a day after a minute, and no rep in this database.
        if is_of_alerts(query) and query.panel not in ("Within the bounds, 24 h", "$rep")
    ]
    where = Asked(stage.prometheus.url, stage.users.reader_url, at_time(clock.now() + 1))
    answers = await asyncio.to_thread(lambda: asyncio.run(ask(asked, where)))
    assert len(answers) > 20
    assert [str(answer) for answer in answers if not answer.values] == []


async def _is_kept(stage: Stage) -> None:
    """The history has the page with its numbers, and takes a person's word for it."""
    rows = await read(
        stage.users.reader_url,
        "SELECT id, value < 0.75 * expected, pending_seconds, ends_at >= starts_at,"
        " noticed_at >= starts_at, is_true FROM alert WHERE name = 'ActivityDropped'",
    )
    ((id_, was_low, pending, is_over, is_noticed, verdict),) = rows
    assert (was_low, pending, is_over, is_noticed, verdict) == (True, 1.5, True, True, None)
    marked = await stage.store.mark(id_, is_true=True, note="a fire drill", now=clock.now())
    assert marked is not None
    (month,) = [row for row in await stage.store.by_month() if row.name == "ActivityDropped"]
    assert (month.fired, month.right, month.false, month.unmarked) == (1, 1, 0, 0)
    assert month.notice_seconds >= 1.5
