"""The audit fails on a finding, and only on a finding; what was not asked is said."""

import importlib.util
from pathlib import Path
from types import ModuleType


def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "audit", Path(__file__).parents[1] / "deploy" / "audit.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_vulnerability_fails_and_says_where_it_is_mended() -> None:
    found = {
        "dependencies": [
            {"name": "a", "version": "1", "vulns": []},
            {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1"]}]},
            {"name": "c", "version": "3", "vulns": [{"id": "PYSEC-2", "fix_versions": []}]},
        ]
    }
    code, text = audit().verdict(found)
    assert code == 1
    assert "b 2: PYSEC-1, mended in 2.1" in text
    assert "c 3: PYSEC-2, mended in no release yet" in text
    assert "3 of 3 packages audited, 2 vulnerable" in text


def test_an_index_that_does_not_answer_is_seen_and_does_not_fail() -> None:
    assert audit().verdict(None) == (
        0,
        "AUDIT SKIPPED: the index cannot be asked about vulnerabilities",
    )
    partly = {
        "dependencies": [
            {"name": "a", "version": "1", "vulns": []},
            {"name": "b", "skip_reason": "not found"},
        ]
    }
    code, text = audit().verdict(partly)
    assert code == 0
    assert "1 of 2 packages audited, 0 vulnerable" in text
    assert "AUDIT SKIPPED for 1" in text
