"""One child process: started, waited for, stopped, killed; it never outlives its parent."""

from __future__ import annotations

import contextlib
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from agents.embedded.errors import EmbeddedError, NotStartedError
from agents.embedded.ports import writable_folder

_TAIL_LINES = 20
_POLL_SECONDS = 0.05

# Started beside each child, holding the read end of a pipe whose other end only the parent has:
# when the parent is gone, however it went, `read` returns and the child's process group is ended.
# (PR_SET_PDEATHSIG would be shorter, but is Linux's alone, is lost when the child changes its
# user, and fires when the *thread* that started the child ends.)
_GUARD = """
read -r _
kill -s "$2" -- "-$1" || exit
tries=0
while [ "$tries" -lt 50 ]; do
    kill -s 0 -- "-$1" || exit
    sleep 0.2
    tries=$((tries + 1))
done
kill -s KILL -- "-$1"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What to run and where its output goes."""

    name: str
    command: tuple[str, ...]
    log: Path
    env: Mapping[str, str] | None = None
    """The whole environment; None inherits the parent's."""
    working_folder: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    user_id: int | None = None
    """Whom to run as, for programs that refuse root."""


@dataclass(slots=True)
class ChildProcess:
    """A running program with a process group of its own, so Ctrl-C does not reach it."""

    program: Program
    _popen: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _guard: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _log_start: int = field(default=0, init=False)

    def start(self) -> None:
        """Start the program, appending what it prints to its log.

        Raises:
            EmbeddedError: it runs already, or the operating system refuses to start it.
        """
        if self.is_running:
            raise EmbeddedError(f"{self.program.name} is running already.")
        program = self.program
        writable_folder(program.name, program.log.parent)
        with program.log.open("ab") as log:
            self._log_start = log.tell()
            self._popen = _spawn(program, log)
        self._guard = _start_guard(self._popen.pid, program.stop_signal)

    def wait_until(self, ready: Callable[[], bool], timeout_seconds: float) -> None:
        """Return once `ready` holds.

        Raises:
            NotStartedError: the program ended, or the time is over (it is then stopped).
        """
        deadline = time.monotonic() + timeout_seconds
        while not ready():
            if not self.is_running:
                raise self._not_started(f"ended at once with exit code {self.exit_code}")
            if time.monotonic() > deadline:
                tail = self._not_started(f"was not ready within {timeout_seconds:g} s")
                self.kill()
                raise tail
            self._wait(_POLL_SECONDS)

    @property
    def is_running(self) -> bool:
        """Whether the program has been started and has not ended."""
        if self._popen is None:
            return False
        if self._popen.poll() is None:
            return True
        # Its number may be given to another process now, which the guard must never end.
        self._release_guard()
        return False

    @property
    def exit_code(self) -> int | None:
        """How the program ended (negative: the signal), None while it runs."""
        return None if self._popen is None else self._popen.poll()

    @property
    def pid(self) -> int:
        """The program's process id, which is also its process group's."""
        if self._popen is None:
            raise EmbeddedError(f"{self.program.name} has not been started.")
        return self._popen.pid

    def stop(self, timeout_seconds: float = 20.0) -> None:
        """Ask the program to end, and kill it if it has not in time."""
        if self.is_running:
            os.killpg(self.pid, self.program.stop_signal)
            if not self._wait(timeout_seconds):
                self.kill()
        self._release_guard()

    def kill(self) -> None:
        """End the program at once, without a chance to clean up (kill -9)."""
        if self.is_running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            self._wait(None)
        self._release_guard()

    def interrupt(self) -> None:
        """Send what Ctrl-C would send."""
        os.killpg(self.pid, signal.SIGINT)

    def wait(self, timeout_seconds: float) -> int:
        """Wait for the program to end by itself and return its exit code.

        Raises:
            NotStartedError: it is still running when the time is over.
        """
        if not self._wait(timeout_seconds):
            raise self._not_started(f"is still running after {timeout_seconds:g} s")
        self._release_guard()
        return self.exit_code or 0

    def log_tail(self, lines: int = _TAIL_LINES) -> str:
        """Return the last lines that this run of the program printed."""
        try:
            with self.program.log.open("rb") as log:
                log.seek(self._log_start)
                printed = log.read()
        except OSError:
            return ""
        return "\n".join(printed.decode("utf-8", "replace").splitlines()[-lines:])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _wait(self, timeout_seconds: float | None) -> bool:
        if self._popen is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._popen.wait(timeout_seconds)
        return not self.is_running

    def _not_started(self, why: str) -> NotStartedError:
        return NotStartedError(self.program.name, why, self.program.log, self.log_tail())

    def _release_guard(self) -> None:
        if self._guard is None:
            return
        # By kill and not by closing the pipe: the guard would take that for the parent's end.
        self._guard.kill()
        self._guard.wait()
        if self._guard.stdin is not None:
            self._guard.stdin.close()
        self._guard = None


@dataclass(frozen=True, slots=True)
class Finished:
    """What a program that ran to its end printed."""

    exit_code: int
    output: str


def run_to_end(program: Program, timeout_seconds: float) -> Finished:
    """Run a short-lived program and return its exit code and output."""
    child = ChildProcess(program)
    child.start()
    try:
        child.wait(timeout_seconds)
    finally:
        child.kill()
    return Finished(child.exit_code or 0, child.log_tail(lines=sys.maxsize))


def _spawn(program: Program, log: IO[bytes]) -> subprocess.Popen[bytes]:
    user = program.user_id
    try:
        return subprocess.Popen(  # noqa: S603 - our own command line
            program.command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=program.env,
            cwd=program.working_folder,
            start_new_session=True,
            user=user,
            group=None if user is None else pwd.getpwuid(user).pw_gid,
            extra_groups=None if user is None else (),
        )
    except OSError as error:
        raise EmbeddedError(
            f"{program.name} cannot be started from {program.command[0]}: {error}"
        ) from error


def _start_guard(group: int, stop_signal: signal.Signals) -> subprocess.Popen[bytes]:
    name = stop_signal.name.removeprefix("SIG")
    return subprocess.Popen(  # noqa: S603 - a constant script, numbers and a signal's name
        ("/bin/sh", "-c", _GUARD, "guard", str(group), name),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
