"""Each alert rule, evaluated by promtool: it fires, it does not fire, it resolves."""

from collections.abc import Mapping
from pathlib import Path

from dashboards.alerts import alert_rules, names
from dashboards.alerts_of_service import WATCHDOG
from dashboards.generate import ROOT
from schemas.alerting import Rules
from tests.dashboards.alert_cases.activity import DROP_CASES, SILENCE_CASES
from tests.dashboards.alert_cases.queues import QUEUE_CASES
from tests.dashboards.alert_cases.service import INPUT_CASES, LAG, LAGGING, PIPELINE_CASES
from tests.dashboards.alert_cases.settings import RULES
from tests.dashboards.alert_cases.targets import TARGET_CASES
from tests.dashboards.promtool import (
    OWNED,
    PARTITIONS,
    Case,
    check,
    needs_promtool,
    promtool,
)

pytestmark = needs_promtool
CASES = [
    *(*DROP_CASES, *SILENCE_CASES, *PIPELINE_CASES),
    *(*QUEUE_CASES, *INPUT_CASES, *TARGET_CASES),
]


def test_every_rule_fires_does_not_fire_and_resolves(tmp_path: Path) -> None:
    check(tmp_path, CASES, RULES)


def test_a_scrape_that_fails_does_not_end_an_alert_and_begin_it_anew(tmp_path: Path) -> None:
    fires = {minute: [LAGGING] for minute in range(2, 20)}
    # Prometheus marks what it cannot scrape as stale: from minute 6 to 7. Over in 13; told in 15.
    series = {LAG: "200x5 stale stale 200x4 0x10"}
    fires |= {minute: [] for minute in range(15, 20)}
    check(tmp_path, [Case("two scrapes fail", series, fires)], Rules())


def test_the_watchdog_fires_whatever_happens(tmp_path: Path) -> None:
    annotations = {
        "summary": "Alerting works. This alert always fires; act when it stops, "
        "since 1970-01-01 00:00:00 +0000 UTC",
        "value": "1",
        "expected": "1",
        "pending_seconds": "0",
        "runbook_url": f"{RULES.runbooks_url}/Watchdog.md",
        "dashboard_url": f"{RULES.grafana_url}/d/ringside-service",
    }
    says = {30: (WATCHDOG, {"severity": "none"}, annotations)}
    nothing = {OWNED: "stale", PARTITIONS: "stale"}
    fires = {30: [("NothingCounted", {})]}
    check(tmp_path, [Case("there is nothing at all", nothing, fires, says)], Rules())


def test_each_alert_is_seen_firing_and_seen_over_in_one_case() -> None:
    def firing(case: Case, name: str) -> list[bool]:
        ordered: Mapping[int, object] = dict(sorted(case.fires.items()))
        return [any(one == name for one, _ in case.fires[minute]) for minute in ordered]

    # What always fires is tested by itself.
    for name in set(names()) - {WATCHDOG}:
        lives = [firing(case, name) for case in CASES]
        assert any(any(life) and not life[-1] for life in lives), f"{name} never resolves"


def test_the_committed_rules_are_valid() -> None:
    promtool("check", "rules", ROOT / "dashboards/generated/rules/alerts.yml")


def test_rules_for_a_test_are_evaluated_as_often_as_it_says(tmp_path: Path) -> None:
    text = alert_rules(Rules(evaluation_seconds=0.5))
    assert text.count("interval: 500ms") == 2
    file = tmp_path / "alerts.yml"
    file.write_text(text, "utf-8")
    promtool("check", "rules", file)
