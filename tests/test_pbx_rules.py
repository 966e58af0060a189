"""docs/pbx.md has a rule, a figure and a test for each thing that a PBX gets wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from schemas.codec import Reason
from schemas.kpis import DAY
from schemas.measures import MEASURES
from tests.test_guarantees import EXISTING

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "pbx.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith("| what happens")
]
MEASURED = {measure.name for measure in MEASURES}
METRICS = {
    f"ringside_{name}"
    for file in (ROOT / "agents" / "metrics").glob("*.py")
    for name in re.findall(r'"(?:ringside_)?([a-z_]+)"', file.read_text(encoding="utf-8"))
}
METRICS.add(f"ringside_{DAY.name}")
SQL = "".join(
    (ROOT / "agents" / "sql" / name).read_text(encoding="utf-8")
    for name in ("schema.sql", "views.sql")
)


def test_the_page_has_every_case_of_the_floor() -> None:
    assert len(ROWS) == 12
    assert all(len(row) == 4 for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_each_case_has_a_rule_a_figure_and_a_test_that_are_there(row: list[str]) -> None:
    _, rule, counted, shown_by = row
    assert rule
    tests = re.findall(r"`(test_\w+)`", shown_by)
    assert tests
    assert not set(tests) - EXISTING.keys()
    figures = re.findall(r"`([^`]+)`", counted)
    assert figures
    for figure in figures:
        assert is_there(figure), figure


def is_there(figure: str) -> bool:
    name = figure.partition("{")[0]
    if name.startswith("ringside."):
        return f"VIEW {name} " in SQL
    if name.startswith("ringside_"):
        return name in METRICS or name.removesuffix("_total") in METRICS
    if "." in name:
        table, _, column = name.partition(".")
        of_table = SQL.partition(f"CREATE TABLE ringside.{table} (")[2].partition(");")[0]
        return f" {column} " in of_table
    return name in MEASURED or name in set(Reason)


def test_a_figure_that_is_not_there_is_found() -> None:
    assert not is_there("calls_lost")
    assert not is_there("ringside_lost_total")
    assert not is_there("ringside.call_lost")
    assert not is_there("call.lost_at")
