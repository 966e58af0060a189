"""Which release of Ringside this is."""

import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PROJECT_FILE = Path(__file__).resolve().parents[1] / "pyproject.toml"


def release() -> str:
    """Return the version of this release.

    The container image runs the source without installing it, so there the version comes from
    the pyproject.toml beside the packages.
    """
    try:
        return version("ringside")
    except PackageNotFoundError:
        return str(tomllib.loads(_PROJECT_FILE.read_text("utf-8"))["project"]["version"])
