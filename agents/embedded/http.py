"""One request to a server on this machine, for readiness checks and small questions."""

from __future__ import annotations

import http.client
from dataclasses import dataclass

from agents.embedded.ports import HOST


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server on this machine answered."""

    status: int
    body: bytes


def get(port: int, path: str, timeout_seconds: float = 5.0) -> Answer | None:
    """Ask a loopback port for a path; None if nothing there speaks HTTP (yet)."""
    connection = http.client.HTTPConnection(HOST, port, timeout=timeout_seconds)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return Answer(response.status, response.read())
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def is_ok(port: int, path: str, timeout_seconds: float = 5.0) -> bool:
    """Whether the path is answered with 200."""
    answer = get(port, path, timeout_seconds)
    return answer is not None and answer.status == 200
