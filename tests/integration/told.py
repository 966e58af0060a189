"""Those whom Alertmanager tells, as real servers: a mail server, Slack, a pager, the history."""

from __future__ import annotations

import asyncio
import email
import email.policy
import time
import warnings
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

import aiohttp
from aiohttp import web
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

HOST = "127.0.0.1"
TOKEN = "a-token-of-thirty-two-characters"
USER, PASSWORD = "ringside", "a password in a file"
PATIENCE_SECONDS = 180.0


@dataclass
class Told:
    """What came, by whom it came to."""

    alertmanager: str = ""
    smtp: str = ""
    url: str = ""
    logins: set[tuple[str, str]] = field(default_factory=set)
    tokens: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _mails: list[tuple[str, EmailMessage]] = field(default_factory=list)
    _posts: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Listen for as long as it is held."""
        loop = asyncio.get_running_loop()
        mail = await loop.create_server(self._mail_server, HOST, 0)
        self.smtp = f"{HOST}:{mail.sockets[0].getsockname()[1]}"
        application = web.Application()
        application.router.add_post("/{who}", self._take)
        runner = web.AppRunner(application)
        await runner.setup()
        try:
            await web.TCPSite(runner, HOST, 0).start()
            self.url = f"http://{HOST}:{runner.addresses[0][1]}"
            yield
        finally:
            await runner.cleanup()
            mail.close()

    # In

    def _mail_server(self) -> SMTP:
        with warnings.catch_warnings():
            # A password without TLS; it does not leave this machine.
            warnings.simplefilter("ignore", UserWarning)
            return SMTP(
                self,
                authenticator=self._authenticate,
                auth_required=True,
                auth_require_tls=False,
                # Its challenges are not those that Alertmanager knows.
                auth_exclude_mechanism=["LOGIN"],
            )

    def _authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _kind: str, data: LoginPassword
    ) -> AuthResult:
        login = data.login.decode(), data.password.decode()
        self.logins.add(login)
        return AuthResult(success=login == (USER, PASSWORD))

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name for it
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content
        assert isinstance(content, bytes)
        mail = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        self._mails += [(to, mail) for to in envelope.rcpt_tos]
        return "250 OK"

    async def _take(self, request: web.Request) -> web.Response:
        who = request.match_info["who"]
        self.tokens[who].add(request.headers.get("Authorization", ""))
        self._posts[who].append(await request.json())
        return web.Response(text="ok")

    # What came

    def mails_to(self, who: str, subject: str) -> list[EmailMessage]:
        """Return the mails to an address with this in their subject."""
        return [mail for to, mail in self._mails if to == who and subject in mail["Subject"]]

    def messages(self, who: str, **labels: str) -> list[Any]:
        """Return the messages of Alertmanager's webhook in which there is such an alert."""
        return [
            one for one in self._posts[who] if any(_has(each, labels) for each in one["alerts"])
        ]

    def posts(self, who: str, **labels: str) -> list[Any]:
        """Return the alerts with these labels that somebody was told of."""
        told = (each for message in self._posts[who] for each in message["alerts"])
        return [each for each in told if _has(each, labels)]

    def slack(self, text: str) -> list[Any]:
        """Return Slack's messages with this somewhere in them."""
        return [message for message in self._posts["slack"] if text in str(message)]

    async def inhibited(self, **labels: str) -> bool:
        """Whether Alertmanager says that such an alert is silenced by another."""
        filters = [("filter", f'{name}="{value}"') for name, value in labels.items()]
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{self.alertmanager}/api/v2/alerts", params=filters) as answer,
        ):
            found = await answer.json()
        return bool(found) and all(each["status"]["inhibitedBy"] for each in found)


def text_of(mail: EmailMessage) -> str:
    """Return what somebody reads."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def _has(alert: Any, labels: dict[str, str]) -> bool:  # noqa: ANN401 - JSON
    return bool(labels.items() <= alert["labels"].items())


async def until(condition: Callable[[], object], told: Told) -> None:
    """Return once it holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        found = condition()
        if await found if isinstance(found, Awaitable) else found:
            return
        assert time.monotonic() < deadline, f"not in {PATIENCE_SECONDS:g} s: {told}"
        await asyncio.sleep(0.05)
