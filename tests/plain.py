"""`PLAIN=1 pytest`: run without the compiled modules, as where there is no C compiler."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from agents.compiled import fast_modules

# From the environment, because pytest reads its options later than the plugins that come after
# this one import what would import the modules.
IS_PLAIN = bool(os.environ.get("PLAIN"))  # noqa: TID251 - a choice of the tests' own

if IS_PLAIN:
    for name in fast_modules():
        assert name not in sys.modules
        sys.modules[name] = None  # type: ignore[assignment]  # Python's way to say: not to be had


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leave out the tests that compare both."""
    return True if IS_PLAIN and collection_path.name.startswith("test_fast_") else None
