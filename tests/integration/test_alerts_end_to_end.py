"""From the floor to the page and back, nothing left out.

The simulator, Kafka, a worker, its metrics page, Prometheus, Alertmanager, our receiver and
PostgreSQL, all real. The rules are those that are shipped; only how long something must last is
shortened, as settings. The floor's time is moved on by the test (alert_floor.py), and every step
waits for what it is about: however slow the machine, no page is early, late or missing for that.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from alert_floor import DEMOS, TARGET, TARGETED, Floor, learnt, some_time_ago
from boards import Asked, ask, at_time, is_of_alerts
from on_call import TOKEN, OnCall, Page
from postgres_support import read

from agents import clock
from agents.alerting.config import configuration
from agents.alerting.receiver import Receiver as AlertReceiver
from agents.alerting.receiver import serving
from agents.alerting.settings import Delivery, Receiver, Webhook
from agents.alerting.trial import NAME, Trial, trial
from agents.embedded.alertmanager import Alertmanager
from agents.embedded.prometheus import Prometheus
from agents.kafka import rosterfile
from agents.postgres.alerts import AlertStore
from agents.postgres.baseline import keep
from agents.postgres.pool import Database as Pool
from dashboards.alerts import alert_rules
from dashboards.queries import queries
from dashboards.rules import recording_rules
from schemas.alerting import Drop, Rules, Silence, Target
from streams.baseline.build import Span
from tests.integration.pipeline import Pipeline

HOST = "127.0.0.1"
RULES = Rules(
    drop=Drop(for_seconds=1.5, keep_seconds=3),
    # Longer than the floor's quarter of an hour lasts here, on any machine.
    silence=Silence(for_seconds=0.5, echo_seconds=300),
    target=Target(after_share=1e-6, for_seconds=1),
    keep_seconds=3,
    evaluation_seconds=0.5,
)
TEAM, SITE, SOURCE = "team-02", "penang", "/sim/pbx-2"
DROPPED: Page = ("firing", "ActivityDropped", TEAM)
SILENT: Page = ("firing", "SourceSilent", SOURCE)
PATIENCE_SECONDS = 180
LASTS_SECONDS = 6
"""What has been so for so long would have been told of: twice a drop's `for`, and its delivery."""


def over(page: Page) -> Page:
    return ("resolved", *page[1:])


