"""Compiles the fast twins of the hot path (`*/fast_*.pyx`) when the package is installed or built.

They are optional: without a C compiler Ringside runs as plain Python, with the same results, and
takes longer (docs/decisions/0017). Hatchling calls this by the file's name.
"""

import json
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

from Cython.Build import cythonize
from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from setuptools import Distribution, Extension
from setuptools.errors import CompileError, LinkError, PlatformError

ROOT = Path(__file__).parent
SCRATCH = ".ringside/build"
LIST = "schemas/compiled.json"
"""What was compiled, from which sources: agents/compiled.py compares."""


def compile_fast(root: Path = ROOT) -> list[Path]:
    """Compile every `fast_*.pyx` beside its source; return the files that were made.

    What was compiled before is removed first, also for other Pythons and of sources that are gone;
    if one cannot be compiled, none is left. Raises whatever Cython, setuptools and the C compiler
    raise.
    """
    _remove_compiled(root)
    extensions = [
        Extension(f"{source.parent.name}.{source.stem}", [str(source.relative_to(root))])
        for source in sorted(root.glob("*/fast_*.pyx"))
    ]
    # Always anew: by times of files, another release's would be taken for current.
    compiled = cythonize(
        extensions, build_dir=SCRATCH, include_path=[str(root)], quiet=True, force=True
    )
    command = Distribution({"ext_modules": compiled}).get_command_obj("build_ext")
    command.inplace, command.build_temp, command.force = True, SCRATCH, True
    command.ensure_finalized()
    try:
        command.run()
    except BaseException:
        _remove_compiled(root)
        raise
    written = root / LIST
    written.write_text(json.dumps({one.name: _checksum(root, one.name) for one in extensions}))
    return [written, *(root / command.get_ext_filename(one.name) for one in extensions)]


def _remove_compiled(root: Path) -> None:
    for path in [root / LIST, *root.glob("*/fast_*.so")]:
        path.unlink(missing_ok=True)


def _checksum(root: Path, module: str) -> str:
    source = root / (module.replace(".", "/") + ".pyx")
    header = source.with_suffix(".pxd")
    parts = [path.read_bytes() for path in (source, header) if path.exists()]
    return sha256(b"\0".join(parts)).hexdigest()


class CustomBuildHook(BuildHookInterface):
    """Puts the compiled modules into the wheel, or beside their sources in a checkout."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Compile; without a compiler say so and go on. An error in a source is one."""
        try:
            made = compile_fast()
        except (CompileError, LinkError, PlatformError) as error:
            self.app.display_warning(
                f"The fast modules were not compiled ({error}). Ringside works without them, at "
                "about half the speed. They need a C compiler and Python's headers: on Debian, "
                "apt-get install gcc python3-dev."
            )
            return
        build_data["pure_python"] = False
        build_data["infer_tag"] = True
        build_data["artifacts"] += [path.relative_to(ROOT).as_posix() for path in made]


if __name__ == "__main__":
    for path in compile_fast():
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")
