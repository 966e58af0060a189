"""The same figures as Ringside has them: from PostgreSQL, as a reader, through the views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from schemas.kpis import BY_NAME
from streams.kpi import evaluate
from tests.worked.bank_week.expected import Figures, Number
from tests.worked.bank_week.expected_contacts import NAMES as CONTACTS
from tests.worked.bank_week.expected_contacts import RATIOS as CONTACT_RATIOS

Rows = list[tuple[Any, ...]]
Ask = Callable[[str], Rows]
"""Runs a query and returns its rows."""

SUMS = (
    *("calls_offered", "calls_answered", "calls_abandoned", "calls_handled"),
    *("answered_wait_within_target", "abandoned_wait_within_target"),
    *("abandoned_wait_within_short_abandon", "call_wait_seconds", "call_talk_seconds"),
)
BY_END = (
    *("calls_answered_by_end", "calls_abandoned_by_end"),
    *("answered_wait_by_end_within_target", "abandoned_wait_by_end_within_target"),
    "abandoned_wait_by_end_within_short_abandon",
)
LEVELS = (
    *("service_level_answered_of_answered", "service_level_handled_of_offered"),
    *("service_level_answered_of_offered", "service_level_answered_less_short"),
    "service_level_answered_less_early",
)
RATIOS = (
    *(*LEVELS, "abandonment", "abandonment_less_short"),
    *("service_level_answered_of_offered_best", "service_level_answered_of_offered_worst"),
    *("average_speed_of_answer_seconds", "average_talk_time_seconds"),
    "average_handle_time_seconds",
)
QUANTILES = tuple(
    f"{what}_p{percent}_seconds"
    for what in ("answered_wait", "talk", "handle")
    for percent in (50, 90, 95)
)
REP_RATIOS = (
    *("service_level_answered_of_answered", "average_speed_of_answer_seconds"),
    *("average_talk_time_seconds", "average_handle_time_seconds", *QUANTILES),
)
_HALF_HOUR = (
    "to_char(to_timestamp(floor(extract(epoch FROM start_at) / 1800) * 1800)"
    " AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI')"
)


def grouped(ask: Ask, by: tuple[str, ...]) -> Figures:
    """Return the sums of each group, and the catalogue's ratios and percentiles of them."""
    # A call that ends after midnight leaves its rep a day with nothing but that end.
    has_some = "calls_offered + calls_answered + calls_abandoned"
    sums = _sums(ask, by, SUMS, has_some)
    buckets, longest = _buckets(ask, by), _longest_waits(ask, by)
    found: Figures = {}
    for group, cells in sums.items():
        all_cells = {**cells, **buckets.get(group, {})}
        names = (*RATIOS, *QUANTILES)
        found[group] = {**cells, **{name: evaluate(BY_NAME[name], all_cells) for name in names}}
        if group in longest:
            found[group]["longest_wait_seconds"] = longest[group]
    return found


def by_end(ask: Ask, by: tuple[str, ...]) -> Figures:
    """Return what counts where calls ended."""
    sums = _sums(ask, by, BY_END, "calls_answered_by_end + calls_abandoned_by_end")
    ratios = [
        BY_NAME[f"{name}_by_end"] for name in (*LEVELS, "abandonment", "abandonment_less_short")
    ]
    return {
        group: {**cells, **{kpi.name: evaluate(kpi, cells) for kpi in ratios}}
        for group, cells in sums.items()
    }


def contacts(ask: Ask, by: tuple[str, ...]) -> Figures:
    """Return what customers did, and the catalogue's ratios of it."""
    condition = "queue <> ''" if by else "true"
    sums = _sums(ask, by, CONTACTS, "contacts", condition)
    return {
        group: {**cells, **{name: evaluate(BY_NAME[name], cells) for name in CONTACT_RATIOS}}
        for group, cells in sums.items()
    }


def _sums(
    ask: Ask, by: tuple[str, ...], names: tuple[str, ...], some: str, condition: str = ""
) -> dict[tuple[str, ...], dict[str, float]]:
    """Return sums of each group that has some: of half hours from quarters, else from days."""
    places = [_HALF_HOUR if name == "half_hour" else f"{name}::text" for name in by]
    columns = [*places, *(f"sum({name})::float8" for name in names)]
    view = "kpi_quarter" if "half_hour" in by else "kpi_day"
    condition = condition or ("rep <> ''" if "rep" in by else "queue <> ''")
    ends = f" GROUP BY {', '.join(places)}" if by else ""
    rows = ask(
        f"SELECT {', '.join(columns)} FROM ringside.{view} WHERE {condition}{ends}"  # noqa: S608
        f" HAVING sum({some}) > 0"
    )
    size = len(by)
    return {row[:size]: dict(zip(names, row[size:], strict=True)) for row in rows}


def _buckets(ask: Ask, by: tuple[str, ...]) -> dict[tuple[str, ...], dict[str, float]]:
    """Return the histograms' cells of each group, from the running totals that panes hold."""
    places = [_HALF_HOUR if name == "half_hour" else f"{name}::text" for name in by]
    found: dict[tuple[str, ...], dict[str, float]] = {}
    for name in ("answered_wait", "talk", "handle"):
        columns = [*places, "i", f"sum({name}[i] - coalesce({name}[i - 1], 0))::float8"]
        rows = ask(
            f"SELECT {', '.join(columns)} FROM ringside.pane_located,"  # noqa: S608
            f" generate_series(1, cardinality({name})) AS i WHERE queue <> ''"
            f" GROUP BY {', '.join([*places, 'i'])}"
        )
        for *group, index, count in rows:
            if count:
                found.setdefault(tuple(group), {})[f"{name}:{index - 1}"] = count
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
    places = {
        "day": "(offered_at AT TIME ZONE 'Asia/Jerusalem')::date::text",
        "half_hour": _HALF_HOUR.replace("start_at", "offered_at"),
        "queue": "queue",
    }
    if not set(by) <= set(places):
        return {}
    columns = [*(places[name] for name in by), "max(wait_seconds)::float8"]
    ends = f" GROUP BY {', '.join(places[name] for name in by)}" if by else ""
    condition = "outcome IN ('answered', 'abandoned')"
    rows = ask(f"SELECT {', '.join(columns)} FROM ringside.call WHERE {condition}{ends}")  # noqa: S608
    return {row[:-1]: row[-1] for row in rows}
