"""The fast modules: compiled where that is possible, and never of other sources than these."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
import sys
import sysconfig
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from agents import compiled

ROOT = Path(__file__).parents[1]
CAN_COMPILE = (
    shutil.which("cc") is not None and Path(sysconfig.get_path("include"), "Python.h").exists()
)
MODULE = '"""Planted."""\n\n\ndef answer() -> int:\n    return {}\n'

needs_a_compiler = pytest.mark.skipif(not CAN_COMPILE, reason="no C compiler: install gcc")


@needs_a_compiler
@pytest.mark.parametrize("name", compiled.fast_modules())
def test_every_fast_module_is_compiled_here(name: str) -> None:
    assert compiled.missing() == []
    file = importlib.import_module(name).__file__
    assert file is not None
    assert file.endswith(tuple(EXTENSION_SUFFIXES))
    assert Path(file).parent == ROOT / name.split(".", maxsplit=1)[0]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with one fast module in it, and what compiles it."""
    shutil.copy(ROOT / "hatch_build.py", tmp_path)
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas/fast_planted.pyx").write_text(MODULE.format(1))
    return tmp_path


def build(checkout: Path) -> list[str]:
    """Compile, and return the files that were made."""
    done = subprocess.run(
        (sys.executable, "hatch_build.py"), cwd=checkout, check=True, capture_output=True, text=True
    )
    return done.stdout.splitlines()


def test_what_nobody_compiled_is_missing(checkout: Path) -> None:
    assert compiled.missing(checkout) == ["schemas.fast_planted"]


@needs_a_compiler
@pytest.mark.parametrize("changed", ["fast_planted.pyx", "fast_planted.pxd"])
def test_what_was_compiled_from_other_sources_is_refused(checkout: Path, changed: str) -> None:
    made = build(checkout)
    assert [path for path in made if not (checkout / path).exists()] == []
    assert compiled.missing(checkout) == []
    (checkout / "schemas" / changed).write_text("# Another release's.\n")
    with pytest.raises(compiled.StaleModulesError, match=r"make setup.*schemas\.fast_planted"):
        compiled.missing(checkout)


@needs_a_compiler
def test_what_has_no_source_any_more_is_removed(checkout: Path) -> None:
    build(checkout)
    (checkout / "schemas/fast_planted.pyx").unlink()
    assert build(checkout) == ["schemas/compiled.json"]
    assert list(checkout.glob("schemas/*.so")) == []
    assert compiled.missing(checkout) == []


@needs_a_compiler
def test_without_a_compiler_nothing_is_left_that_was_compiled(checkout: Path) -> None:
    build(checkout)
    done = subprocess.run(
        (sys.executable, "hatch_build.py"),
        cwd=checkout,
        env={"PATH": str(checkout)},
        check=False,
        capture_output=True,
    )
    assert done.returncode == 1
    assert re.search(rb"(Compile|Link)Error: ", done.stderr)
    assert list(checkout.glob("schemas/*.so")) == []
    assert compiled.missing(checkout) == ["schemas.fast_planted"]
