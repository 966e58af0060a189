"""Where the deployment files are, and where the embedded stack keeps its own."""

from __future__ import annotations

from pathlib import Path

from agents.embedded.errors import MissingError

PROJECT = Path(__file__).resolve().parents[2]
DEPLOY = PROJECT / "deploy"
GENERATED = PROJECT / "dashboards" / "generated"
DEFAULT_HOME = PROJECT / ".ringside"


def deploy_file(name: str) -> Path:
    """The path of a file under `deploy/`.

    Raises:
        MissingError: the package was installed without the repository around it.
    """
    path = DEPLOY / name
    if not path.exists():
        raise MissingError(
            f"deploy/{name}",
            "run from a checkout of the repository; the installed package does not carry it.",
        )
    return path
