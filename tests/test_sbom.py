"""The bill of materials names what is pinned, and is the same for the same pins."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
SBOM = PROJECT / ".ringside" / "sbom.cdx.json"

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        importlib.util.find_spec("cyclonedx_py") is None, reason="requirements/security.txt"
    ),
]


def made() -> bytes:
    """Return what `make sbom` writes."""
    SBOM.unlink(missing_ok=True)
    subprocess.run(("make", "sbom"), cwd=PROJECT, check=True, capture_output=True, timeout=380)  # noqa: S607 - our own
    return SBOM.read_bytes()


def test_two_runs_write_the_same_bill_and_it_names_every_pin() -> None:
    first = made()
    assert made() == first
    pins = (PROJECT / "requirements" / "runtime.txt").read_text(encoding="utf-8")
    pinned = dict(re.findall(r"^([a-z0-9._-]+)==([^\s;\\]+)", pins, re.MULTILINE))
    assert len(pinned) > 20
    listed = json.loads(first)["components"]
    assert {one["name"]: one["version"] for one in listed} == pinned
