"""The recording rules: promtool checks them, and evaluates them over worked figures."""

import shutil
import subprocess
from pathlib import Path

import pytest

from dashboards import promql
from dashboards.generate import ROOT
from dashboards.rules import rule_names
from schemas.kpis import BY_NAME, KPIS, Total

RULES = ROOT / "dashboards/generated/rules/recording.yml"
UNIT_TESTS = Path(__file__).with_name("recording.test.yml")

needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="needs promtool, which comes with Prometheus"
)


def promtool(*arguments: str | Path) -> str:
    command = ("promtool", *map(str, arguments))
    done = subprocess.run(  # noqa: S603 - a fixed program
        command, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@needs_promtool
def test_promtool_accepts_the_rules() -> None:
    assert f"{len(rule_names())} rules found" in promtool("check", "rules", RULES)


@needs_promtool
def test_the_rules_give_the_worked_figures() -> None:
    assert "SUCCESS" in promtool("test", "rules", UNIT_TESTS)


def test_every_ratio_and_percentile_of_calls_is_recorded_per_queue() -> None:
    wanted = {
        f"ringside:{kpi.name}:queue"
        for kpi in KPIS
        if promql.is_by_queue(kpi) and not isinstance(kpi.formula, Total)
    }
    assert wanted <= rule_names()


@pytest.mark.parametrize("name", ["occupancy", "utilisation", "meeting_no_show_rate", "win_rate"])
def test_what_has_no_queue_is_recorded_per_team_only(name: str) -> None:
    assert f"ringside:{name}:team" in rule_names()
    assert f"ringside:{name}:queue" not in rule_names()


def test_abandonment_is_not_told_per_team_because_who_gives_up_has_met_nobody() -> None:
    assert "ringside:abandonment:team" not in rule_names()
    assert not promql.is_by_team(BY_NAME["abandonment"])
    assert not promql.is_by_team(BY_NAME["service_level_answered_of_offered"])


def test_what_happens_to_answered_calls_is_told_per_team_too() -> None:
    assert "ringside:average_handle_time_seconds:team" in rule_names()
    assert "ringside:service_level_answered_of_answered:team" in rule_names()


def test_activity_volume_is_the_workers_own_sum_because_the_roster_chooses_what_is_in_it() -> None:
    where = promql.Where(('team="north"', promql.window("1h")))
    expression = promql.expression(BY_NAME["activity_volume"], (), where)
    assert expression == 'sum(ringside_activity_volume{team="north", window="1h"})'
