"""Catalogue -> docs/KPIS.md: what every number means."""

from collections.abc import Iterable, Iterator

from dashboards import funnel, promql
from dashboards.mark import GENERATED_BY
from schemas import measures as m
from schemas.kpis import KPIS, NOW, WHEN_READ, WITHINS, Kpi, Quantile, Ratio, Term, Within
from schemas.labels import ENGLISH, LANGUAGES, titles
from schemas.measure import Unit
from schemas.measures import HISTOGRAMS, MEASURES, SECONDS_BOUNDS, WINDOWS
from schemas.not_said import NOT_SAID

_INTRODUCTION = """# What the numbers mean

Rules for all of them:

- **No data is not zero.** A ratio with an empty denominator has no value: no sample in Prometheus,
  `NULL` in PostgreSQL, "No data" on a board.
- Ratios are between 0 and 1, durations are seconds, instants are UTC.
- Only what adds up is stored; ratios and percentiles are derived when they are read, and never
  averaged.
- A call counts where and when it **arrived** in the queue, whatever happens to it later.
- Days are those of the site's time zone.
- A changed formula is a new version of the KPI.
"""

_UNITS = {
    Unit.COUNT: "count",
    Unit.SECONDS: "seconds",
    Unit.RATIO: "ratio, 0 to 1",
    Unit.MULTIPLE: "mean number, 0 and more",
}
"""What readers tend to read into a number. Not all have a trap."""


def page() -> str:
    """Return the page."""
    parts = [
        f"<!-- {GENERATED_BY} -->\n{_INTRODUCTION}",
        _windows(),
        _floor(),
        "## KPIs\n",
        *(_kpi(kpi) for kpi in KPIS),
        funnel.section(),
        _now(),
        _measures(),
        _histograms(),
        _languages(),
    ]
    return "\n".join(parts)


def formula(kpi: Kpi) -> str:
    """Return the formula in words of the catalogue."""
    shape = kpi.formula
    if isinstance(shape, Quantile):
        return f"the value under which {shape.q:.0%} of `{shape.histogram.name}` lie"
    if isinstance(shape, Ratio):
        less = f" - {_bracketed(shape.less)}" if shape.less else ""
        bottom = f"{_terms(shape.bottom)}{less}"
        is_one = len(shape.bottom) == 1 and not less
        top = _bracketed(shape.top)
        if shape.top_less:
            top = f"({_terms(shape.top)} - {_terms(shape.top_less)})"
        return f"{top} / {bottom if is_one else f'({bottom})'}"
    chosen = ", those that the roster chooses" if kpi.name == promql.ACTIVITY_VOLUME else ""
    return f"{_terms(shape.terms)}{chosen}"


def _bracketed(terms: tuple[Term, ...]) -> str:
    return _terms(terms) if len(terms) == 1 else f"({_terms(terms)})"


def _terms(terms: Iterable[Term]) -> str:
    return " + ".join(f"`{term.name}`" for term in terms)


def _kpi(kpi: Kpi) -> str:
    lines = [
        f"### {kpi.title}\n",
        f"{kpi.help}\n",
        f"- name: `{kpi.name}`, version {kpi.version}",
        f"- formula: {formula(kpi)}",
        f"- unit: {_UNITS[kpi.unit]}",
        f"- better: {kpi.better}{_target(kpi)}",
        f"- live, in Prometheus: per {', '.join(_told_per(kpi))}",
        f"- in history, in PostgreSQL: per {', '.join((*_told_per(kpi), *_in_history(kpi)))}",
        f"- source: {kpi.source}",
    ]
    if kpi.name in NOT_SAID:
        lines.append(f"- does not say: {NOT_SAID[kpi.name]}")
    return "\n".join(lines) + "\n"


def _target(kpi: Kpi) -> str:
    if kpi.target is None:
        return ""
    return f"; target {'at least' if kpi.better == 'higher' else 'at most'} {kpi.target:g}"


def _told_per(kpi: Kpi) -> Iterator[str]:
    yield "site"
    if promql.is_by_queue(kpi):
        yield "queue"
    if promql.is_by_team(kpi):
        yield "team"


def _in_history(kpi: Kpi) -> Iterator[str]:
    if promql.is_by_team(kpi):
        yield "rep"


