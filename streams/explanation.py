"""What a number was made of: the log folded again, and each fact told by the event behind it.

The fold is the workers' own, so what it finds is what they counted, as far as the log still has it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from schemas.codec import Decoded
from schemas.events import Event
from schemas.kpis import WHEN_READ, Kpi, Quantile, Ratio, Term, Within
from schemas.measure import Limit
from schemas.measures import QUARTER_SECONDS
from schemas.notes import Notes
from schemas.roster import Roster
from streams.facts import Amount, Fact, Spell
from streams.fold import Fold
from streams.ghosts import GhostLimits
from streams.ledger import Ledger
from streams.located import place_of
from streams.panes import pane_start
from streams.roster import RosterIndex


class Limits(NamedTuple):
    """What a queue promised in one quarter of an hour."""

    target_seconds: float
    short_abandon_seconds: float


@dataclass(frozen=True, slots=True)
class Question:
    """Which number is asked about: a KPI over [from_at, to_at), of whatever else is given."""

    kpi: Kpi
    from_at: int
    """Both are the start of a quarter of an hour."""
    to_at: int
    queue: str | None = None
    rep: str | None = None
    limits: Mapping[tuple[int, str], Limits] = field(default_factory=dict)
    """By the start of the quarter and the queue; what it promised then."""
    team: str | None = None
    site: str | None = None
    """The queue's; without a queue the team's."""
    direction: str | None = None
    roster: RosterIndex = field(default_factory=lambda: RosterIndex(Roster()))
    """Who is in which team, and where."""

    def holds(self, fact: Fact | Spell) -> bool:
        """Whether a fact is about this place."""
        dims = fact.dims
        asked = ((self.queue, dims.queue), (self.rep, dims.rep), (self.direction, dims.direction))
        if any(wanted is not None and wanted != told for wanted, told in asked):
            return False
        if self.team is None and self.site is None:
            return True
        at = fact.start_at if isinstance(fact, Spell) else fact.at
        place = place_of(dims, max(self.from_at, pane_start(at, QUARTER_SECONDS)), self.roster)
        return self.team in {None, place.team} and self.site in {None, place.site}


class Cause(NamedTuple):
    """An event that a number was made of."""

    id: str
    what: str
    """Its type; of a note about a call: `note`."""
    at: float


@dataclass(slots=True)
class Part:
    """What one entity (a call's leg, a rep, ...) counts in the number, by term."""

    entity: str
    amounts: dict[str, Amount] = field(default_factory=dict)
    causes: dict[str, Cause] = field(default_factory=dict)
    """By the event's id, as they came."""

    @property
    def event_ids(self) -> list[str]:
        """The ids of the events."""
        return list(self.causes)


def terms_of(kpi: Kpi) -> tuple[Term, ...]:
    """Return the stored terms of a formula, each once; of a quantile none: it has a histogram."""
    formula = kpi.formula
    if isinstance(formula, Quantile):
        return ()
    if isinstance(formula, Ratio):
        terms = (*formula.top, *formula.top_less, *formula.bottom, *formula.less)
    else:
        terms = formula.terms
    return tuple(term for term in dict.fromkeys(terms) if term not in WHEN_READ)


def topic_of(term: Term) -> str:
    """Return the topic whose events give a term."""
    return f"ringside.{term.histogram.topic if isinstance(term, Within) else term.topic}"


def parts(
    question: Question,
    topic: str,
    messages: Iterable[tuple[Decoded | Notes, int]],
    *,
    lateness_seconds: float,
    ghost_limits: GhostLimits | None = None,
) -> list[Part]:
    """Fold a partition's messages, (event, offset), and return who counts in the number.

    What was counted and taken back again leaves an entity out, or with what remains.
    """
    fold = _Told(topic, lateness_seconds, ghost_limits)
    found: dict[str, Part] = {}
    for event, offset in _one_by_one(messages):
        for fact in fold.tell(event, offset):
            amounts = dict(_amounts(question, topic, fact))
            if not amounts or not isinstance(event, Event | Notes):
                continue
            key, cause = _names(fold, event)
            part = found.setdefault(key, Part(key))
            part.causes.setdefault(cause.id, cause)
            for name, amount in amounts.items():
                part.amounts[name] = part.amounts.get(name, 0) + amount
    for part in found.values():
        part.amounts = {name: amount for name, amount in part.amounts.items() if amount}
    return [part for part in found.values() if part.amounts]


def added_up(found: Iterable[Part]) -> dict[str, Amount]:
    """Return what all parts are together, by term."""
    total: dict[str, Amount] = {}
    for part in found:
        for name, amount in part.amounts.items():
            total[name] = total.get(name, 0) + amount
    return total


def _one_by_one(
    messages: Iterable[tuple[Decoded | Notes, int]],
) -> Iterator[tuple[Decoded | Notes, int]]:
    """Yield messages, notes one at a time: each is told of apart."""
    for event, offset in messages:
        if isinstance(event, Notes):
            for note in event.notes:
                yield msgspec.structs.replace(event, notes=(note,)), offset
        else:
            yield event, offset


def _names(fold: Fold, event: Event | Notes) -> tuple[str, Cause]:
    """Return the entity that an event is about, and the event; of a note, whose call it is."""
    if isinstance(event, Notes):
        note = event.notes[0]
        return note.customer, Cause(note.entity, "note", note.at)
    key = fold.machine.key
    entity = event.subject if key is None else key(event)
    return entity, Cause(event.id, event.type, event.at)


class _Told(Fold):
    """A fold that tells what each message counts."""

    def __init__(
        self, topic: str, lateness_seconds: float, ghost_limits: GhostLimits | None
    ) -> None:
        super().__init__(
            topic,
            0,
            ledger=Ledger(0),
            lateness_seconds=lateness_seconds,
            ghost_limits=ghost_limits,
        )
        self._facts: list[Fact | Spell] = []
        self._count = self._noted
        self.run = self.notes_run = None  # they would count without a word

    def _noted(self, facts: Sequence[Fact | Spell]) -> int:
        self._facts += facts
        return self.grains.count(facts)

    def tell(self, event: Decoded | Notes, offset: int) -> list[Fact | Spell]:
        """Take a message in; return what it, and the time that it moved on, counts."""
        self._facts = []
        self.apply(event, offset)
        return self._facts


def _amounts(question: Question, topic: str, fact: Fact | Spell) -> Iterator[tuple[str, Amount]]:
    if not question.holds(fact):
        return
    if isinstance(fact, Spell):
        start, end = max(fact.start_at, question.from_at), min(fact.end_at, question.to_at)
        cells: Sequence[tuple[str, Amount]] = ((fact.cell, fact.sign * max(0.0, end - start)),)
        at = float(question.from_at)
    else:
        cells, at = fact.cells, fact.at
    if not question.from_at <= at < question.to_at:
        return
    limits = question.limits.get((pane_start(at, QUARTER_SECONDS), fact.dims.queue))
    wanted = _cells(question.kpi, topic, limits)
    summed: dict[str, Amount] = {}
    for cell, amount in cells:
        for name in wanted.get(cell, ()):
            summed[name] = summed.get(name, 0) + amount
    yield from summed.items()


def _cells(kpi: Kpi, topic: str, limits: Limits | None) -> dict[str, list[str]]:
    """Return, by cell, the terms that it is part of where a queue promises this."""
    formula = kpi.formula
    found: dict[str, list[str]] = {}
    if isinstance(formula, Quantile):
        for cell in formula.histogram.cells:
            found.setdefault(cell, []).append(cell)
        return found
    for term in terms_of(kpi):
        if topic_of(term) != topic:
            continue
        for cell in _cells_of(term, limits):
            found.setdefault(cell, []).append(term.name)
    return found


def _cells_of(term: Term, limits: Limits | None) -> Sequence[str]:
    if not isinstance(term, Within):
        return (term.name,)
    if limits is None:
        return ()
    is_target = term.limit is Limit.TARGET
    most = limits.target_seconds if is_target else limits.short_abandon_seconds
    return term.histogram.cells[: term.histogram.bucket(most) + 1]
