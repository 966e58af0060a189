"""The wheel: whoever installs it outside a checkout has everything that commands read."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("schemas", "streams", "agents", "dashboards")
CARRIED = {
    "deploy/alertmanager": "agents/embedded/deploy/alertmanager",
    "deploy/grafana": "agents/embedded/deploy/grafana",
    "deploy/kafka": "agents/embedded/deploy/kafka",
    "deploy/prometheus": "agents/embedded/deploy/prometheus",
    "docs/runbooks": "agents/alerting/runbooks",
}


def run(folder: Path, *arguments: str) -> str:
    """Return what Python prints, with *folder* in front of everything that is installed."""
    env = {"PYTHONPATH": str(folder)}
    done = subprocess.run(  # noqa: S603 - our own commands
        (sys.executable, *arguments),
        check=False,
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the wheel holds."""
    folder = tmp_path_factory.mktemp("wheel")
    build = ("-m", "hatchling", "build", "-t", "wheel", "-d", str(folder))
    subprocess.run((sys.executable, *build), cwd=ROOT, check=True, timeout=300)  # noqa: S603
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


def files(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.mark.parametrize("package", PACKAGES)
def test_every_file_of_a_package_is_in_the_wheel(installed: Path, package: str) -> None:
    assert files(ROOT / package) <= files(installed / package)


@pytest.mark.parametrize("folder", CARRIED)
def test_what_stands_beside_the_packages_is_in_the_wheel(installed: Path, folder: str) -> None:
    assert files(installed / CARRIED[folder]) == files(ROOT / folder) != set()


def test_an_installed_program_reads_its_own_files(installed: Path) -> None:
    read = (
        "from agents.alerting.receiver import RUNBOOKS; from agents.embedded.paths import DEPLOY; "
        "print(DEPLOY, RUNBOOKS)"
    )
    deploy, runbooks = run(installed, "-c", read).split()
    assert deploy == str(installed / CARRIED["deploy/kafka"]).removesuffix("/kafka")
    assert runbooks == str(installed / CARRIED["docs/runbooks"])
    assert "receivers:" in run(installed, "-m", "agents", "alerts", "config")
