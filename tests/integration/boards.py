"""Asks a live Prometheus and a live PostgreSQL every query of every board, as Grafana would."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

import asyncpg

from dashboards.queries import Query


@dataclass(frozen=True, slots=True)
class Asked:
    """The servers, and the time that the boards look at."""

    prometheus_url: str
    postgres_url: str
    to_at: datetime
    span: timedelta = timedelta(days=7)
    step: timedelta = timedelta(seconds=5)

    @property
    def from_at(self) -> datetime:
        """The beginning of that time."""
        return self.to_at - self.span


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: how many values, or what was wrong."""

    query: Query
    values: int
    error: str | None = None

    def __str__(self) -> str:
        what = self.error or f"{self.values} values"
        return f"{self.query.board}, {self.query.panel}: {what}\n    {self.query.expression}"


async def ask(queries: Iterable[Query], asked: Asked) -> list[Answer]:
    """Return the answer to each query; only values that are defined are counted."""
    connection = await asyncpg.connect(asked.postgres_url)
    try:
        return [
            _ask_prometheus(query, asked)
            if query.datasource == "prometheus"
            else await _ask_postgres(query, asked, connection)
            for query in queries
        ]
    finally:
        await connection.close()


def with_macros(expression: str, asked: Asked) -> str:
    """Return the expression with Grafana's macros expanded as its datasources do it."""
    seconds = asked.step.total_seconds()
    text = expression.replace("$__rate_interval", f"{int(max(4 * seconds, 20))}s")
    text = text.replace("$__interval", f"{int(seconds)}s")
    text = text.replace("$__range", f"{int(asked.span.total_seconds())}s")
    start, end = (f"'{at:%Y-%m-%dT%H:%M:%SZ}'" for at in (asked.from_at, asked.to_at))
    text = text.replace("$__timeFrom()", start).replace("$__timeTo()", end)
    text = re.sub(r"\$__timeFilter\((.+?)\)", rf"\1 BETWEEN {start} AND {end}", text)
    return re.sub(r"\$__timeGroup(Alias)?\((.+?), *'(\w+)'\)", _group, text)


def _group(match: re.Match[str]) -> str:
    units = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
    seconds = int(match[3][:-1]) * units[match[3][-1]]
    alias = ' AS "time"' if match[1] else ""
    return f"floor(extract(epoch from {match[2]})/{seconds})*{seconds}{alias}"


def _ask_prometheus(query: Query, asked: Asked) -> Answer:
    parameters = {"query": with_macros(query.expression, asked)}
    to_at = asked.to_at.timestamp()
    if query.is_range:
        # As much as a test can have made; Prometheus refuses more than 11,000 points.
        start_at = max(asked.from_at.timestamp(), to_at - 900)
        step = asked.step.total_seconds()
        parameters |= {"start": str(start_at), "end": str(to_at), "step": str(step)}
    else:
        parameters |= {"time": str(to_at)}
    kind = "query_range" if query.is_range else "query"
    try:
        with urlopen(  # noqa: S310 - a server of the test
            f"{asked.prometheus_url}/api/v1/{kind}?{urlencode(parameters)}", timeout=60
        ) as response:
            result = json.load(response)["data"]["result"]
    except HTTPError as error:
        return Answer(query, 0, error.read().decode())
    pairs = (
        pair for series in result for pair in series.get("values", [series.get("value")]) if pair
    )
    return Answer(query, sum(not math.isnan(float(text)) for _, text in pairs))


async def _ask_postgres(query: Query, asked: Asked, connection: asyncpg.Connection) -> Answer:
    try:
        rows = await connection.fetch(with_macros(query.expression, asked))
    except asyncpg.PostgresError as error:
        return Answer(query, 0, str(error))
    return Answer(query, sum(row[-1] is not None for row in rows))


def at_time(seconds: float) -> datetime:
    """Return an instant given in seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)


def is_of_alerts(query: Query) -> bool:
    """Whether it asks about alerts or targets; of a floor that is well and has none there are none.

    test_alerts_end_to_end.py asks these, of one that is not.
    """
    return query.board == "alerts" or query.panel in ("Alerts", "Monthly targets")
