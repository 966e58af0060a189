"""Who may import whom, who may ask a clock, how long a module may be; breaking it is noticed."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
PACKAGES = ("schemas", "streams", "agents", "dashboards")
MAX_LINES = 300
FRONT_DOORS = {"streams/simulation/__init__.py"}
"""Packages whose `__init__` names what others may use of them, and does nothing else."""


def modules(*packages: str) -> list[Path]:
    return [path for package in packages for path in sorted((ROOT / package).rglob("*.py"))]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    program, *arguments = command
    return subprocess.run(  # noqa: S603 - our own tools
        [BIN / program, *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The four packages in a folder of their own, to plant something in."""
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_imports_keep_to_the_contracts() -> None:
    linted = run("lint-imports", "--no-cache", cwd=ROOT)
    assert linted.returncode == 0, linted.stdout
    assert "0 broken" in linted.stdout


PLANTED_IMPORTS = {
    "streams/planted_asyncio.py": "import asyncio",
    "streams/planted_os.py": "import os",
    "streams/planted_agents.py": "from agents import clock",
    "schemas/planted_streams.py": "from streams import panes",
    "schemas/planted_socket.py": "import socket",
    "streams/planted_faust.py": "import faust",
    "dashboards/planted_agents.py": "import agents.settings",
    "dashboards/planted_events.py": "from schemas import events",
    "agents/planted_dashboards.py": "import dashboards.layout",
}


def test_imports_against_the_contracts_are_found(copy: Path) -> None:
    for path, line in PLANTED_IMPORTS.items():
        (copy / path).write_text(f'"""Planted."""\n{line}\n')
    linted = run("lint-imports", "--no-cache", cwd=copy)
    assert linted.returncode == 1
    for path in PLANTED_IMPORTS:
        module = path.removesuffix(".py").replace("/", ".")
        assert re.search(rf"{re.escape(module)}\b.* -> ", linted.stdout), module


@pytest.mark.parametrize(
    "code",
    [
        "import time\nx = time.time()",
        "from time import time\nx = time()",
        "import datetime\nx = datetime.datetime.now(datetime.UTC)",
        "from datetime import UTC, datetime\nx = datetime.now(UTC)",
        "from datetime import datetime\nx = datetime.utcnow()",
        "import os\nx = os.environ['HOME']",
        "import os\nx = os.getenv('HOME')",
        "import random\nx = random.random()",
    ],
)
def test_asking_a_clock_chance_or_the_environment_is_found(copy: Path, code: str) -> None:
    planted = copy / "streams" / "planted.py"
    planted.write_text(f'"""Planted."""\n{code}\n')
    linted = run("ruff", "check", "--no-cache", "--select", "TID251", str(planted), cwd=copy)
    assert linted.returncode == 1
    assert "TID251" in linted.stdout


def test_only_the_entry_point_reads_the_environment_and_the_clock_module_the_clock() -> None:
    banned = re.compile(r"os\.environ|os\.getenv|time\.time\b|datetime\.now\b|\.utcnow\b")
    asking = {
        name(path)
        for path in modules(*PACKAGES)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and banned.search(ast.unparse(node))
    }
    assert asking <= {"agents/__main__.py", "agents/clock.py"}


@pytest.mark.parametrize(
    "path", [p for p in modules(*PACKAGES) if p.name == "__init__.py"], ids=name
)
def test_a_package_says_what_it_is_and_does_nothing(path: Path) -> None:
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree), "what is the folder for, and what may it import?"
    if name(path) in FRONT_DOORS:
        assert all(isinstance(node, ast.Expr | ast.ImportFrom | ast.Assign) for node in tree.body)
    else:
        assert len(tree.body) == 1


BEHIND = {
    "schemas.codec": ("messages", "wire", "admission"),
    "schemas.events": tuple(
        f"{of}_events" for of in ["call", "rep", "meeting", "deal", "activity", "counter"]
    ),
    "schemas.kpis": ("formulas", "floor_kpis", "queue_kpis", "customer_kpis"),
    "schemas.funnel_kpis": ("conversion_kpis", "velocity_kpis"),
}
"""The front doors of `schemas`, and the modules whose names others take from there only."""


def test_outside_schemas_there_is_one_path_to_each_name() -> None:
    hidden = {f"schemas.{module}": door for door, found in BEHIND.items() for module in found}
    assert all((ROOT / module.replace(".", "/")).with_suffix(".py").exists() for module in hidden)
    wrong = [
        f"{name(path)}: take it from {hidden[module]}, not from {module}"
        for path in modules("streams", "agents", "dashboards", "tests", "benchmarks", "docs")
        for module in re.findall(r"^from (schemas\.\w+) import", path.read_text(), re.MULTILINE)
        if module in hidden
    ]
    assert wrong == []


def test_no_module_is_longer_than_a_reader_likes() -> None:
    paths = [*modules(*PACKAGES), *ROOT.glob("*/*.pyx")]
    lengths = {name(path): len(path.read_text().splitlines()) for path in paths}
    too_long = {path: n for path, n in lengths.items() if n > MAX_LINES}
    assert too_long == {}


FROM_OUTSIDE = {"cpython", "libc", "cython", "msgspec", "datetime", "bisect", "collections", "re"}
"""What fast modules may import besides schemas and streams: nothing that does I/O."""


def imported(source: str) -> set[str]:
    """Return the top-level packages that a Cython source imports."""
    return set(re.findall(r"^\s*(?:from|import|cimport) +(\w+)", source, re.MULTILINE))


def test_fast_modules_import_what_their_twins_may() -> None:
    for path in [*ROOT.glob("*/*.pyx"), *ROOT.glob("*/*.pxd")]:
        allowed = {"schemas": {"schemas"}, "streams": {"schemas", "streams"}}[path.parent.name]
        assert imported(path.read_text()) <= allowed | FROM_OUTSIDE, name(path)


def test_an_import_in_a_fast_module_is_found() -> None:
    source = '"""A."""\n\ncimport os\nfrom socket cimport x\nimport json\n'
    assert imported(source) == {"os", "socket", "json"}


def requirements() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    declared = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    declared += [one for one in project["dependency-groups"]["dev"] if isinstance(one, str)]
    for extra in project["project"]["optional-dependencies"].values():
        declared += extra
    pinned = [path.read_text() for path in sorted((ROOT / "requirements").glob("*.txt"))]
    return declared + [line for text in pinned for line in text.splitlines()]


def test_requirements_name_packages_and_no_place_to_get_them() -> None:
    place = re.compile(r"https?:|file:|git\+|@ |index-url|find-links|(^|\s)(/|\.\.?/|~/|[A-Z]:\\)")
    assert [line for line in requirements() if place.search(line)] == []


def test_every_pinned_requirement_has_hashes() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        entries = re.split(r"\n(?=\S)", path.read_text().strip())
        bare = [one for one in entries if not one.startswith("#") and "--hash=sha256:" not in one]
        assert bare == [], path.name
