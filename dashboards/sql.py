"""Catalogue -> SQL: the expression of one measure, one histogram, one KPI over grouped rows.

The expressions are over the columns of the views in views.py. An empty denominator is NULL.
"""

from collections.abc import Sequence
from textwrap import fill, indent

from dashboards import promql
from schemas.kpis import WHEN_READ, WITHINS, Kpi, Quantile, Ratio, Term, Within
from schemas.measure import Histogram, Unit
from schemas.measures import ACTIVITY_VOLUME, HISTOGRAMS, MEASURES

BOUNDS = "ringside.seconds_bounds()"
"""The bounds of every histogram: a function that views.py defines."""

TERMS: tuple[Term, ...] = (*MEASURES, *WITHINS, *WHEN_READ)
"""What is added up, in the order of the columns."""


def total(term: Term) -> str:
    """Return the sum of a measure over a group, in the type of its column."""
    # PostgreSQL makes numeric of the sum of bigints.
    cast = "" if _is_seconds(term) else "::bigint"
    return f"sum({term.name}){cast}"


def merged(histogram: Histogram) -> str:
    """Return the histogram of a group: cumulative counts added up, NULL if there are none."""
    name = histogram.name
    counts = ", ".join(f"sum({name}[{i}])" for i in range(1, len(histogram.bounds) + 2))
    listed = indent(fill(counts, 88, break_long_words=False), " " * 8)
    return f"CASE WHEN count({name}) > 0 THEN ARRAY[\n{listed}\n    ]::bigint[] END"


def value(kpi: Kpi) -> str:
    """Return the KPI over a group; NULL if nothing happened that could define it."""
    formula = kpi.formula
    if isinstance(formula, Quantile):
        return f"ringside.quantile({merged(formula.histogram)}, {BOUNDS}, {formula.q:g})"
    if isinstance(formula, Ratio):
        bottom = _sum(formula.bottom) + "".join(f" - sum({term.name})" for term in formula.less)
        taken = "".join(f" - sum({term.name})" for term in formula.top_less)
        top = f"({_sum(formula.top)}{taken})::double precision"
        return f"CASE WHEN {bottom} > 0 THEN {top} / ({bottom}) END"
    if kpi.name == promql.ACTIVITY_VOLUME:
        return f"sum({promql.ACTIVITY_VOLUME})::bigint"
    if len(formula.terms) == 1:
        return total(formula.terms[0])
    return _sum(formula.terms)


def undefined(kpi: Kpi) -> str:
    """Return the column of a KPI where it cannot be told, with the type it has elsewhere."""
    return f"NULL::{'bigint' if kpi.unit is Unit.COUNT else 'double precision'}"


def activity_volume() -> str:
    """Return a pane's activity volume, given the columns of `activity_volume_choice`."""
    return "\n        + ".join(
        f"CASE WHEN choice.{term.name} THEN pane.{term.name} ELSE 0 END" for term in ACTIVITY_VOLUME
    )


def measure_columns() -> list[str]:
    """Return the columns of a view that adds everything up."""
    return [
        *(f"{total(term)} AS {term.name}" for term in TERMS),
        f"sum({promql.ACTIVITY_VOLUME})::bigint AS {promql.ACTIVITY_VOLUME}",
        *(f"{merged(histogram)} AS {histogram.name}" for histogram in HISTOGRAMS),
    ]


def _is_seconds(term: Term) -> bool:
    return not isinstance(term, Within) and term.unit is Unit.SECONDS


def _sum(terms: Sequence[Term]) -> str:
    return " + ".join(f"sum({term.name})" for term in terms)
