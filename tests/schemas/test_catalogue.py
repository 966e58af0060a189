"""The catalogue says each thing once, in words and names that every reader can use."""

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest

from schemas import measures as m
from schemas.kpis import (
    BY_NAME,
    KPIS,
    NOW,
    WHEN_READ,
    WITHINS,
    Kpi,
    Quantile,
    Ratio,
    Term,
    Total,
    Within,
)
from schemas.measure import Measure, Unit
from schemas.measures import HISTOGRAMS, MEASURES, SECONDS_BOUNDS, WINDOWS
from schemas.roster import Queue, default_limits
from schemas.topics import FOLDED

NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
IDS = [kpi.name for kpi in KPIS]


def named(*groups: Iterable[Any]) -> list[Any]:
    """Everything with a name; the types have no base in common."""
    return [one for group in groups for one in group]


def terms(kpi: Kpi) -> tuple[Term, ...]:
    formula = kpi.formula
    if isinstance(formula, Total):
        return formula.terms
    if isinstance(formula, Ratio):
        return (*formula.top, *formula.top_less, *formula.bottom, *formula.less)
    return ()


def unit(term: Term) -> Unit:
    return term.unit if isinstance(term, Measure) else Unit.COUNT


def test_measures_are_the_ones_that_the_module_declares() -> None:
    declared = {value.name for value in vars(m).values() if isinstance(value, Measure)}
    assert {measure.name for measure in MEASURES} == declared
    assert len(MEASURES) == len(declared)


def test_cells_do_not_collide() -> None:
    cells = [measure.name for measure in MEASURES]
    cells += [cell for histogram in HISTOGRAMS for cell in histogram.cells]
    cells += [within.name for within in named(WITHINS, WHEN_READ)]
    cells += ["activity_volume"]
    assert len(cells) == len(set(cells))


def test_metric_names_do_not_collide_with_those_of_histograms_and_gauges() -> None:
    names = [one.name for one in named(MEASURES, WITHINS, NOW)]
    names += [f"{one.name}_seconds_{part}" for one in HISTOGRAMS for part in ("bucket", "gsum")]
    names += ["activity_volume"]
    assert len(names) == len(set(names))


def test_names_are_words_joined_by_underscores() -> None:
    for one in named(MEASURES, HISTOGRAMS, WITHINS, KPIS, NOW):
        assert NAME.fullmatch(one.name), one.name
        assert len(one.name) <= 63  # the longest column name that Postgres keeps whole


@pytest.mark.parametrize("one", [*MEASURES, *KPIS], ids=lambda one: one.name)
def test_a_name_ends_in_seconds_exactly_if_it_is_seconds(one: Measure | Kpi) -> None:
    assert one.name.endswith("_seconds") == (one.unit is Unit.SECONDS)


def test_help_texts_are_sentences() -> None:
    for one in named(MEASURES, HISTOGRAMS, KPIS, NOW, FOLDED):
        assert one.help.endswith("."), one.name
        assert one.help[0].isupper(), one.name
        assert "\n" not in one.help, one.name


def test_every_measure_comes_from_a_topic_that_is_folded() -> None:
    topics = {topic.name.removeprefix("ringside.") for topic in FOLDED}
    # What a PBX counts itself is compared with ours, and adds to none of it.
    assert {measure.topic for measure in MEASURES} == topics - {"counters"}


def test_kpi_names_and_titles_are_unique() -> None:
    assert len(BY_NAME) == len(KPIS)
    assert len({kpi.title for kpi in KPIS}) == len(KPIS)


@pytest.mark.parametrize("kpi", KPIS, ids=IDS)
def test_a_kpi_is_made_of_what_is_declared(kpi: Kpi) -> None:
    declared: set[object] = {*MEASURES, *WITHINS, *WHEN_READ}
    assert declared.issuperset(terms(kpi))
    if isinstance(kpi.formula, Quantile):
        assert kpi.formula.histogram in HISTOGRAMS
        assert 0 < kpi.formula.q < 1


@pytest.mark.parametrize("kpi", KPIS, ids=IDS)
def test_units_come_out_right(kpi: Kpi) -> None:
    formula = kpi.formula
    if isinstance(formula, Total):
        assert {unit(term) for term in formula.terms} == {kpi.unit}
    elif isinstance(formula, Ratio):
        (top,), (bottom,) = (
            {unit(term) for term in part} for part in (formula.top, formula.bottom)
        )
        assert all(unit(term) is bottom for term in formula.less)
        # Like over like is a share, or a multiple; seconds over a count are seconds each.
        assert kpi.unit in ({Unit.RATIO, Unit.MULTIPLE} if top is bottom else {top})
    else:
        assert kpi.unit is Unit.SECONDS


@pytest.mark.parametrize("kpi", KPIS, ids=IDS)
def test_all_terms_of_a_kpi_come_from_one_topic_unless_it_adds_kinds_up(kpi: Kpi) -> None:
    if kpi.name in {"concurrent_contacts", "occupancy_of_contacts"}:
        return  # seconds of calls over seconds of reps
    if kpi.name in {"lead_conversion", "qualified_lead_conversion"}:
        return  # deals over leads
    topics = {
        term.histogram.topic if isinstance(term, Within) else term.topic for term in terms(kpi)
    }
    assert len(topics) <= 1 or kpi.name == "activity_volume"
    assert topics <= {kpi.topic} or kpi.name == "activity_volume"


def test_a_share_has_its_target_between_0_and_1_and_a_direction() -> None:
    for kpi in KPIS:
        if kpi.target is not None:
            assert kpi.better != "neither", kpi.name
            assert kpi.unit is not Unit.RATIO or 0 < kpi.target < 1, kpi.name


def test_bounds_rise_and_the_usual_limits_are_among_them() -> None:
    assert all(low < high for low, high in pairwise(SECONDS_BOUNDS))
    assert {20, 60, 5} <= set(SECONDS_BOUNDS)  # KPIS.md 1.1: T = 20 and 60, s = 5
    assert set(default_limits().values()) <= set(SECONDS_BOUNDS)


def test_a_queue_without_limits_of_its_own_has_the_default_ones() -> None:
    queue = Queue(id="loans", site="hanoi")
    assert default_limits() == {
        "target_seconds": queue.target_seconds,
        "short_abandon_seconds": queue.short_abandon_seconds,
    }


@pytest.mark.parametrize(
    ("seconds", "index"),
    # The bounds begin 1, 2, 3, 5 and end 1800, 3600; there are 25.
    [(0, 0), (1, 0), (1.001, 1), (5, 3), (5.001, 4), (3600, 24), (3600.001, 25), (10**6, 25)],
)
def test_a_bucket_holds_what_is_at_most_its_bound(seconds: float, index: int) -> None:
    assert len(SECONDS_BOUNDS) == 25
    assert m.TALK.bucket(seconds) == index
    assert len(m.TALK.cells) == 26


def test_a_live_window_is_made_of_whole_panes() -> None:
    for window in WINDOWS:
        assert window.grain_seconds in m.GRAINS_SECONDS
        assert (window.seconds or 86_400) % window.grain_seconds == 0
