"""What the boards of deals have in common: columns and their definitions, from the catalogue."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from grafanalib import core

from dashboards.deal_sql import PIPELINES, values_of
from dashboards.grafana import choice_variable, rows_variable
from dashboards.panels import Meaning
from schemas.funnel_kpis import COUNT, FUNNEL_BY_NAME, MONEY, MONEY_A_DAY, RATIO, SECONDS, FunnelKpi

DIMENSIONS = ("team", "rep", "source", "segment", "currency")
"""Columns of the funnel's functions beside pipeline and stage; `rep` is the owner then."""

PENDING = (("text", None), ("orange", 1.0))
"""The colours of what should be nothing soon."""

SHARE, TIME, NUMBER = "percentunit", "s", "short"
_UNITS: Mapping[str, str] = {
    RATIO: SHARE,
    SECONDS: TIME,
    COUNT: NUMBER,
    MONEY: NUMBER,
    MONEY_A_DAY: NUMBER,
}


def deal_variables() -> list[core.Template]:
    """Return what deals can be chosen by, beside the team."""
    return [
        rows_variable("pipeline", "Pipeline", PIPELINES),
        rows_variable("owner", "Owner", values_of("rep")),
        rows_variable("source", "Source", values_of("source")),
        rows_variable("segment", "Segment", values_of("segment")),
        rows_variable("currency", "Currency", values_of("currency")),
    ]


def by_variable() -> core.Template:
    """Return by what steps are told apart."""
    return choice_variable("by", "Compare", DIMENSIONS, default=DIMENSIONS[0])


def kpis(*names: str) -> tuple[FunnelKpi, ...]:
    """Return numbers of the catalogue."""
    return tuple(FUNNEL_BY_NAME[name] for name in names)


def defined(about: Meaning, numbers: Iterable[FunnelKpi]) -> Meaning:
    """Return *about* with the definition of each number, to be read when hovering."""
    definitions = (f"**{kpi.title}** ({kpi.formula}): {kpi.help}" for kpi in numbers)
    text = "\n\n".join((about.help, *definitions))
    return replace(about, help=text)


def column(kpi: FunnelKpi) -> Meaning:
    """Return how a number of the catalogue is written in a column."""
    unit = _UNITS.get(kpi.unit, NUMBER)
    return Meaning(kpi.title, kpi.help, unit, maximum=1 if kpi.unit == RATIO else None)


def columns(numbers: Iterable[FunnelKpi]) -> list[Meaning]:
    """Return the columns of numbers of the catalogue."""
    return [column(kpi) for kpi in numbers]


def share(title: str) -> Meaning:
    """Return a column that is a share of something."""
    return Meaning(title, "", SHARE, maximum=1)


_HEAT = (
    *(("transparent", None), ("super-light-blue", 0.0), ("light-blue", 0.15)),
    *(("blue", 0.3), ("semi-dark-blue", 0.45), ("dark-blue", 0.6)),
)


def shaded(title: str) -> Meaning:
    """Return a column of a heat map: shares, the darker the greater."""
    return Meaning(title, "", SHARE, _HEAT, maximum=1, is_filled=True)


def duration(title: str) -> Meaning:
    """Return a column of seconds."""
    return Meaning(title, "", TIME)


def count(title: str) -> Meaning:
    """Return a column of numbers."""
    return Meaning(title, "", NUMBER)
