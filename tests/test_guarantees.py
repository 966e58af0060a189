"""docs/guarantees.md promises nothing that no test shows, and leaves out no fault and no proof."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.undefended import DEFENCES

HERE = Path(__file__).parent
TEXT = (HERE.parent / "docs" / "guarantees.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(test_\w+)`", TEXT)))


def functions_in(folder: Path) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return the test functions of all files under a folder, by name."""
    return {
        node.name: node
        for file in folder.rglob("test_*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    }


EXISTING = functions_in(HERE)


def marks(test: ast.FunctionDef | ast.AsyncFunctionDef, name: str) -> list[ast.Call]:
    """Return the marks of that name that a test has."""
    calls = [mark for mark in test.decorator_list if isinstance(mark, ast.Call)]
    return [mark for mark in calls if ast.unparse(mark.func) == f"pytest.mark.{name}"]


def row_of(test: ast.FunctionDef | ast.AsyncFunctionDef) -> int | None:
    """Return the row that a test is marked with."""
    for mark in marks(test, "fault"):
        values = {word.arg: ast.literal_eval(word.value) for word in mark.keywords}
        return int(values["row"])
    return None


FAULTS = {name: row for name, test in EXISTING.items() if (row := row_of(test)) is not None}
PROOFS = {
    (row, ast.literal_eval(mark.args[0]))
    for name, row in FAULTS.items()
    for mark in marks(EXISTING[name], "fails_without")
}
"""Row, and a defence without which a test of it fails."""


@pytest.mark.parametrize("name", NAMED)
def test_each_test_that_is_named_is_there(name: str) -> None:
    assert name in EXISTING


def lines_by_row() -> Iterator[tuple[int, str]]:
    row = 0
    for line in TEXT.split("\n"):
        number = re.match(r"\| *(\d*) *\|", line)
        if number is not None:
            row = int(number[1] or row)
            yield row, line


def test_each_fault_stands_in_its_row() -> None:
    rows: dict[str, int] = {}
    for row, line in lines_by_row():
        rows |= dict.fromkeys(re.findall(r"`(test_\w+)`", line), row)
    assert rows == FAULTS


def test_each_proof_that_a_test_can_fail_stands_in_its_row() -> None:
    behind = ((row, line.partition("fails without")[2]) for row, line in lines_by_row())
    assert {
        (row, name) for row, text in behind for name in re.findall(r"\*(.+?)\*", text)
    } == PROOFS


def test_each_row_has_such_a_proof() -> None:
    naive = {row for name, row in FAULTS.items() if "naive" in name}
    assert naive | {row for row, _ in PROOFS} == set(FAULTS.values()) == set(range(1, 17))


def test_each_defence_is_taken_away_in_some_row() -> None:
    assert {name.lower() for _, name in PROOFS} == set(DEFENCES)
