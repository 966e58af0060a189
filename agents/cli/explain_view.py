"""What `ringside explain` prints: a number, its definition, its measures, and its events."""

from datetime import UTC, datetime

from agents.cli.context import out, say, warn
from agents.cli.tables import plain_table
from agents.explaining import Explanation
from schemas.kpis import WHEN_READ, Kpi, Quantile, Ratio, Term
from schemas.measure import Unit
from schemas.not_said import NOT_SAID
from streams.explanation import Part, terms_of
from streams.kpi import evaluate


def show(told: Explanation, most: int) -> None:
    """Print it, with so many entities at most."""
    question = told.question
    kpi = question.kpi
    say(f"{kpi.title} ({kpi.name}), version {kpi.version}")
    say(f"  {kpi.help}")
    say(f"  = {formula(kpi)}    [{kpi.source}]")
    if kpi.name in NOT_SAID:
        say(f"  It does not say: {NOT_SAID[kpi.name]}")
    say(f"{_instant(question.from_at)} to {_instant(question.to_at)}, whole quarters of an hour")
    _show_measures(told)
    _show_parts(told.parts, most)
    _show_spans(told)
    _show_verdict(told)


def as_json(told: Explanation) -> dict[str, object]:
    """Return everything as one object."""
    kpi = told.question.kpi
    return {
        "kpi": kpi.name,
        "version": kpi.version,
        "definition": kpi.help,
        "formula": formula(kpi),
        "from": _instant(told.question.from_at),
        "to": _instant(told.question.to_at),
        "value": evaluate(kpi, told.stored),
        "stored": told.stored,
        "from_the_log": told.found,
        "is_whole": told.is_whole,
        "removed_offsets": told.removed,
        "entities": {part.entity: part.event_ids for part in told.parts},
    }


def formula(kpi: Kpi) -> str:
    """Return a formula in terms of its measures."""
    shape = kpi.formula
    if isinstance(shape, Quantile):
        return f"the value under which {shape.q:.0%} of {shape.histogram.name} lie"
    if isinstance(shape, Ratio):
        top, bottom = _terms(shape.top, shape.top_less), _terms(shape.bottom, shape.less)
        return f"({top}) / ({bottom})"
    return _terms(shape.terms)


def _terms(terms: tuple[Term, ...], less: tuple[Term, ...] = ()) -> str:
    added = " + ".join(term.name for term in terms)
    return added + "".join(f" - {term.name}" for term in less)


def _show_measures(told: Explanation) -> None:
    kpi, found = told.question.kpi, told.found
    shape = kpi.formula
    if isinstance(shape, Quantile):
        bounds = [0, *shape.histogram.bounds]
        upper = [*(f" to {bound} s" for bound in shape.histogram.bounds), " s and more"]
        spans = [f"{low}{high}" for low, high in zip(bounds, upper, strict=True)]
        names = dict(zip(shape.histogram.cells, spans, strict=True))
    else:
        names = {term.name: term.name for term in terms_of(kpi)}
    rows = (
        (name, number(told.stored.get(cell)), number(found.get(cell)))
        for cell, name in names.items()
        if cell in told.stored or cell in found
    )
    heading = shape.histogram.name if isinstance(shape, Quantile) else "measure"
    headings = (heading, "stored", "from the log")
    out().print(plain_table(headings, rows, numbers={"stored", "from the log"}))
    _show_value(told)


def _show_value(told: Explanation) -> None:
    kpi = told.question.kpi
    value = evaluate(kpi, told.stored)
    if value is None:
        say("value: none, for nothing happened that could define it")
    elif kpi.unit is Unit.RATIO:
        say(f"value: {number(value)}, which is {value:.1%}")
    else:
        say(f"value: {number(value)}{' s' if kpi.unit is Unit.SECONDS else ''}")
    for term in WHEN_READ:
        if isinstance(kpi.formula, Ratio) and term in kpi.formula.top:
            say(f"  without {term.name}: those are counted when a board is read, and not stored")


def _show_parts(parts: list[Part], most: int) -> None:
    rows = ((part.entity, _counts(part), _causes(part)) for part in parts[:most])
    out().print(plain_table(("entity", "counts", "events"), rows))
    events = sum(len(part.causes) for part in parts)
    left = f"; {len(parts) - most} more with --most" if len(parts) > most else ""
    say(f"made of {events} events of {len(parts)} entities{left}")


def _counts(part: Part) -> str:
    return "\n".join(f"{name} {number(amount)}" for name, amount in part.amounts.items())


def _causes(part: Part) -> str:
    causes = part.causes.values()
    return "\n".join(f"{one.id}  {one.what} {_instant(one.at)}" for one in causes)


def _show_spans(told: Explanation) -> None:
    for span in told.spans:
        reference = span.reference
        first = "?" if reference.first_offset is None else reference.first_offset
        say(
            f"{reference.topic}/{reference.partition}: made of offsets {first} to "
            f"{reference.last_offset}, {reference.panes} panes; read {span.read_from} to "
            f"{span.read_to}"
        )
        if span.removed:
            warn(f"  retention has removed {span.removed} of these offsets")


def _show_verdict(told: Explanation) -> None:
    if told.is_whole:
        say("the log gives what is stored")
    elif told.removed:
        warn("the log does not give what is stored: retention has removed part of it")
    else:
        warn(
            "the log does not give what is stored. The database may be some seconds behind; if it "
            "stays so, the state was lost or changed: please report it"
        )


def _instant(at: float) -> str:
    text = datetime.fromtimestamp(at, UTC).isoformat(sep=" ", timespec="milliseconds")
    return f"{text.removesuffix('+00:00').removesuffix('.000')}Z"


def number(value: float | None) -> str:
    """Return a number as a person reads it."""
    if value is None:
        return "-"
    return str(int(value)) if value == int(value) else f"{value:.6g}"
