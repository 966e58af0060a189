"""The small HTTP server of a worker: /metrics, /live and /ready, in threads of its own."""

import sys
import threading
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, ProcessCollector, make_wsgi_app
from prometheus_client.registry import Collector

from agents.errors import OccupiedPortError
from agents.metrics.access import Access

Check = Callable[[], str | None]
"""Returns None if all is well, else a sentence saying what is not."""
Start = Callable[..., Any]

SILENT_SECONDS = 30.0
_DENIED = [("WWW-Authenticate", 'Basic realm="metrics", charset="UTF-8"')]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as socketserver's
        """Leave out of the log whoever went away, or spoke no TLS; a scanner would fill it."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Quiet(WSGIRequestHandler):
    # Who connects and says nothing must not hold a thread for ever.
    timeout = SILENT_SECONDS

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
        """Leave successful scrapes out of the log."""


class MetricsServer:
    """Serves until `stop`. Answers however busy the event loop is; that is what /live is for."""

    def __init__(
        self, collector: Collector, *, live: Check, ready: Check, access: Access | None = None
    ) -> None:
        registry = CollectorRegistry()
        registry.register(collector)
        ProcessCollector(registry=registry)
        self._metrics = make_wsgi_app(registry)
        self._checks = {"/live": live, "/ready": ready}
        self._access = access or Access()
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
        if self._access.tls is not None:
            # Shaking hands is left to the client's own thread: one that does not must hold up none.
            self._server.socket = self._access.tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
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
            if not self._access.admits(environ.get("HTTP_AUTHORIZATION", "")):
                return _text(start_response, "401 Unauthorized", "a password is needed", _DENIED)
            body: Iterable[bytes] = self._metrics(environ, start_response)
            return body
        check = self._checks.get(path)
        if check is None:
            return _text(start_response, "404 Not Found", "/metrics, /live and /ready are here")
        complaint = check()
        if complaint is None:
            return _text(start_response, "200 OK", "ok")
        return _text(start_response, "503 Service Unavailable", complaint)


def _text(
    start_response: Start, status: str, text: str, headers: list[tuple[str, str]] | None = None
) -> list[bytes]:
    start_response(status, [("Content-Type", "text/plain; charset=utf-8"), *(headers or [])])
    return [f"{text}\n".encode()]
