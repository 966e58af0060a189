"""A small floor, worked by hand, on the metrics page and in a Prometheus that scrapes it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from agents.embedded.http import get
from agents.embedded.ports import HOST
from agents.embedded.prometheus import find_promtool
from schemas.events import Event
from schemas.measures import HISTOGRAMS, MEASURES, OF_REPS
from tests.integration.floor_events import activity, call, rep_state
from tests.integration.held_worker import hold
from tests.integration.pipeline import ANSWER_SECONDS, Pipeline, Worker, wait_until

if TYPE_CHECKING:
    from tests.integration.servers import PrometheusFactory

ROSTER = """
sites: [{id: hanoi, zone: Asia/Ho_Chi_Minh}]
teams: [{id: north, site: hanoi}]
reps: [{id: mai, team: north}, {id: lan, team: north}, {id: nam, team: north}]
queues: [{id: sales, site: hanoi, target_seconds: 20, short_abandon_seconds: 5}]
"""

# The page's names, as those who read it rely on them.
SERVICE = {
    *("ringside_events_consumed_total", "ringside_events_total", "ringside_dead_letters_total"),
    *("ringside_partitions", "ringside_event_lag_seconds"),
    *("ringside_lag_events", "ringside_lag_seconds", "ringside_watermark_timestamp_seconds"),
    *("ringside_snapshot_age_seconds", "ringside_snapshot_pending_rows"),
    *("ringside_snapshot_failures_total", "ringside_checkpoint_age_seconds"),
    *("ringside_recovery_seconds", "ringside_assigned_partitions", "ringside_rebalances_total"),
    *("ringside_table_entries", "ringside_unknown_reps", "ringside_unknown_queues"),
    "ringside_unknown_stages",
    *("ringside_roster_entries", "ringside_build_info"),
}
FLOOR = {
    *("ringside_calls_waiting", "ringside_calls_in_progress"),
    *("ringside_longest_wait_seconds", "ringside_reps_in_state"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """The floor behind a worker whose clock stands still, and when it is there."""

    pipeline: Pipeline
    worker: Worker
    now: float


def floor(now: float) -> Iterator[Event]:
    """Ended calls in each window; two that wait, one in progress; four reps, one unknown."""
    yield from call("today", now - 5400, wait_seconds=7, talk_seconds=20)
    yield from call("hour", now - 2400, wait_seconds=15)
    yield from call("quarter", now - 620, wait_seconds=25, talk_seconds=100)
    yield from call("short", now - 600, wait_seconds=3)
    yield from call("five", now - 100, wait_seconds=10, talk_seconds=60)
    yield call("waits-long", now - 50, wait_seconds=0)[0]
    yield from call("talks", now - 45, wait_seconds=5, talk_seconds=1, rep="lan")[:2]
    yield call("waits", now - 20, wait_seconds=0)[0]
    yield activity("mail", now - 90, rep="kim")
    yield rep_state("mai", now - 30, "after_call_work")
    yield rep_state("lan", now - 40, "on_call")
    yield rep_state("kim", now - 60, "paused", "lunch")
    yield rep_state("nam", now - 60, "available")
    yield rep_state("nam", now - 55, "offline")


@pytest.fixture
def shown(pipeline: Pipeline, now: Callable[[], float]) -> Shown:
    file = pipeline.folder / "roster.yaml"
    file.write_text(ROSTER, encoding="utf-8")
    pipeline.run("roster", "apply", str(file))
    at, held_clock = now(), pipeline.folder / "clock"
    hold(held_clock, at)
    pipeline.env = {**pipeline.env, "HELD_CLOCK": str(held_clock)}
    worker = pipeline.start_worker(ready=False, module="tests.integration.held_worker")
    _becomes_ready(worker)
    count = pipeline.publish(floor(at))
    pipeline.wait_until_consumed(count)
    return Shown(pipeline, worker, at)


def test_the_page_shows_the_floor_as_worked_by_hand(
    shown: Shown, prometheus_factory: PrometheusFactory
) -> None:
    prometheus = prometheus_factory([f"{HOST}:{shown.worker.port}"])
    _windows_are_right(shown)
    _floor_is_right(shown)
    _names_are_right(shown.worker)
    _promtool_is_content(shown.worker)
    _prometheus_has_it(prometheus.query)


def _becomes_ready(worker: Worker) -> None:
    """Not ready while it says why, then ready; alive from the first moment."""
    seen: list[tuple[int, bytes]] = []

    def ready() -> bool:
        answer = get(worker.port, "/ready")
        if answer is None:
            return False
        seen.append((answer.status, answer.body))
        live = get(worker.port, "/live", ANSWER_SECONDS)
        assert live is not None
        assert (live.status, live.body) == (200, b"ok\n")
        return answer.status == 200

    wait_until(ready, worker.log)
    assert {status for status, _ in seen[:-1]} == {503}
    assert b"the state is being restored\n" in {body for _, body in seen}
    missing = get(worker.port, "/tables", ANSWER_SECONDS)
    assert missing is not None
    assert missing.status == 404


def _windows_are_right(shown: Shown) -> None:
    zone = ZoneInfo("Asia/Ho_Chi_Minh")
    today = datetime.fromtimestamp(shown.now, zone).date()
    ages = {"today": 5400, "hour": 2400, "quarter": 620, "short": 600, "five": 100}
    is_today = {
        name: datetime.fromtimestamp(shown.now - age, zone).date() == today
        for name, age in ages.items()
    }
    # Three calls are of the last minute: two wait, one was answered.
    expected = {
        "5m": {"offered": 1 + 3, "answered": 1 + 1, "abandoned": 0},
        "15m": {"offered": 3 + 3, "answered": 2 + 1, "abandoned": 1},
        "1h": {"offered": 4 + 3, "answered": 2 + 1, "abandoned": 2},
        "today": {
            "offered": sum(is_today.values()) + 3,
            "answered": is_today["today"] + is_today["quarter"] + is_today["five"] + 1,
            "abandoned": is_today["hour"] + is_today["short"],
        },
    }
    if datetime.fromtimestamp(shown.now - 60, zone).date() != today:
        del expected["today"]  # midnight has just gone by
    page = shown.worker
    for window, counts in expected.items():
        place = {"queue": "sales", "site": "hanoi", "window": window}
        found = {name: page.total(f"ringside_calls_{name}", **place) for name in counts}
        assert found == counts, window
    hour = {"queue": "sales", "window": "1h"}
    assert page.total("ringside_call_wait_seconds", team="north", **hour) == 10 + 25 + 5
    assert page.total("ringside_call_talk_seconds", team="north", **hour) == 60 + 100
    assert page.total("ringside_answered_wait_within_target", **hour) == 2
    assert page.total("ringside_abandoned_wait_within_target", **hour) == 2
    assert page.total("ringside_abandoned_wait_within_short_abandon", **hour) == 1
    team = {"team": "north", "team_site": "hanoi", "window": "1h"}
    for of, labels in (("", hour), ("team_", team)):
        bucket = f"ringside_{of}answered_wait_seconds_bucket"
        assert page.total(bucket, le="10.0", **labels) == 2
        assert page.total(bucket, le="+Inf", **labels) == 3
    # A mail of somebody whom the roster does not know counts, under that name.
    assert page.total("ringside_activity_volume", window="1h", team="unknown") == 1
    assert page.total("ringside_activity_volume", window="1h", team="north") == 3


def _floor_is_right(shown: Shown) -> None:
    page, place = shown.worker, {"queue": "sales", "site": "hanoi"}
    assert page.total("ringside_calls_waiting", **place) == 2
    assert page.total("ringside_calls_in_progress", **place) == 1
    assert page.total("ringside_longest_wait_seconds", **place) == pytest.approx(50)
    states = {
        (sample.labels["team"], sample.labels["site"], sample.labels["state"]): sample.value
        for sample in page.samples()
        if sample.name == "ringside_reps_in_state"
    }
    assert states == {
        ("north", "hanoi", "after_call_work"): 1,
        ("north", "hanoi", "on_call"): 1,
        ("unknown", "unknown", "paused"): 1,
    }
    assert page.total("ringside_unknown_reps") == 1
    assert page.total("ringside_unknown_queues") == 0
    assert page.total("ringside_roster_entries", kind="rep") == 3


def _names_are_right(worker: Worker) -> None:
    names = {sample.name for sample in worker.samples() if sample.name.startswith("ringside_")}
    windows = {f"ringside_{measure.name}" for measure in MEASURES}
    families = {f"ringside_{histogram.name}_seconds" for histogram in HISTOGRAMS}
    families |= {f"ringside_team_{histogram.name}_seconds" for histogram in OF_REPS}
    windows |= {f"{family}_bucket" for family in families}
    kept = SERVICE - {"ringside_dead_letters_total"}  # none: no sample
    assert kept | FLOOR <= names
    funnel = {name for name in names if name.startswith("ringside_funnel_")}
    others = names - SERVICE - FLOOR - windows - funnel
    assert {name for name in others if "within" not in name} <= {
        "ringside_activity_volume",
        *("ringside_closed_facts_total", "ringside_events_out_of_order_total"),
        *("ringside_source_facts", "ringside_source_age_seconds", "ringside_site_working"),
        "ringside_replay_announced",
        *("ringside_corrections_total", "ringside_corrections_unmet_total"),
        *("ringside_longest_in_state_seconds", "ringside_reps_paused", "ringside_day_seconds"),
        *(f"{family}_{end}" for family in families for end in ("gcount", "gsum")),
    }


def _promtool_is_content(worker: Worker) -> None:
    page = get(worker.port, "/metrics", ANSWER_SECONDS)
    assert page is not None
    checked = subprocess.run(  # noqa: S603 - our own command line
        (str(find_promtool()), "check", "metrics"),
        input=page.body,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def _prometheus_has_it(query: Callable[[str], list[dict[str, object]]]) -> None:
    buckets = 'sum by (le) (ringside_answered_wait_seconds_bucket{window="1h"})'
    expected = {
        'up{job="ringside"}': 1.0,
        "sum(ringside_calls_waiting)": 2.0,
        'sum(ringside_calls_offered{window="15m"})': 6.0,
        # Waits of 5, 10 and 25 s: half way through the second bucket that holds one, (8, 10].
        f"histogram_quantile(0.5, {buckets})": 9.0,
        'sum(ringside_events_total{topic!="ringside.customers", result="applied"})': 23.0,
    }

    def answers() -> dict[str, float]:
        return {
            expression: float(sample["value"][1])  # type: ignore[index]
            for expression in expected
            for sample in query(expression)
        }

    wait_until(lambda: answers() == expected, lambda: f"{expected}, got {answers()}")
