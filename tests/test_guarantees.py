"""docs/guarantees.md promises nothing that no test shows, and leaves out no test of a fault."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

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


def row_of(test: ast.FunctionDef | ast.AsyncFunctionDef) -> int | None:
    """Return the row that a test is marked with."""
    for mark in test.decorator_list:
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.fault":
            values = {word.arg: ast.literal_eval(word.value) for word in mark.keywords}
            return int(values["row"])
    return None


FAULTS = {name: row for name, test in EXISTING.items() if (row := row_of(test)) is not None}


@pytest.mark.parametrize("name", NAMED)
def test_each_test_that_is_named_is_there(name: str) -> None:
    assert name in EXISTING


def test_each_fault_stands_in_its_row() -> None:
    row, rows = 0, {}
    for line in TEXT.split("\n"):
        number = re.match(r"\| *(\d*) *\|", line)
        if number is None:
            continue
        row = int(number[1] or row)
        rows |= dict.fromkeys(re.findall(r"`(test_\w+)`", line), row)
    assert rows == FAULTS
