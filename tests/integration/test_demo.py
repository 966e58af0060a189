"""`ringside demo` as a newcomer runs it: numbers move, other commands reach it, Ctrl-C stops it."""

from __future__ import annotations

import re
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

from agents.embedded.paths import PROJECT
from agents.embedded.ports import is_free
from agents.embedded.process import ChildProcess, Program


def in_another_terminal(home: Path, command: str) -> str:
    """Return what a command prints once the demo's settings are read into a shell."""
    exports = home / "stack" / "environment"
    assert stat.S_IMODE(exports.stat().st_mode) == 0o600
    script = f". {exports}; {sys.executable} -m agents {command}"
    done = subprocess.run(  # noqa: S603 - our own command
        ("/bin/sh", "-c", script), check=False, capture_output=True, text=True, cwd=PROJECT
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_demo_shows_numbers_and_ends_in_order_on_ctrl_c(
    server_folder: Path, downloads: Path
) -> None:
    home = Path(tempfile.mkdtemp(dir=server_folder))
    home.chmod(0o755)
    for jars in downloads.glob("kafka-*"):
        (home / jars.name).symlink_to(jars)
    code = (
        "import os, pathlib, functools; from agents.embedded.demo import run_demo; "
        f"run_demo(pathlib.Path({str(home)!r}), os.environ, functools.partial(print, flush=True))"
    )
    command = (sys.executable, "-c", code)
    log = home / "demo.log"
    program = Program(name="demo", command=command, log=log, working_folder=PROJECT)
    with ChildProcess(program) as demo:
        demo.start()
        # 120 reps for 20 minutes: about 120 x 0.03 x 1200 = 4,320 events at once
        counted = re.compile(r"^[\d,]+,\d{3} events counted", re.MULTILINE)
        demo.wait_until(lambda: counted.search(log.read_text()) is not None, 180)
        assert "team-01" in in_another_terminal(home, "top --once")
        assert "every rep and queue" in in_another_terminal(home, "roster unknown")
        demo.interrupt()
        assert demo.wait(180) == 0
    printed = log.read_text()
    assert "Everything has been stopped." in printed
    ports = {int(port) for port in re.findall(r"127\.0\.0\.1:(\d+)", printed)}
    assert len(ports) >= 3
    assert all(is_free(port) for port in ports)
