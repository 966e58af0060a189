"""Which fast modules are compiled, and whether they are of the sources that lie beside them.

hatch_build.py writes a list of what it compiled, with the sources' checksums. A checkout that was
updated and not installed again would count by the rules of its older release.
"""

import json
from hashlib import sha256
from pathlib import Path

from agents.errors import RingsideError

_ROOT = Path(__file__).resolve().parents[1]
_LIST = "schemas/compiled.json"


class StaleModulesError(RingsideError):
    """Compiled modules are older than their sources. Install again: make setup, or pip install."""


def fast_modules(root: Path = _ROOT) -> dict[str, str]:
    """Return every module that can be compiled, and the checksum of its sources."""
    found = {}
    for source in sorted(root.glob("*/fast_*.pyx")):
        header = source.with_suffix(".pxd")
        parts = [path.read_bytes() for path in (source, header) if path.exists()]
        found[f"{source.parent.name}.{source.stem}"] = sha256(b"\0".join(parts)).hexdigest()
    return found


def missing(root: Path = _ROOT) -> list[str]:
    """Return the modules that are not compiled here.

    Raises:
        StaleModulesError: one was compiled from other sources than these.
    """
    written = root / _LIST
    compiled = json.loads(written.read_text("utf-8")) if written.exists() else {}
    sources = fast_modules(root)
    stale = [name for name, digest in compiled.items() if sources.get(name) != digest]
    if stale:
        raise StaleModulesError(f"{StaleModulesError.__doc__} These are: {', '.join(stale)}.")
    return [name for name in sources if name not in compiled]
