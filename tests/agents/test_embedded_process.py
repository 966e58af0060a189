"""The supervisor of one child process, with real processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agents.embedded.errors import (
    EmbeddedError,
    FolderUnwritableError,
    NotStartedError,
    PortTakenError,
)
from agents.embedded.ports import HOST, claim, free_port, is_free, writable_folder
from agents.embedded.process import ChildProcess, Program, run_to_end

STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); "
POLITE = (
    "import signal, sys, time; "
    "signal.signal(15, lambda *_: (print('bye', flush=True), sys.exit(0))); "
    "print('up\\n', end='', flush=True); "  # in one write: a signal may come between two
)
FOREVER = "time.sleep(600)"

Starter = Callable[[str], ChildProcess]


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Starter]:
    children = []

    def starter(code: str) -> ChildProcess:
        command = (sys.executable, "-c", code)
        child = ChildProcess(Program(name="the child", command=command, log=tmp_path / "log"))
        child.start()
        children.append(child)
        return child

    yield starter
    for child in children:
        child.kill()


def test_a_child_is_asked_to_end_and_may_clean_up(start: Starter) -> None:
    child = start(POLITE + FOREVER)
    child.wait_until(lambda: "up" in child.log_tail(), 60)
    child.stop()
    assert child.exit_code == 0
    assert child.log_tail() == "up\nbye"


def test_a_child_that_does_not_want_to_end_is_ended(start: Starter) -> None:
    child = start(STUBBORN + FOREVER)
    child.wait_until(lambda: "up" in child.log_tail(), 60)
    child.stop(timeout_seconds=0.2)
    assert child.exit_code == -signal.SIGKILL


def test_a_killed_child_can_be_started_again_and_its_log_is_told_apart(start: Starter) -> None:
    child = start(POLITE + FOREVER)
    child.wait_until(lambda: "up" in child.log_tail(), 60)
    child.kill()
    child.start()
    child.wait_until(lambda: "up" in child.log_tail(), 60)
    assert child.log_tail() == "up"
    assert child.program.log.read_text() == "up\nup\n"


def test_a_child_that_runs_is_not_started_twice(start: Starter) -> None:
    with pytest.raises(EmbeddedError, match="running already"):
        start("import time; " + FOREVER).start()


def test_a_child_that_ends_at_once_is_reported_with_what_it_printed(start: Starter) -> None:
    child = start("import sys; print('no such thing'); sys.exit(3)")
    with pytest.raises(NotStartedError, match=r"exit code 3.*\n    no such thing"):
        child.wait_until(lambda: False, 60)


def test_a_child_that_never_gets_ready_is_reported_and_ended(start: Starter) -> None:
    child = start("import time; " + FOREVER)
    with pytest.raises(NotStartedError, match=r"not ready within 0\.2 s"):
        child.wait_until(lambda: False, 0.2)
    assert not child.is_running


def test_the_terminals_ctrl_c_does_not_reach_a_child(start: Starter) -> None:
    # A terminal signals its foreground process group, which is pytest's and not the child's.
    child = start("import time; " + FOREVER)
    assert os.getpgid(child.pid) == child.pid != os.getpgid(0)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_child_does_not_outlive_its_parent(tmp_path: Path, how: signal.Signals) -> None:
    code = f"""
import sys, time
from pathlib import Path
from agents.embedded.process import ChildProcess, Program
command = (sys.executable, "-c", {POLITE + FOREVER!r})
child = ChildProcess(Program(name="child", command=command, log=Path({str(tmp_path)!r}) / "log"))
child.start()
child.wait_until(lambda: "up" in child.log_tail(), 60)
print(child.pid, flush=True)
time.sleep(600)
"""
    root = Path(__file__).parents[2]
    command = (sys.executable, "-c", code)
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root)  # noqa: S603 - ours
    try:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert is_alive(child)
    finally:
        parent.send_signal(how)
        parent.communicate()
    until(lambda: not is_alive(child))
    # It was asked and not killed: it could clean up.
    assert (tmp_path / "log").read_text() == "up\nbye\n"


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    program = Program(name="Thing", command=("/nowhere/thing",), log=tmp_path / "log")
    with pytest.raises(EmbeddedError, match="Thing cannot be started from /nowhere/thing"):
        ChildProcess(program).start()


def test_a_program_that_ends_by_itself_gives_its_output(tmp_path: Path) -> None:
    code = "print('one'); print('two'); raise SystemExit(4)"
    command = (sys.executable, "-c", code)
    finished = run_to_end(Program(name="it", command=command, log=tmp_path / "log"), 60)
    assert (finished.exit_code, finished.output) == (4, "one\ntwo")


def test_a_program_that_does_not_end_in_time_is_ended(tmp_path: Path) -> None:
    command = (sys.executable, "-c", "import time; " + FOREVER)
    with pytest.raises(NotStartedError, match="still running"):
        run_to_end(Program(name="it", command=command, log=tmp_path / "log"), 0.2)


def test_a_port_in_use_is_refused_with_its_number() -> None:
    with socket.create_server((HOST, 0)) as listener:
        port = listener.getsockname()[1]
        assert not is_free(port)
        with pytest.raises(PortTakenError, match=f"Kafka cannot start: port {port} .* is in use"):
            claim("Kafka", port)


def test_a_free_port_is_none_that_an_outgoing_connection_can_be_given() -> None:
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert free_port() < lowest


def test_no_port_is_given_twice_though_nothing_listens_there_yet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Ports in turn, each drawn twice.
    drawn = (number // 2 for number in range(400))
    monkeypatch.setattr("agents.embedded.ports.secrets.randbelow", lambda _: next(drawn))
    given = [free_port() for _ in range(10)]
    assert len(set(given)) == 10


def test_a_folder_that_cannot_be_written_is_refused_with_the_reason(tmp_path: Path) -> None:
    # A file is in the way: that stops root, too, whom permissions do not.
    (tmp_path / "file").touch()
    with pytest.raises(FolderUnwritableError, match=r"Kafka cannot keep its data in .*Not a dir"):
        writable_folder("Kafka", tmp_path / "file" / "data")
