"""Whom pages reach: a webhook that keeps them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from agents.alerting.trial import NAME

TOKEN = "a-token-of-thirty-two-characters"
HOST = "127.0.0.1"
Page = tuple[str, str, str]
"""firing or resolved; the alert; the team or the source."""


@dataclass
class OnCall:
    """Somebody with a phone."""

    pages: list[Page] = field(default_factory=list)
    trials: list[Page] = field(default_factory=list)
    """Pages that are only tests."""
    summaries: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        """Listen for as long as it is held; give the address."""
        application = web.Application()
        application.router.add_post("/page", self._take)
        runner = web.AppRunner(application)
        await runner.setup()
        try:
            await web.TCPSite(runner, HOST, 0).start()
            yield f"http://{HOST}:{runner.addresses[0][1]}/page"
        finally:
            await runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        message: dict[str, Any] = await request.json()
        for alert in message["alerts"]:
            labels = alert["labels"]
            who = labels.get("source") or labels.get("team", "")
            page = (alert["status"], labels["alertname"], who)
            if labels["alertname"] == NAME:
                self.trials.append(page)
                continue
            if page not in self.pages[-1:]:  # the sites of a source come one by one
                self.pages.append(page)
            self.summaries.append(alert["annotations"]["summary"])
        return web.Response()
