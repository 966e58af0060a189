"""Every number of the catalogue: its parts add up to what the panes hold, or it says why not."""

from bisect import bisect_left
from collections.abc import Iterator
from functools import cache

import pytest
from msgspec.structs import replace

from schemas.events import Event
from schemas.explained import WHY_NOT
from schemas.funnel_kpis import FUNNEL_KPIS
from schemas.kpis import KPIS, NOW, WHEN_READ, Kpi, Quantile, Ratio, Within
from schemas.measure import Limit
from schemas.measures import SECONDS_BOUNDS
from schemas.notes import Notes
from schemas.roster import Roster
from streams.explanation import Limits, Question, added_up, parts
from streams.roster import RosterIndex
from tests.streams.lives import LIVES, QUEUES, T0, Panes, apply, new_fold, panes, seeded

QUARTER = int(T0) // 900 * 900
SPAN = range(QUARTER, QUARTER + 8 * 900, 900)
LIMITS = {Limit.TARGET: 20, Limit.SHORT_ABANDON: 5}


@cache
def log(topic: str) -> list[Event | Notes]:
    """The lives of thirty seeds, each of its own entities; then eight days pass."""
    made: list[Event | Notes] = []
    for n in range(30):
        for one in LIVES[topic](seeded(n), 3600.0):
            if isinstance(one, Notes):
                notes = [
                    replace(note, customer=f"{note.customer[:-3]}{n:02x}0") for note in one.notes
                ]
                made.append(replace(one, notes=tuple(notes)))
            else:
                made.append(replace(one, subject=f"{n}/{one.subject}", id=f"{n}/{one.id}"))
    made.sort(key=lambda one: one.at)
    last = made[-1]
    if isinstance(last, Notes):
        note = replace(last.notes[0], customer="ct1_" + "f" * 32, at=last.at + 8 * 86_400)
        made.append(replace(last, notes=(note,)))
    return made


@cache
def counted_in(topic: str) -> Panes:
    return panes(apply(new_fold(topic), log(topic)))


def cells_of(kpi: Kpi) -> Iterator[tuple[str, str, set[str]]]:
    """Yield each term's topic, name and cells."""
    shape = kpi.formula
    if isinstance(shape, Quantile):
        of = shape.histogram
        for index in range(len(SECONDS_BOUNDS) + 1):
            yield of.topic, f"{of.name}:{index}", {f"{of.name}:{index}"}
        return
    if isinstance(shape, Ratio):
        terms = (*shape.top, *shape.bottom, *shape.less, *shape.top_less)
    else:
        terms = shape.terms
    for term in terms:
        if isinstance(term, Within):
            most = bisect_left(SECONDS_BOUNDS, LIMITS[term.limit])
            cells = {f"{term.histogram.name}:{index}" for index in range(most + 1)}
            yield term.histogram.topic, term.name, cells
        elif term not in WHEN_READ:
            yield term.topic, term.name, {term.name}


@pytest.mark.parametrize("kpi", KPIS, ids=lambda kpi: kpi.name)
def test_the_parts_of_each_kpi_add_up_to_what_the_panes_hold(kpi: Kpi) -> None:
    limits = {(start, queue): Limits(20, 5) for start in SPAN for queue in QUEUES}
    asked = Question(kpi, SPAN.start, SPAN.stop, limits=limits)
    names = {f"ringside.{topic}" for topic, _, _ in cells_of(kpi)}
    assert names, "it has no term"
    found: dict[str, float] = {}
    expected: dict[str, float] = {}
    for topic in names:
        events = log(topic)
        told = zip(events, range(len(events)), strict=True)
        some = parts(asked, topic, told, lateness_seconds=600.0)
        assert all(part.event_ids for part in some)
        for name, amount in added_up(some).items():
            found[name] = found.get(name, 0) + amount
        held = counted_in(topic)
        for (grain, start, _), counted in held.items():
            for of, name, cells in {(t, n, frozenset(c)) for t, n, c in cells_of(kpi)}:
                if grain == 900 and start in SPAN and f"ringside.{of}" == topic:
                    amount = sum(counted.get(cell, 0) for cell in cells)
                    expected[name] = expected.get(name, 0) + amount
    assert found == pytest.approx({name: amount for name, amount in expected.items() if amount})


def test_every_kpi_had_something_to_add_up() -> None:
    with_parts = {
        topic: {
            cell
            for (grain, start, _), cells in counted_in(topic).items()
            if grain == 900 and start in SPAN
            for cell in cells
        }
        for topic in LIVES
    }
    empty = [
        kpi.name
        for kpi in KPIS
        if not any(with_parts[f"ringside.{topic}"] & cells for topic, _, cells in cells_of(kpi))
    ]
    assert empty == []


def test_of_a_team_counts_what_its_reps_did_and_of_a_direction_its_calls() -> None:
    topic = "ringside.calls"
    events = log(topic)
    kpi = next(kpi for kpi in KPIS if kpi.name == "calls_answered")
    dialled = next(kpi for kpi in KPIS if kpi.name == "calls_dialled")

    def count(asked: Question) -> float:
        told = zip(events, range(len(events)), strict=True)
        return sum(added_up(parts(asked, topic, told, lateness_seconds=600.0)).values())

    # The empty roster knows nobody, so everybody is in the team `unknown`.
    nobody = RosterIndex(Roster())
    everything = count(Question(kpi, SPAN.start, SPAN.stop))
    assert everything > 0
    assert count(Question(kpi, SPAN.start, SPAN.stop, team="unknown", roster=nobody)) == everything
    assert count(Question(kpi, SPAN.start, SPAN.stop, team="north", roster=nobody)) == 0
    assert count(Question(kpi, SPAN.start, SPAN.stop, site="unknown", roster=nobody)) == everything
    assert count(Question(dialled, SPAN.start, SPAN.stop, direction="outbound")) > 0
    assert count(Question(dialled, SPAN.start, SPAN.stop, direction="inbound")) == 0


def test_whatever_is_not_added_up_from_events_says_where_its_parts_are() -> None:
    assert WHY_NOT.keys() == {*(now.name for now in NOW), *(kpi.name for kpi in FUNNEL_KPIS)}
    assert not WHY_NOT.keys() & {kpi.name for kpi in KPIS}
    for why in WHY_NOT.values():
        assert "ringside." in why or "roster" in why
