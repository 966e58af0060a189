import subprocess
import sys
import tomllib
from pathlib import Path

PROJECT = Path(__file__).parents[2]


def test_source_that_is_not_installed_knows_its_version() -> None:
    # As in the image: the dependencies are installed, Ringside is a folder. Hiding the distribution
    # needs a process of its own, because importlib.metadata finds the editable installation.
    hidden = (
        "import importlib.metadata as m\n"
        "def version(name): raise m.PackageNotFoundError(name)\n"
        "m.version = version\n"
        "from agents.release import release\n"
        "print(release())\n"
    )
    found = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", hidden], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    assert found.stdout.strip() == project["version"]
