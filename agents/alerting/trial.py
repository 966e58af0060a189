"""A test alert, sent through Alertmanager, and whether it came."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import NamedTuple

import aiohttp

from agents.clock import Clock
from agents.errors import RingsideError

NAME = "RingsideTest"
_LOOK_SECONDS = 0.2
_ATTEMPTS = (
    "alertmanager_notification_requests_total",
    "alertmanager_notification_requests_failed_total",
)


class AlertmanagerError(RingsideError):
    """Alertmanager does not answer, or refuses. Is its address right?"""


class Trial(NamedTuple):
    """What became of a test alert."""

    receivers: tuple[str, ...]
    """Whom Alertmanager's routes chose."""
    arrived_after_seconds: float | None
    """Until the history had it; None: not within the time."""
    told: dict[str, int]
    """Notifications that were taken meanwhile, by way (email, slack, webhook)."""
    failed: dict[str, int]
    """Attempts that failed meanwhile, by way; Alertmanager tries again."""


Noticed = Callable[[str, str], Awaitable[tuple[float, float | None] | None]]


async def send(url: str, labels: dict[str, str], *, now: datetime, ends_at: datetime) -> None:
    """Tell Alertmanager of a test alert, as Prometheus would.

    Raises:
        AlertmanagerError: it does not answer, or refuses.
    """
    alert = {
        "labels": {"alertname": NAME, **labels},
        "annotations": {
            "summary": "A test of the way that alerts go. Nothing is wrong",
            "runbook_url": "",
            "dashboard_url": "",
            "value": "0",
            "expected": "0",
        },
        "startsAt": now.isoformat(),
        "endsAt": ends_at.isoformat(),
    }
    await _ask("POST", f"{url}/api/v2/alerts", json=[alert])


async def trial(
    url: str, labels: dict[str, str], *, noticed: Noticed, timeout_seconds: float, clock: Clock
) -> Trial:
    """Send a test alert through, wait until the history has it, and see who failed to be told.

    The history is told at once, all others a `group_wait` later: so it goes on until the time is
    over, and ends by itself.

    Raises:
        AlertmanagerError: it does not answer, or refuses.
        DatabaseError: the history does not answer.
    """
    id_ = secrets.token_hex(8)
    wanted = {**labels, "test": id_}
    before = await _attempts(url)
    receivers: tuple[str, ...] = ()
    began_at = clock()
    began = datetime.fromtimestamp(began_at, UTC)
    ends = datetime.fromtimestamp(began_at + timeout_seconds, UTC)
    await send(url, wanted, now=began, ends_at=ends)
    after = None
    while after is None and clock() - began_at < timeout_seconds:
        await asyncio.sleep(_LOOK_SECONDS)
        # Alertmanager forgets whom it chose when the alert has ended.
        receivers = receivers or await _receivers(url, id_)
        found = await noticed("test", id_)
        after = found[0] - began_at if found is not None else None
    if after is not None:
        await asyncio.sleep(max(0.0, began_at + timeout_seconds - clock()))
    tried, failed = (
        {way: count - then[way] for way, count in now.items() if count > then[way]}
        for then, now in zip(before, await _attempts(url), strict=True)
    )
    told = {way: count - failed.get(way, 0) for way, count in tried.items()}
    return Trial(receivers, after, {way: count for way, count in told.items() if count}, failed)


async def _receivers(url: str, id_: str) -> tuple[str, ...]:
    found = await _ask("GET", f"{url}/api/v2/alerts", params={"filter": f'test="{id_}"'})
    names = {receiver["name"] for alert in found for receiver in alert["receivers"]}
    return tuple(sorted(names))


async def _attempts(url: str) -> tuple[Counter[str], Counter[str]]:
    """Return how often somebody was tried to be told so far, and how often that failed, by way."""
    page: str = await _ask("GET", f"{url}/metrics", is_text=True)
    found = Counter[str](), Counter[str]()
    for line in page.splitlines():
        name, _, rest = line.partition("{")
        if name in _ATTEMPTS:
            labels, _, value = rest.partition("} ")
            way = labels.partition('integration="')[2].partition('"')[0]
            found[_ATTEMPTS.index(name)][way] += round(float(value))
    return found


async def _ask(method: str, url: str, *, is_text: bool = False, **more: object):  # type: ignore[no-untyped-def]  # noqa: ANN202 - JSON of any shape, or text
    timeout = aiohttp.ClientTimeout(total=10)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.request(method, url, **more) as answer,  # type: ignore[arg-type]
        ):
            if answer.status != 200:
                raise AlertmanagerError(f"{url} answered {answer.status}: {await answer.text()}")
            if is_text or method == "POST":
                return await answer.text()
            return await answer.json()
    except (aiohttp.ClientError, TimeoutError) as error:
        raise AlertmanagerError(f"{url} does not answer: {error}") from None
