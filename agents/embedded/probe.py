"""The container's health check: `python -m agents.embedded.probe PORT PATH` exits 0 on a 200."""

from __future__ import annotations

import sys

from agents.embedded.http import is_ok

if __name__ == "__main__":
    sys.exit(0 if is_ok(int(sys.argv[1]), sys.argv[2]) else 1)
