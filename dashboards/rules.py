"""Catalogue -> Prometheus recording rules: each ratio and quantile per queue and per team.

Boards and alerts read these instead of repeating the formula. The label `window` is kept, so one
rule serves all windows.
"""

from collections.abc import Iterator, Sequence
from textwrap import indent

from dashboards import funnel, promql
from dashboards.mark import GENERATED_BY
from schemas.kpis import KPIS, Kpi

_FILTERS: dict[Sequence[str], promql.Where] = {
    promql.BY_QUEUE: promql.EVERYWHERE,
    # What belongs to no team is not a team.
    promql.BY_TEAM: promql.Where(('team!=""',)),
}


def recording_rules() -> str:
    """Return the rule file."""
    parts = [f"# {GENERATED_BY}\ngroups:\n"]
    for by in (promql.BY_QUEUE, promql.BY_TEAM):
        parts.append(f"  - name: ringside_by_{by[0]}\n    rules:\n")
        parts.extend(_rule(kpi, by) for kpi in _recorded(by))
    parts.append(funnel.group())
    return "".join(parts)


def rule_names() -> frozenset[str]:
    """Return every series that the rules record."""
    groupings = (promql.BY_QUEUE, promql.BY_TEAM)
    of_kpis = {promql.recorded(kpi, by) for by in groupings for kpi in _recorded(by)}
    return frozenset(of_kpis | {series for _, series, _ in funnel.rules()})


def _recorded(by: Sequence[str]) -> Iterator[Kpi]:
    is_known = promql.is_by_queue if by == promql.BY_QUEUE else promql.is_by_team
    return (kpi for kpi in KPIS if promql.has_rule(kpi) and is_known(kpi))


def _rule(kpi: Kpi, by: Sequence[str]) -> str:
    formula = indent(promql.expression(kpi, (*by, "window"), _FILTERS[by]), " " * 10)
    return (
        f"      # {kpi.title}: {kpi.help}\n"
        f"      - record: {promql.recorded(kpi, by)}\n"
        f"        expr: |-\n"
        f"{formula}\n"
    )
