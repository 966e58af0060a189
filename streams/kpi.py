"""evaluate(kpi, cells): what a KPI is, given merged cells. Undefined is None, never zero."""

from itertools import pairwise

from schemas.kpis import Kpi, Quantile, Ratio, Term, Total
from schemas.measure import Histogram
from streams.panes import Cells


def evaluate(kpi: Kpi, cells: Cells) -> float | None:
    """Return the KPI's value, or None when nothing happened that could define it.

    `cells` are those of one place or of several added up, with the counts within each queue's
    limits in them (streams/located.py).
    """
    formula = kpi.formula
    if isinstance(formula, Quantile):
        return quantile(formula.histogram, formula.q, cells)
    if isinstance(formula, Ratio):
        return _ratio(formula, cells)
    return _sum(formula.terms, cells) if _any(formula, cells) else None


def quantile(histogram: Histogram, q: float, cells: Cells) -> float | None:
    """Return the *q*-quantile, interpolated linearly within its bucket; None of nothing.

    As in Prometheus' histogram_quantile, the lowest bucket starts at 0 and a quantile above the
    last bound is the last bound.
    """
    counts = [cells.get(cell, 0) for cell in histogram.cells]
    rank = q * sum(counts)
    if not rank:
        return None
    below: float = 0
    for (low, high), count in zip(pairwise((0, *histogram.bounds)), counts, strict=False):
        if count and below + count >= rank:
            return low + (high - low) * (rank - below) / count
        below += count
    return histogram.bounds[-1]


def _ratio(formula: Ratio, cells: Cells) -> float | None:
    bottom = _sum(formula.bottom, cells) - _sum(formula.less, cells)
    top = _sum(formula.top, cells) - _sum(formula.top_less, cells)
    return top / bottom if bottom > 0 else None


def _any(formula: Total, cells: Cells) -> bool:
    return any(term.name in cells for term in formula.terms)


def _sum(terms: tuple[Term, ...], cells: Cells) -> float:
    return sum(cells.get(term.name, 0) for term in terms)
