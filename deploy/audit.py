"""`make audit`: known vulnerabilities of pinned dependencies, by pip-audit.

Fails on a finding. Where the index cannot be asked (no network, or a mirror without advisories), it
says for how many packages that is, and does not fail: an unanswered question is no vulnerability.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

_SECONDS = 120


def asked(requirements: Path) -> dict[str, Any] | None:
    """Return what pip-audit found; None if it could ask nobody."""
    command = (sys.executable, "-m", "pip_audit", "--requirement", str(requirements))
    options = ("--disable-pip", "--progress-spinner", "off", "--format", "json")
    try:
        done = subprocess.run(  # noqa: S603 - our own command line
            (*command, *options), capture_output=True, text=True, check=False, timeout=_SECONDS
        )
        found: dict[str, Any] = json.loads(done.stdout)
    except (json.JSONDecodeError, subprocess.TimeoutExpired):
        return None
    return found


def verdict(found: dict[str, Any] | None) -> tuple[int, str]:
    """Return the exit code, and what to say."""
    if found is None:
        return 0, "AUDIT SKIPPED: the index cannot be asked about vulnerabilities"
    dependencies = found["dependencies"]
    vulnerable = [one for one in dependencies if one.get("vulns")]
    unknown = [one["name"] for one in dependencies if "skip_reason" in one]
    lines = [
        f"{one['name']} {one['version']}: {vuln['id']}, mended in "
        + (", ".join(vuln["fix_versions"]) or "no release yet")
        for one in vulnerable
        for vuln in one["vulns"]
    ]
    answered = len(dependencies) - len(unknown)
    lines.append(
        f"{answered} of {len(dependencies)} packages audited, {len(vulnerable)} vulnerable"
    )
    if unknown:
        lines.append(f"AUDIT SKIPPED for {len(unknown)}: the index does not answer about them")
    return (1 if vulnerable else 0), "\n".join(lines)


if __name__ == "__main__":
    code, text = verdict(asked(Path(sys.argv[1])))
    sys.stdout.write(text + "\n")
    sys.exit(code)
