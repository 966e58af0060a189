"""Settings for a person's shell: `. FILE`, and every `ringside` command reaches what runs here."""

from collections.abc import Mapping
from pathlib import Path
from shlex import quote


def write_exports(folder: Path, environment: Mapping[str, str]) -> Path:
    """Write `export NAME=value` lines to a file that only its owner may read; return its path."""
    path = folder / "environment"
    path.touch(mode=0o600)
    path.chmod(0o600)
    lines = (f"export {name}={quote(value)}\n" for name, value in environment.items())
    path.write_text("".join(lines), encoding="utf-8")
    return path
