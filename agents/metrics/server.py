"""The small HTTP server of a worker: /metrics, /live and /ready, in threads of its own."""

import threading
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, ProcessCollector, make_wsgi_app
from prometheus_client.registry import Collector

from agents.errors import OccupiedPortError

Check = Callable[[], str | None]
"""Returns None if all is well, else a sentence saying what is not."""
Start = Callable[..., Any]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
        """Leave successful scrapes out of the log."""


class MetricsServer:
    """Serves until `stop`. Answers however busy the event loop is; that is what /live is for."""

    def __init__(self, collector: Collector, *, live: Check, ready: Check) -> None:
        registry = CollectorRegistry()
        registry.register(collector)
        ProcessCollector(registry=registry)
        self._metrics = make_wsgi_app(registry)
        self._checks = {"/live": live, "/ready": ready}
        self._server: WSGIServer | None = None

    def start(self, host: str, port: int) -> int:
        """Bind and serve; return the port, which is another one only if *port* is 0.

        Raises:
            OccupiedPortError: somebody else listens there, or the address is not ours.
        """
        try:
            self._server = make_server(host, port, self._answer, _Server, _Quiet)
        except OSError as error:
            raise OccupiedPortError(
                f"the metrics cannot be served on {host}:{port} ({error.strerror}). "
                "Set RINGSIDE_METRICS_PORT to a free port (0 takes any), or RINGSIDE_METRICS_HOST"
            ) from None
        threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True).start()
        return int(self._server.server_port)

    def stop(self) -> None:
        """Stop serving. May be called twice."""
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()

    def _answer(self, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/metrics":
            body: Iterable[bytes] = self._metrics(environ, start_response)
            return body
        check = self._checks.get(path)
        if check is None:
            return _text(start_response, "404 Not Found", "/metrics, /live and /ready are here")
        complaint = check()
        if complaint is None:
            return _text(start_response, "200 OK", "ok")
        return _text(start_response, "503 Service Unavailable", complaint)


def _text(start_response: Start, status: str, text: str) -> list[bytes]:
    start_response(status, [("Content-Type", "text/plain; charset=utf-8")])
    return [f"{text}\n".encode()]
