"""Catalogue -> PromQL: one KPI over one window, grouped and filtered.

No data is not zero, and nothing counted is. An empty denominator gives no sample; a numerator that
has no series beside a denominator that has some is 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.kpis import WAITING_IN_TARGET, Kpi, Quantile, Ratio, Term, Total, Within
from schemas.measure import Histogram
from schemas.measures import (
    ABANDONED_WAIT,
    ABANDONED_WAIT_BY_END,
    CALLS_ABANDONED,
    CALLS_ABANDONED_BY_END,
    CALLS_CLOSED_WAITING,
    CALLS_ENDED_IN_MENU,
    CALLS_FLOWED_OUT,
    CALLS_OFFERED,
    CALLS_OFFERED_AGAIN,
    CONTACTS_MISSED,
    MISSED_SETTLED,
    OF_REPS,
)

PREFIX = "ringside_"
ACTIVITY_VOLUME = "activity_volume"
"""The KPI that workers expose ready made, because the roster chooses what is in it."""

BY_QUEUE = ("queue", "site")
BY_TEAM = ("team", "team_site")

WITHOUT_A_REP = frozenset(
    measure.name
    for measure in (
        *(CALLS_OFFERED, CALLS_OFFERED_AGAIN, CALLS_ABANDONED, CALLS_ABANDONED_BY_END),
        *(CALLS_FLOWED_OUT, CALLS_CLOSED_WAITING, CALLS_ENDED_IN_MENU, WAITING_IN_TARGET),
        *(CONTACTS_MISSED, MISSED_SETTLED),
    )
)
"""What happens to a call before a rep has it: these have a queue and no team."""


@dataclass(frozen=True, slots=True)
class Where:
    """Which series are meant: label matchers as PromQL writes them, e.g. `queue=~"$queue"`."""

    matchers: tuple[str, ...] = ()

    def and_(self, *matchers: str) -> "Where":
        """Return the same with more matchers."""
        return Where((*self.matchers, *matchers))

    def __str__(self) -> str:
        return f"{{{', '.join(self.matchers)}}}" if self.matchers else ""


EVERYWHERE = Where()


def window(name: str) -> str:
    """Return the matcher of a live window."""
    return f'window="{name}"'


def metric(term: Term) -> str:
    """Return the metric that exposes a measure, or a count within a queue's limit."""
    return PREFIX + term.name


def expression(kpi: Kpi, by: Sequence[str] = (), where: Where = EVERYWHERE) -> str:
    """Return the KPI as PromQL, one sample per group of *by*.

    *where* must choose one window, unless `window` is among *by*: windows overlap.
    """
    formula = kpi.formula
    if isinstance(formula, Quantile):
        return _quantile(formula, by, where)
    if isinstance(formula, Ratio):
        return _ratio(formula, by, where)
    if kpi.name == ACTIVITY_VOLUME:
        return f"sum{_by(by)}({PREFIX}{ACTIVITY_VOLUME}{where})"
    return _sum(formula.terms, by, where)


def has_rule(kpi: Kpi) -> bool:
    """Whether recording rules hold this KPI; totals are summed where they are shown."""
    return not isinstance(kpi.formula, Total)


def is_by_queue(kpi: Kpi) -> bool:
    """Whether the KPI can be told per queue: only calls have one."""
    topics = {kpi.topic, *map(_topic, terms_of(kpi))}
    return topics <= {"calls", "customers"}


def _topic(term: Term) -> str:
    return term.histogram.topic if isinstance(term, Within) else term.topic


def is_by_team(kpi: Kpi) -> bool:
    """Whether the KPI can be told per team and rep: only if all of it happens to somebody.

    A call that is given up has no rep. Per team, abandonment would be 0 % for everybody.
    """
    if isinstance(kpi.formula, Quantile):
        return kpi.formula.histogram in OF_REPS
    terms = terms_of(kpi)
    return bool(terms) and not any(is_without_a_rep(term) for term in terms)


def is_without_a_rep(term: Term) -> bool:
    """Whether this happens before a rep has the call."""
    if isinstance(term, Within):
        return term.histogram in {ABANDONED_WAIT, ABANDONED_WAIT_BY_END}
    return term.name in WITHOUT_A_REP


def terms_of(kpi: Kpi) -> tuple[Term, ...]:
    """Return what the KPI adds up; nothing for a quantile, which has a histogram instead."""
    formula = kpi.formula
    if isinstance(formula, Quantile):
        return ()
    if isinstance(formula, Ratio):
        return (*formula.top, *formula.bottom, *formula.less, *formula.top_less)
    return formula.terms


def recorded(kpi: Kpi, by: Sequence[str]) -> str:
    """Return the name of the rule that holds the KPI grouped by *by* (and by window)."""
    return f"ringside:{kpi.name}:{by[0]}"


def or_zero(total: str) -> str:
    """Return a sum over everything that is 0 when nothing happened, if a worker is there to say so.

    Without a worker there is no sample: nobody knows.
    """
    return f"{total} or 0 * sum({PREFIX}assigned_partitions)"


def _by(by: Sequence[str]) -> str:
    return f" by ({', '.join(by)}) " if by else ""


def _sum(terms: Sequence[Term], by: Sequence[str], where: Where) -> str:
    if len(terms) == 1:
        return f"sum{_by(by)}({metric(terms[0])}{where})"
    # One selector for all: a term without series is then left out, and does not empty the sum.
    names = "|".join(sorted(metric(term) for term in terms))
    any_of = Where((f'__name__=~"{names}"',))
    return f"sum{_by(by)}({any_of.and_(*where.matchers)})"


def _ratio(formula: Ratio, by: Sequence[str], where: Where) -> str:
    top = _sum(formula.top, by, where)
    bottom = _sum(formula.bottom, by, where)
    denominator = bottom
    if formula.less:
        denominator = f"({bottom} - ({_sum(formula.less, by, where)} or 0 * {bottom}))"
    numerator = f"{top} or 0 * {bottom}"
    if formula.top_less:
        numerator = f"({numerator}) - ({_sum(formula.top_less, by, where)} or 0 * {bottom})"
    return f"({numerator})\n/ ({denominator} > 0)"


def _family(histogram: Histogram, by: Sequence[str], where: Where) -> str:
    """Return the name of a histogram: there is one by queue, and one by team."""
    is_of_teams = any(label.startswith("team") for label in (*by, *where.matchers))
    return f"{PREFIX}{'team_' if is_of_teams else ''}{histogram.name}_seconds"


def _quantile(formula: Quantile, by: Sequence[str], where: Where) -> str:
    buckets = f"{_family(formula.histogram, by, where)}_bucket{where}"
    summed = f"sum by ({', '.join((*by, 'le'))}) ({buckets})"
    # Of a histogram without observations Prometheus makes NaN; the comparison drops it.
    return f"histogram_quantile({formula.q:g}, {summed}) >= 0"