def _floor() -> str:
    """Return which number of the call floor is where, and of which direction."""
    rows = (
        (
            f"{kpi.title} (`{kpi.name}`)",
            directions(kpi) or "none: states of reps",
            ", ".join(_told_per(kpi)),
            ", ".join((*_told_per(kpi), *_in_history(kpi))),
        )
        for kpi in KPIS
        if kpi.topic in {"calls", "customers", "reps"} and kpi.name != promql.ACTIVITY_VOLUME
    )
    return _section(
        "The call floor, by dimension",
        "Live numbers come from Prometheus, every few seconds. History is `kpi_quarter` in "
        "PostgreSQL, which workers write every five seconds, so the present quarter of an hour of "
        "each rep is live too. No metric has a rep as a label. Inbound and outbound calls have "
        "separate measures, so most numbers have one direction; where one measure counts both, "
        "the label or column `direction` tells them apart. Numbers that are not available per "
        "team and rep include something that happens before a rep has the call: a caller who "
        "gives up has met no rep, so there is no number by team, and `NULL` by rep.",
        _table(("number", "direction", "live per", "in history per"), rows),
    )


def directions(kpi: Kpi) -> str:
    """Return of which calls a KPI is; "" if it is not of calls."""
    shape = kpi.formula
    if isinstance(shape, Quantile):
        return "outbound" if shape.histogram in _OUTBOUND else "inbound"
    found = {_direction(term) for term in promql.terms_of(kpi)}
    return " and ".join(sorted(found - {""}))


_OUTBOUND = frozenset(
    {
        *(m.OUTBOUND_TALK_TIME, m.OUTBOUND_HANDLE_TIME),
        *(m.CALLS_DIALLED, m.CALLS_CONNECTED, m.CALLS_NOT_CONNECTED, m.OUTBOUND_ABANDONED),
        *(m.OUTBOUND_HANDLED, m.OUTBOUND_DIALLING, m.OUTBOUND_UNANSWERED, m.OUTBOUND_TALK),
        *(m.OUTBOUND_HOLD, m.OUTBOUND_WRAPUP),
    }
)


def _direction(term: Term) -> str:
    if term in _OUTBOUND:
        return "outbound"
    topic = term.histogram.topic if isinstance(term, Within) else term.topic
    return "inbound" if topic in {"calls", "customers"} else ""


def _windows() -> str:
    rows = (
        (
            f"`{window.name}`",
            "today, in the time zone of the site"
            if window.seconds is None
            else f"the last {window.seconds // 60} minutes",
            f"{window.grain_seconds // 60} min",
        )
        for window in WINDOWS
    )
    return _section(
        "Windows",
        "Live, in Prometheus: the label `window`. Anything longer is read from PostgreSQL, which "
        "holds quarters of an hour.",
        _table(("window", "is", "made of panes of"), rows),
    )


def _now() -> str:
    rows = ((f"`ringside_{now.name}`", now.help, ", ".join(now.labels)) for now in NOW)
    return _section(
        "The floor now", "Live values without a window.", _table(("metric", "is", "labels"), rows)
    )


def _measures() -> str:
    measured = (
        (f"`{measure.name}`", measure.help, _UNITS[measure.unit], measure.topic)
        for measure in MEASURES
    )
    counted = (
        (
            f"`{term.name}`",
            f"Those of `{term.histogram.name}` at or under the queue's `{term.limit.value}`.",
            _UNITS[Unit.COUNT],
            term.histogram.topic,
        )
        for term in WITHINS
    )
    open_ = ((f"`{each.name}`", each.help, _UNITS[each.unit], each.topic) for each in WHEN_READ)
    return _section(
        "Measures",
        "What is stored. Each is a metric `ringside_<measure>` and a column of the views "
        "`kpi_quarter` and `kpi_day`. The last rows are counted when they are read, with the "
        "limits that the roster has for that time.",
        _table(("measure", "is", "unit", "of"), (*measured, *counted, *open_)),
    )


def _histograms() -> str:
    bounds = ", ".join(f"{bound:g}" for bound in SECONDS_BOUNDS)
    rows = ((f"`{each.name}`", each.help) for each in HISTOGRAMS)
    return _section(
        "Histograms",
        f"Their bounds, in seconds: {bounds}. Counts within a bound are exact; percentiles are "
        "interpolated between two of them, and above the last they are the last.",
        _table(("histogram", "is"), rows),
    )


def _languages() -> str:
    all_titles = [titles(language) for language in LANGUAGES]
    rows = ((f"`{name}`", *(each[name] for each in all_titles)) for name in titles(ENGLISH))
    return _section(
        "Titles in other languages",
        "From `schemas/labels/`.",
        _table(("KPI", *LANGUAGES.values()), rows),
    )


def _section(title: str, text: str, table: str) -> str:
    return f"## {title}\n\n{text}\n\n{table}"


def _table(headings: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [headings, ("---",) * len(headings), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
