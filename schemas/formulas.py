"""The shapes of a KPI: data that each reader renders in its own language.

A formula is one of three shapes over measures. The readers are Python (streams/kpi.py), SQL and
PromQL (dashboards/).
"""

from dataclasses import dataclass
from typing import Literal

from schemas.measure import Histogram, Limit, Measure, Unit


@dataclass(frozen=True, slots=True)
class Within:
    """How many of a histogram are at or under the queue's own limit. It adds up like a measure."""

    histogram: Histogram
    limit: Limit

    @property
    def name(self) -> str:
        """Its column and metric, e.g. `answered_wait_within_target`."""
        return f"{self.histogram.name}_within_{self.limit.value.removesuffix('_seconds')}"


Term = Measure | Within


@dataclass(frozen=True, slots=True)
class Total:
    """The sum of some terms."""

    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Ratio:
    """(`top` less `top_less`) over (`bottom` less `less`), all sums.

    Undefined unless the denominator is > 0.
    """

    top: tuple[Term, ...]
    bottom: tuple[Term, ...]
    less: tuple[Term, ...] = ()
    top_less: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class Quantile:
    """The value under which the share `q` of a histogram lies, interpolated within its bucket."""

    histogram: Histogram
    q: float


Formula = Total | Ratio | Quantile


@dataclass(frozen=True, slots=True)
class Kpi:
    """One number with its definition. A changed formula is a new `version`."""

    name: str
    title: str
    unit: Unit
    formula: Formula
    help: str
    source: str
    better: Literal["higher", "lower", "neither"] = "neither"
    target: float | None = None
    version: int = 1

    @property
    def topic(self) -> str:
        """Which part of the floor it is about: calls, reps, meetings, deals or activities."""
        formula = self.formula
        if isinstance(formula, Quantile):
            return formula.histogram.topic
        term = formula.terms[0] if isinstance(formula, Total) else formula.top[0]
        return term.histogram.topic if isinstance(term, Within) else term.topic


def total(measure: Term, title: str, help_: str) -> Kpi:
    """Return the KPI that is one measure, under its name."""
    unit = measure.unit if isinstance(measure, Measure) else Unit.COUNT
    return Kpi(measure.name, title, unit, Total((measure,)), help_, "count")
