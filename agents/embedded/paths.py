"""Where the deployment files are, and where the embedded stack keeps its own."""

from __future__ import annotations

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
_PACKAGED = Path(__file__).parent / "deploy"
DEPLOY = _PACKAGED if _PACKAGED.exists() else PROJECT / "deploy"
"""A wheel carries the files inside the package; a checkout has them beside it."""
GENERATED = PROJECT / "dashboards" / "generated"
DEFAULT_HOME = PROJECT / ".ringside"
