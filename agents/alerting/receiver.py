"""The small HTTP server that Alertmanager tells of every alert; it serves the runbooks, too."""

import hmac
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from agents import log
from agents.clock import Clock
from agents.errors import DatabaseError, OccupiedPortError
from agents.postgres.alerts import AlertStore, KeptAlert

MAX_BYTES = 4 * 2**20
_PACKAGED = Path(__file__).parent / "runbooks"
# A wheel carries the runbooks inside the package; a checkout has them in docs/.
RUNBOOKS = (
    _PACKAGED if _PACKAGED.exists() else Path(__file__).resolve().parents[2] / "docs" / "runbooks"
)
_NAME = re.compile(r"[A-Za-z]+\.md")

_log = log.get(__name__)


class _Told(msgspec.Struct, rename="camel"):
    status: str
    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: datetime
    ends_at: datetime
    fingerprint: str


class _Message(msgspec.Struct):
    """Alertmanager's webhook, version 4: what we need of it."""

    alerts: list[_Told]


def read(body: bytes) -> list[KeptAlert]:
    """Return the alerts of a message.

    Raises:
        msgspec.MsgspecError: it is none of Alertmanager's.
    """
    return [
        KeptAlert(
            fingerprint=told.fingerprint,
            starts_at=told.starts_at.timestamp(),
            ends_at=told.ends_at.timestamp() if told.status == "resolved" else None,
            labels=told.labels,
            annotations=told.annotations,
        )
        for told in msgspec.json.decode(body, type=_Message).alerts
    ]


class Receiver:
    """Answers Alertmanager. What is not known to be kept is answered with 503, and told again."""

    def __init__(self, store: AlertStore, *, token: str, now: Clock) -> None:
        self._store = store
        self._expected = f"Bearer {token}".encode()
        self._now = now

    def application(self) -> web.Application:
        """Return what serves it."""
        application = web.Application(client_max_size=MAX_BYTES)
        application.router.add_post("/alerts", self._alerts)
        application.router.add_get("/ready", self._ready)
        application.router.add_get("/runbooks/{name}", self._runbook)
        return application

    async def _alerts(self, request: web.Request) -> web.Response:
        given = request.headers.get("Authorization", "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, self._expected):
            return web.Response(status=401, text="the token is missing or wrong\n")
        try:
            alerts = read(await request.read())
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            return web.Response(status=400, text=f"this is no message of Alertmanager: {error}\n")
        try:
            await self._store.keep(alerts, self._now())
        except DatabaseError as error:
            _log.warning("alerts not kept yet", why=str(error), alerts=len(alerts))
            return web.Response(status=503, text="the database does not answer; tell me again\n")
        for alert in alerts:
            state = "firing" if alert.ends_at is None else "resolved"
            _log.info(state, **{key: text for key, text in alert.labels.items() if key in _SHOWN})
        return web.Response(text="kept\n")

    async def _ready(self, _request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _runbook(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        file = RUNBOOKS / name
        if not _NAME.fullmatch(name) or not file.is_file():
            return web.Response(status=404, text="there is no such runbook\n")
        return web.Response(text=file.read_text(encoding="utf-8"), content_type="text/markdown")


_SHOWN = frozenset({"alertname", "severity", "team", "site", "queue", "source", "topic"})


@asynccontextmanager
async def serving(receiver: Receiver, host: str, port: int) -> AsyncIterator[int]:
    """Serve for as long as it is held; give the port, which is another one only if *port* is 0.

    Raises:
        OccupiedPortError: somebody else listens there, or the address is not ours.
    """
    runner = web.AppRunner(receiver.application(), access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            raise OccupiedPortError(
                f"alerts cannot be received on {host}:{port} ({error.strerror}). "
                "Choose a free port with --port"
            ) from None
        addresses: list[Any] = runner.addresses
        yield int(addresses[0][1])
    finally:
        await runner.cleanup()
