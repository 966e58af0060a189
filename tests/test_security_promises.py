"""docs/security.md names tests that are there, and that `make security` runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (\d)\. .+?$(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL))
TESTS = re.compile(r"`(tests/[\w/]+\.py)`")


def run_by_make_security() -> list[Path]:
    recipe = re.search(
        r"^security:.*?(?=\n\n)", (ROOT / "Makefile").read_text(), re.MULTILINE | re.DOTALL
    )
    assert recipe is not None
    return [ROOT / name for name in re.findall(r"\btests/[\w/.]+", recipe[0])]


@pytest.mark.parametrize("name", sorted(set(TESTS.findall(TEXT))))
def test_each_test_that_is_named_is_there_and_is_run(name: str) -> None:
    file = ROOT / name
    assert file.exists()
    assert {file, *file.parents} & set(run_by_make_security())


@pytest.mark.parametrize("section", "234567")
def test_what_is_promised_names_a_test(section: str) -> None:
    assert TESTS.search(SECTIONS[section])


def test_what_make_security_runs_is_there() -> None:
    assert [file for file in run_by_make_security() if not file.exists()] == []
