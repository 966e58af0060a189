"""What PostgreSQL and the metrics page say of the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from prometheus_client.samples import Sample

Ask = Callable[[str], list[tuple[Any, ...]]]


def outcomes(ask: Ask) -> dict[str, int]:
    """Return how many deals of the CRM are in which stage, or ended how."""
    rows = ask(
        """SELECT CASE WHEN status = 'open' THEN stage ELSE status END, count(*)
           FROM ringside.deal_journeys('-infinity') WHERE pipeline = 'crm' GROUP BY 1"""
    )
    return {str(name): int(count) for name, count in rows}


def velocity(ask: Ask) -> dict[str, Any]:
    """Return the CRM's velocity and its factors."""
    names = ("open", "won", "lost", "win_rate", "won_minor", "average_won_minor")
    names += ("cycle_days", "p50_days", "minor_per_day")
    (row,) = ask(
        f"""SELECT {", ".join(names)} FROM ringside.sales_velocity('-infinity')
            JOIN (SELECT pipeline, currency, p50_days FROM ringside.cycles('-infinity')) AS cycle
                USING (pipeline, currency)
            WHERE pipeline = 'crm'"""  # noqa: S608 - constant names
    )
    return dict(zip(names, row, strict=True))


def above_four_times_the_average(ask: Ask) -> int:
    """Return how many deals were won that are worth more than four average ones."""
    (row,) = ask(
        """SELECT count(*) FROM (
               SELECT amount_minor > 4 * avg(amount_minor) OVER () AS is_above
               FROM ringside.deal_journeys('-infinity')
               WHERE pipeline = 'crm' AND status = 'won'
           ) AS won WHERE is_above"""
    )
    return int(row[0])


def by_rep(ask: Ask) -> dict[str, tuple[int, int, int, int]]:
    """Return for each owner: won, lost, open, and the won value in minor units."""
    rows = ask(
        """SELECT rep, count(*) FILTER (WHERE status = 'won'),
               count(*) FILTER (WHERE status = 'lost'), count(*) FILTER (WHERE status = 'open'),
               coalesce(sum(amount_minor) FILTER (WHERE status = 'won'), 0)::bigint
           FROM ringside.deal_journeys('-infinity') WHERE pipeline = 'crm' GROUP BY rep"""
    )
    return {rep: tuple(rest) for rep, *rest in rows}  # type: ignore[misc]


def cohorts(ask: Ask, column: str, moved_by_days: int) -> dict[tuple[str, str], tuple[int, ...]]:
    """Return by a column and month of entry into engaging: entered, won since, lost since."""
    rows = ask(
        f"""SELECT {column}, to_char(day - {moved_by_days}, 'YYYY-MM'), sum(entered)::bigint,
               sum(advanced)::bigint, sum(lost)::bigint
            FROM ringside.funnel_cohorts('-infinity')
            WHERE pipeline = 'crm' AND stage = 'engaging' GROUP BY 1, 2"""  # noqa: S608 - constants
    )
    return {(value, month): tuple(rest) for value, month, *rest in rows}


def cases(ask: Ask) -> dict[str, tuple[Any, ...]]:
    """Return how each case stands: status, last stage, stays, re-entries, moves back."""
    rows = ask(
        """WITH visit AS MATERIALIZED (
               SELECT *, count(*) OVER (
                   PARTITION BY deal_id, stage ORDER BY number
               ) > 1 AS is_again
               FROM ringside.deal_visits('-infinity') WHERE pipeline = 'helpdesk'
           ),
           counted AS (
               SELECT deal_id, count(*) AS stays, count(*) FILTER (WHERE is_again) AS again,
                   count(*) FILTER (WHERE place < position_before) AS backward
               FROM visit GROUP BY deal_id
           )
           SELECT journey.deal_id, journey.status, journey.stage, stays, again, backward
           FROM ringside.deal_journeys('-infinity') AS journey JOIN counted USING (deal_id)"""
    )
    return {case: tuple(rest) for case, *rest in rows}


def case_steps(ask: Ask) -> dict[str, dict[str, int]]:
    """Return the cohorts and events of each stage of the help desk."""
    queries = (
        """SELECT stage, sum(entered) AS entered, sum(advanced) AS advanced
           FROM ringside.funnel_cohorts('-infinity')""",
        """SELECT stage, sum(entries) AS entries, sum(re_entries) AS re_entries,
               sum(backward) AS backward, sum(skipped) AS skipped
           FROM ringside.funnel_days('-infinity')""",
        """SELECT stage, sum(entered) AS path_entered, sum(advanced) AS path_advanced
           FROM ringside.funnel_paths('-infinity')""",
    )
    names = (
        ("entered", "advanced"),
        ("entries", "re_entries", "backward", "skipped"),
        ("path_entered", "path_advanced"),
    )
    found: dict[str, dict[str, int]] = {}
    for query, columns in zip(queries, names, strict=True):
        for stage, *values in ask(f"{query} WHERE pipeline = 'helpdesk' GROUP BY stage"):
            counts = found.setdefault(stage, {})
            counts |= {n: int(v) for n, v in zip(columns, values, strict=True) if v}
    return found


def case_stays(ask: Ask) -> dict[str, tuple[int, float]]:
    """Return for each stage how many stays ended, and their median in seconds."""
    rows = ask(
        """SELECT stage, stays, p50_seconds FROM ringside.stage_times('-infinity')
           WHERE pipeline = 'helpdesk' AND stays > 0"""
    )
    return {stage: (stays, median) for stage, stays, median in rows}


def case_owners(ask: Ask) -> dict[tuple[str, str], int]:
    """Return how many cases first came to each stage in whose hands."""
    rows = ask(
        """SELECT stage, rep, sum(entered)::bigint FROM ringside.funnel_cohorts('-infinity')
           WHERE pipeline = 'helpdesk' GROUP BY 1, 2"""
    )
    return {(stage, rep): count for stage, rep, count in rows}


def window(samples: Iterable[Sample], names: Iterable[str], days: int) -> dict[str, int]:
    """Return what the page shows of the CRM in the last so many days."""
    found = dict.fromkeys(names, 0)
    for sample in samples:
        name = sample.name.removeprefix("ringside_funnel_")
        labels = sample.labels
        if name in found and labels["pipeline"] == "crm" and labels.get("window") == f"{days}d":
            found[name] += int(sample.value)
    return found


def open_now(samples: Iterable[Sample]) -> dict[str, int]:
    """Return how many deals of the CRM the page shows in which stage."""
    return {
        sample.labels["stage"]: int(sample.value)
        for sample in samples
        if sample.name == "ringside_funnel_open" and sample.labels["pipeline"] == "crm"
    }
