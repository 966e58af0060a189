"""The same figures as Ringside has them: from PostgreSQL, as a reader, through the views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from schemas.kpis import BY_NAME
from streams.kpi import evaluate
from tests.worked.bank_week.expected import Figures, Number

Rows = list[tuple[Any, ...]]
Ask = Callable[[str], Rows]
"""Runs a query and returns its rows."""

SUMS = (
    *("calls_offered", "calls_answered", "calls_abandoned", "calls_handled"),
    *("answered_wait_within_target", "abandoned_wait_within_target"),
    *("abandoned_wait_within_short_abandon", "call_wait_seconds", "call_talk_seconds"),
)
RATIOS = (
    *("service_level_answered_of_answered", "service_level_handled_of_offered"),
    *("service_level_answered_of_offered", "service_level_answered_less_short"),
    *("service_level_answered_less_early", "abandonment"),
    *("average_speed_of_answer_seconds", "average_talk_time_seconds"),
)
REP_RATIOS = (
    *("service_level_answered_of_answered", "average_speed_of_answer_seconds"),
    "average_talk_time_seconds",
)


def grouped(ask: Ask, by: tuple[str, ...]) -> Figures:
    """Return the sums of each group from `kpi_day`, and the catalogue's ratios of them."""
    sums = [f"sum({name})::float8" for name in SUMS]
    columns = [*(f"{name}::text" for name in by), *sums]
    ends = f" GROUP BY {', '.join(by)}" if by else ""
    condition = "rep <> ''" if "rep" in by else "queue <> ''"
    # A call that ends after midnight leaves its rep a day with nothing but that end.
    ends += " HAVING sum(calls_offered + calls_answered + calls_abandoned) > 0"
    rows = ask(f"SELECT {', '.join(columns)} FROM ringside.kpi_day WHERE {condition}{ends}")  # noqa: S608
    longest = _longest_waits(ask, by)
    found: Figures = {}
    for row in rows:
        group = row[: len(by)]
        cells = dict(zip(SUMS, row[len(by) :], strict=True))
        found[group] = {**cells, **{name: evaluate(BY_NAME[name], cells) for name in RATIOS}}
        if group in longest:
            found[group]["longest_wait_seconds"] = longest[group]
    return found


def from_view(ask: Ask, view: str, by: tuple[str, ...], names: tuple[str, ...]) -> Figures:
    """Return KPIs as a view itself derives them."""
    columns = [*(f"{name}::text" for name in by), *(f"{name}::float8" for name in names)]
    condition = "calls_answered + coalesce(calls_abandoned, 0) > 0"
    rows = ask(f"SELECT {', '.join(columns)} FROM ringside.{view} WHERE {condition}")  # noqa: S608
    size = len(by)
    return {row[:size]: dict(zip(names, row[size:], strict=True)) for row in rows}


def calls(ask: Ask) -> dict[str, tuple[Any, ...]]:
    """Return each call that joined a queue by its id: queue, outcome, rep, wait, talk."""
    query = (
        "SELECT call_id, queue, outcome, coalesce(rep, ''), wait_seconds, talk_seconds"
        " FROM ringside.call WHERE outcome <> 'menu'"
    )
    return {row[0]: row[1:] for row in ask(query)}


def in_menu(ask: Ask) -> int:
    """Return how many calls never joined a queue."""
    return int(ask("SELECT sum(calls_ended_in_menu) FROM ringside.kpi_day")[0][0])


def _longest_waits(ask: Ask, by: tuple[str, ...]) -> dict[tuple[str, ...], Number]:
    """Return the longest wait of each group, from the calls themselves."""
    places = {"day": "(offered_at AT TIME ZONE 'Asia/Jerusalem')::date::text", "queue": "queue"}
    if not set(by) <= set(places):
        return {}
    columns = [*(places[name] for name in by), "max(wait_seconds)::float8"]
    ends = f" GROUP BY {', '.join(places[name] for name in by)}" if by else ""
    condition = "outcome IN ('answered', 'abandoned')"
    rows = ask(f"SELECT {', '.join(columns)} FROM ringside.call WHERE {condition}{ends}")  # noqa: S608
    return {row[:-1]: row[-1] for row in rows}
