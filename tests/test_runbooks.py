"""Each alert has a runbook that says what it means, what to look at and what to do."""

import re
from pathlib import Path

import pytest
import yaml

from dashboards.alerts import alert_rules, names
from schemas.alerting import Rules

RUNBOOKS = Path(__file__).parent.parent / "docs" / "runbooks"


@pytest.mark.parametrize("name", names())
def test_an_alert_has_a_runbook_with_what_somebody_needs_at_three_in_the_morning(name: str) -> None:
    text = (RUNBOOKS / f"{name}.md").read_text("utf-8")
    assert text.startswith(f"# {name}\n")
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert headings == ["## What it means", "## What to look at", "## What to do"]


def test_there_is_no_runbook_without_an_alert() -> None:
    assert {file.stem for file in RUNBOOKS.glob("*.md")} - {"README"} == set(names())


def test_the_list_of_runbooks_names_each_alert_with_its_severity() -> None:
    rules = yaml.safe_load(alert_rules(Rules()))["groups"]
    severities = {
        rule["alert"]: rule["labels"]["severity"]
        for group in rules
        for rule in group["rules"]
        if "alert" in rule
    }
    text = (RUNBOOKS / "README.md").read_text("utf-8")
    listed = dict(re.findall(r"^\| \[(\w+)\]\(\1\.md\) \| .* \| (\w+) \|$", text, re.MULTILINE))
    assert listed == severities


def test_every_rule_links_to_its_runbook() -> None:
    text = alert_rules(Rules(runbooks_url="https://docs.example.com"))
    for name in names():
        assert f"runbook_url: https://docs.example.com/{name}.md" in text
