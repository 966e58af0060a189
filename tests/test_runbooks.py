"""Each alert has a runbook that says what it means, what to look at and what to do."""

from pathlib import Path

import pytest

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
    assert {file.stem for file in RUNBOOKS.glob("*.md")} == set(names())


def test_every_rule_links_to_its_runbook() -> None:
    text = alert_rules(Rules(runbooks_url="https://docs.example.com"))
    for name in names():
        assert f"runbook_url: https://docs.example.com/{name}.md" in text
