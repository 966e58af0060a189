"""Runs alert rules through promtool: series in, what fires at which minute out."""

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboards.alerts import alert_rules
from dashboards.rules import recording_rules
from schemas.alerting import Rules

needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="needs promtool, which comes with Prometheus"
)

WHO = ("team", "site", "queue", "source", "topic", "instance", "integration")
"""The labels that say whom an alert is about."""
OWNED = 'ringside_assigned_partitions{instance="one"}'
PARTITIONS = 'ringside_partitions{instance="one"}'

Firing = tuple[str, Mapping[str, str]]
"""An alert's name and whom it is about."""


@dataclass(frozen=True)
class Case:
    """Series by minute (promtool's notation), and what must fire at which minute."""

    name: str
    series: Mapping[str, str]
    fires: Mapping[int, Sequence[Firing]]
    says: Mapping[int, tuple[str, Mapping[str, str], Mapping[str, str]]] = field(
        default_factory=dict
    )
    """At some minutes: an alert's name, all its labels but the name, all its annotations."""
    shows: Mapping[int, tuple[str, float]] = field(default_factory=dict)
    """At some minutes: an expression without labels, and its value."""


def check(folder: Path, cases: Sequence[Case], rules: Rules) -> None:
    """Let promtool evaluate the rules once a minute."""
    alerts = alert_rules(rules)
    (folder / "recording.yml").write_text(_recorded_for(alerts, cases), "utf-8")
    (folder / "alerts.yml").write_text(alerts, "utf-8")
    tests = {
        "rule_files": ["recording.yml", "alerts.yml"],
        "evaluation_interval": "1m",
        # Prometheus evaluates groups side by side; here in an order that is always the same.
        "group_eval_order": [
            *("ringside_by_queue", "ringside_by_team", "ringside_activity", "ringside_alerts")
        ],
        "tests": [_test(case) for case in cases],
    }
    file = folder / "test.yml"
    file.write_text(yaml.safe_dump(tests, sort_keys=False, width=10_000), "utf-8")
    promtool("check", "rules", folder / "alerts.yml")
    promtool("test", "rules", file)


def _recorded_for(alerts: str, cases: Sequence[Case]) -> str:
    """Return the recording rules that the alerts and the cases read.

    There are hundreds, and promtool would evaluate each once a minute in each case.
    """
    tree = yaml.safe_load(recording_rules())
    reads = alerts + "".join(expr for case in cases for expr, _ in case.shows.values())
    for group in reversed(tree["groups"]):
        # From the last one: a rule may read what an earlier one records.
        kept = []
        for rule in reversed(group["rules"]):
            if rule["record"] in reads:
                kept.insert(0, rule)
                reads += rule["expr"]
        group["rules"] = kept
    tree["groups"] = [group for group in tree["groups"] if group["rules"]]
    return yaml.safe_dump(tree, sort_keys=False, width=10_000)


def promtool(*arguments: str | Path) -> str:
    command = ("promtool", *map(str, arguments))
    done = subprocess.run(  # noqa: S603 - a fixed program
        command, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def _test(case: Case) -> dict[str, Any]:
    # A worker that is well, unless a case is about that.
    of_all = {OWNED: "4x1500", PARTITIONS: "4x1500", **case.series}
    series = [{"series": name, "values": values} for name, values in of_all.items()]
    by = ", ".join(("alertname", *WHO))
    return {
        "name": case.name,
        "interval": "1m",
        "input_series": series,
        "promql_expr_test": [
            {
                "expr": f'count by ({by}) (ALERTS{{alertstate="firing", severity!="none"}})',
                "eval_time": f"{minute}m",
                "exp_samples": [{"labels": _labels(*one), "value": 1} for one in firing],
            }
            for minute, firing in case.fires.items()
        ]
        + [
            {
                "expr": expr,
                "eval_time": f"{minute}m",
                "exp_samples": [{"labels": "{}", "value": value}],
            }
            for minute, (expr, value) in case.shows.items()
        ],
        "alert_rule_test": [
            {
                "alertname": name,
                "eval_time": f"{minute}m",
                "exp_alerts": [{"exp_labels": dict(who), "exp_annotations": dict(annotations)}],
            }
            for minute, (name, who, annotations) in case.says.items()
        ],
    }


def _labels(name: str, who: Mapping[str, str]) -> str:
    labels = {"alertname": name, **who}
    return "{" + ", ".join(f"{key}={json.dumps(text)}" for key, text in labels.items()) + "}"