@dataclass
class Stage:
    pipeline: Pipeline
    floor: Floor
    on_call: OnCall
    prometheus: Prometheus
    alertmanager: Alertmanager
    store: AlertStore

    async def pages(self, *expected: Page) -> None:
        """Wait until these pages came, in this order, and no others."""
        await until(lambda: self.on_call.pages == list(expected), lambda: self.on_call.pages)

    async def value(self, expression: str) -> float | None:
        found: Any = await asyncio.to_thread(self.prometheus.query, expression)
        return float(found[0]["value"][1]) if found else None

    async def reaches(self, expression: str) -> None:
        """Wait until a condition in PromQL holds."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while await self.value(expression) is None:
            if time.monotonic() > deadline:
                pytest.fail(f"{expression} never held; pages: {self.on_call.pages}")
            await asyncio.sleep(0.1)

    async def go_on(self, minutes: int) -> None:
        """Let so much time go by on the floor."""
        await asyncio.to_thread(self.floor.go_on, minutes)


async def until(is_so: Callable[[], bool], found: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        if time.monotonic() > deadline:
            pytest.fail(f"not in {PATIENCE_SECONDS} s; found {found()}")
        await asyncio.sleep(0.1)


def fast(prometheus: Prometheus) -> None:
    """Let it scrape each second."""
    file = prometheus.home / "prometheus.yml"
    text = file.read_text("utf-8")
    shortened = text.replace("scrape_interval: 5s", "scrape_interval: 1s")
    shortened = shortened.replace("scrape_timeout: 4s", "scrape_timeout: 1s")
    assert shortened.count(": 1s\n") == 2
    file.write_text(shortened, "utf-8")


@pytest.fixture
async def stage(pipeline: Pipeline, server_folder: Path, tmp_path: Path) -> AsyncIterator[Stage]:
    held_clock = tmp_path / "clock"
    pipeline.env = {**pipeline.env, "HELD_CLOCK": str(held_clock)}
    floor = Floor(pipeline, held_clock, some_time_ago(clock.now()))
    pool, on_call = Pool(pipeline.writer_url), OnCall()
    store = AlertStore(pool)
    async with AsyncExitStack() as running:
        running.push_async_callback(pool.close)
        await expect(floor, pool)
        metrics_port = await asyncio.to_thread(begin, floor)
        receiver = AlertReceiver(store, token=TOKEN, now=clock.now)
        history = await running.enter_async_context(serving(receiver, HOST, 0))
        phone = await running.enter_async_context(on_call.listening())
        alertmanager = alertmanager_for(server_folder, tmp_path / "token", history, phone)
        running.callback(alertmanager.stop)
        alertmanager.start()
        prometheus = Prometheus.create(
            Path(tempfile.mkdtemp(dir=server_folder)), rules=rule_files(tmp_path)
        )
        fast(prometheus)
        managers = [f"{HOST}:{alertmanager.port}"]
        prometheus.set_targets({"workers": [f"{HOST}:{metrics_port}"], "alertmanagers": managers})
        running.callback(prometheus.stop)
        prometheus.start()
        yield Stage(pipeline, floor, on_call, prometheus, alertmanager, store)


async def expect(floor: Floor, pool: Pool) -> None:
    """Keep what is expected, as if it had been learnt."""
    profiles = await asyncio.to_thread(learnt, floor)
    async with pool.transaction() as connection:
        span = Span(floor.start_at - 3600, floor.start_at)
        await keep(connection, profiles, span, floor.start_at)


def begin(floor: Floor) -> int:
    """Publish the roster, start a worker, let it count the history; return its port."""
    file = floor.pipeline.folder / "roster.yaml"
    file.write_text(rosterfile.dump(floor.roster), "utf-8")
    floor.pipeline.run("roster", "apply", str(file))
    worker = floor.pipeline.start_worker(module="tests.integration.held_worker")
    floor.begin()
    return worker.port


def rule_files(folder: Path) -> list[Path]:
    for name, text in (("recording", recording_rules()), ("alerts", alert_rules(RULES))):
        (folder / f"{name}.yml").write_text(text, "utf-8")
    return [folder / "recording.yml", folder / "alerts.yml"]


def alertmanager_for(folder: Path, token_file: Path, history: int, phone: str) -> Alertmanager:
    """What is critical goes to the phone; everything is kept."""
    token_file.write_text(TOKEN, "utf-8")

    def webhook(address: str) -> Webhook:
        return Webhook(url=address, token_file=str(token_file))

    delivery = Delivery(
        history=webhook(f"http://{HOST}:{history}/alerts"),
        receivers={"oncall": Receiver(webhook=(webhook(phone),))},
        critical=("oncall",),
        group_wait_seconds=0.5,
        group_interval_seconds=0.5,
    )
    return Alertmanager.create(
        Path(tempfile.mkdtemp(dir=folder)), configuration=configuration(delivery, ())
    )


def _activity(team: str, compared: str) -> str:
    of = f'{{team="{team}", window="15m"}}'
    return f"ringside:activity:team{of} {compared} * ringside:activity_expected:team{of}"


def _lasts(condition: str) -> str:
    """A condition that has held at each evaluation for so long that an alert would have come."""
    span = f"[{LASTS_SECONDS}s:500ms]"
    return f"count_over_time(({condition}){span}) >= {2 * LASTS_SECONDS - 1}"


async def test_one_cause_is_one_page_and_it_is_over_when_it_is_over(stage: Stage) -> None:
    tried = asyncio.create_task(_trial(stage))
    await stage.reaches(_activity(TEAM, "> 0.8"))
    # Before the floor's time moves on: an hour of it may go by before a keeper looks again.
    await _target_is_told_of(stage)
    assert stage.on_call.pages == []
    await _the_team_stops(stage)
    await _the_source_stops(stage)
    await _is_kept(stage)
    _test_alert_arrived(stage, await tried)


async def _the_team_stops(stage: Stage) -> None:
    """Nobody else is named, and it is over when the team is back."""
    stage.floor.silent.add(TEAM)
    await stage.go_on(12)
    await stage.pages(DROPPED)
    (summary,) = stage.on_call.summaries
    assert summary.startswith(f"{TEAM} at {SITE}: ")
    assert " activities in 15 minutes, " in summary
    assert " expected, since 20" in summary
    stage.floor.silent.clear()
    await stage.go_on(20)
    await stage.pages(DROPPED, over(DROPPED))


async def _the_source_stops(stage: Stage) -> None:
    """Teams have as little as before, and only the source is named."""
    before = [DROPPED, over(DROPPED)]
    stage.floor.silent.add(SOURCE)
    await stage.go_on(12)
    await stage.pages(*before, SILENT)
    await stage.reaches(_lasts(_activity(TEAM, "< 0.5")))
    await stage.reaches('ALERTS{alertname="SourceSilent", alertstate="firing"}')
    await _boards_have_data(stage)
    stage.floor.silent.clear()
    await stage.go_on(20)
    await stage.pages(*before, SILENT, over(SILENT))
    await stage.reaches(_lasts(_activity(TEAM, "> 0.8")))
    assert stage.on_call.pages == [*before, SILENT, over(SILENT)]


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
    """Every query about alerts and targets, of all boards, gives something."""
    asked = [query for query in queries() if is_of_alerts(query)]
    await _target_is_shown(stage)
    reader = stage.pipeline.reader_url
    where = Asked(stage.prometheus.url, reader, at_time(clock.now() + 1))
    answers = await asyncio.to_thread(lambda: asyncio.run(ask(asked, where)))
    assert len(answers) > 30
    assert [str(answer) for answer in answers if not answer.values] == []


async def _target_is_shown(stage: Stage) -> None:
    """The gauges say what the roster demands, what was done, and how much time has gone."""
    who = f'{{team="{TARGETED}", site="{SITE}", measure="activities_logged"}}'
    await stage.reaches(f"ringside_monthly_target{who} == {TARGET}")
    # What was added up first may have met the database before it had all of the history.
    await stage.reaches(f"ringside_monthly_target_reached{who} == {len(DEMOS)}")
    ratio = await stage.value(f"ringside_monthly_target_time_ratio{who}")
    assert ratio is not None
    assert 0 < ratio <= 1
    assert await stage.value("count(ringside_monthly_target)") == 1


async def _target_is_told_of(stage: Stage) -> None:
    """A team with 3 of 1,000 (or not yet 3) is behind; it is a warning, so nobody is called."""
    await stage.reaches('ALERTS{alertname="BehindTarget", alertstate="firing"}')
    query = "SELECT team, site, severity, summary, value < 0.8 FROM ringside.alert WHERE name = $1"
    found: list[tuple[Any, ...]] = []
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not found and time.monotonic() < deadline:
        found = await asyncio.to_thread(stage.pipeline.rows, query, "BehindTarget")
    ((team, site, severity, summary, is_low),) = found
    assert (team, site, severity, is_low) == (TARGETED, SITE, "warning", True)
    begins = (
        rf"{TARGETED} at {SITE}: [0-{len(DEMOS)}] activities_logged this month, \d+ expected by "
    )
    assert re.match(begins, summary), summary
    assert f" and {TARGET} in all: " in summary


async def _is_kept(stage: Stage) -> None:
    """The history has the page with its numbers, and takes a person's word for it."""
    rows = await read(
        stage.pipeline.reader_url,
        "SELECT id, value < 0.75 * expected, pending_seconds, ends_at >= starts_at,"
        " noticed_at >= starts_at, is_true FROM ringside.alert WHERE name = 'ActivityDropped'",
    )
    ((id_, was_low, pending, is_over, is_noticed, verdict),) = rows
    assert (was_low, pending, is_over, is_noticed, verdict) == (True, 1.5, True, True, None)
    marked = await stage.store.mark(id_, is_true=True, note="a fire drill", now=clock.now())
    assert marked is not None
    (month,) = [row for row in await stage.store.by_month() if row.name == "ActivityDropped"]
    assert (month.fired, month.right, month.false, month.unmarked) == (1, 1, 0, 0)
    assert month.notice_seconds >= 1.5
