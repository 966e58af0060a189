"""Loopback ports and data folders: found free, or refused with a sentence."""

from __future__ import annotations

import secrets
import socket
import tempfile
from collections.abc import Collection
from pathlib import Path

from agents.embedded.errors import EmbeddedError, FolderUnwritableError, PortTakenError

HOST = "127.0.0.1"

# Below the range from which the kernel takes the local ports of outgoing connections (32768 and
# up on Linux, 49152 on macOS): a client that keeps trying to reach a stopped server would
# otherwise one day be given that server's own port, and the server could not come back to it.
_LOWEST, _HIGHEST = 15_000, 32_000

_given: set[int] = set()
"""Ports that were handed out: their servers may not listen yet, or be down for a moment."""


def is_free(port: int) -> bool:
    """Return whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port(taken: Collection[int] = ()) -> int:
    """Return a loopback port that is free, not in `taken`, and was not given before."""
    for _ in range(200):
        port = _LOWEST + secrets.randbelow(_HIGHEST - _LOWEST)
        if port not in taken and port not in _given and is_free(port):
            _given.add(port)
            return port
    raise EmbeddedError(f"200 ports of {HOST} were tried and all are in use.")


def claim(program: str, port: int | None) -> int:
    """Return the port asked for, if it is free, else an error; without one, any free port."""
    if port is None:
        return free_port()
    if not is_free(port):
        raise PortTakenError(program, port)
    return port


def preferred(port: int) -> int:
    """This port if it is free, else any that is."""
    return port if is_free(port) else free_port()


def is_listening(port: int) -> bool:
    """Return whether something accepts connections on this loopback port."""
    try:
        with socket.create_connection((HOST, port), timeout=1.0):
            return True
    except OSError:
        return False


def writable_folder(program: str, folder: Path, mode: int = 0o755) -> Path:
    """Make the folder if need be and write to it once, so that a refusal is told early."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=mode)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise FolderUnwritableError(program, folder, error.strerror or str(error)) from error
    return folder.resolve()
