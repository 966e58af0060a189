"""What `ringside top` shows: the pages of all workers added up, per queue and per team."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from schemas.kpis import (
    BY_NAME,
    CALLS_IN_PROGRESS,
    CALLS_WAITING,
    LONGEST_WAIT,
    REPS_IN_STATE,
    Kpi,
    Ratio,
)
from schemas.measures import CALLS_ABANDONED, CALLS_ANSWERED, CALLS_OFFERED
from streams.kpi import evaluate

PREFIX = "ringside_"
SERVICE_LEVEL = BY_NAME["service_level_answered_of_offered"]
VOLUME = "activity_volume"
_LARGEST = frozenset(
    # Not added up: ages, and what several workers may see of the same.
    PREFIX + name
    for name in ("lag_seconds", "snapshot_age_seconds", "unknown_reps", "unknown_queues")
)


class Sample(NamedTuple):
    """One line of a metrics page."""

    name: str
    labels: Mapping[str, str]
    value: float


def parse(page: str) -> list[Sample]:
    """Return our samples on a metrics page.

    Raises:
        ValueError: it is no metrics page.
    """
    return [
        Sample(sample.name, sample.labels, sample.value)
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name.startswith(PREFIX)
    ]


@dataclass(slots=True)
class QueueRow:
    """One queue: now, and in the window."""

    waiting: float = 0
    longest_wait_seconds: float = 0
    in_progress: float = 0
    cells: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    @property
    def service_level(self) -> float | None:
        """Answered within the queue's target, of answered and abandoned; None of nothing."""
        return evaluate(SERVICE_LEVEL, self.cells)


@dataclass(slots=True)
class TeamRow:
    """One team: its reps by state now, and its activity volume in the window."""

    states: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    volume: float = 0


@dataclass(slots=True)
class Floor:
    """Everything that is shown. Queues are (site, name), as teams are."""

    queues: defaultdict[tuple[str, str], QueueRow]
    teams: defaultdict[tuple[str, str], TeamRow]
    totals: defaultdict[str, float]
    """Of the service's own metrics: sums over workers, or the largest where a sum has no sense."""
    results: defaultdict[str, float]
    """Events by what became of them."""


def _terms(kpi: Kpi) -> set[str]:
    formula = kpi.formula
    assert isinstance(formula, Ratio)  # noqa: S101 - a fact of the catalogue
    return {term.name for term in (*formula.top, *formula.bottom, *formula.less)}


_CELLS = {PREFIX + name: name for name in _terms(SERVICE_LEVEL)} | {
    PREFIX + measure.name: measure.name
    for measure in (CALLS_OFFERED, CALLS_ANSWERED, CALLS_ABANDONED)
}

_OF_QUEUES = {PREFIX + now.name for now in (CALLS_WAITING, CALLS_IN_PROGRESS, LONGEST_WAIT)} | set(
    _CELLS
)


def add_up(pages: Iterable[Iterable[Sample]], window: str) -> Floor:
    """Return the floor that the pages of all workers make together."""
    floor = Floor(
        queues=defaultdict(QueueRow),
        teams=defaultdict(TeamRow),
        totals=defaultdict(float),
        results=defaultdict(float),
    )
    for page in pages:
        for sample in page:
            if sample.labels.get("window", window) == window:
                _add(floor, sample)
    return floor


def _add(floor: Floor, sample: Sample) -> None:
    name, labels, value = sample
    place = (labels.get("site", ""), labels.get("queue", ""))
    team = (labels.get("site", ""), labels.get("team", ""))
    if name == PREFIX + REPS_IN_STATE.name:
        floor.teams[team].states[labels["state"]] += value
    elif name == PREFIX + VOLUME:
        floor.teams[team].volume += value
    elif name == "ringside_events_total":
        floor.results[labels["result"]] += value
    elif place[1] and name in _OF_QUEUES:
        _add_to_queue(floor.queues[place], name, value)
    elif name in _LARGEST:
        floor.totals[name] = max(floor.totals[name], value)
    else:
        floor.totals[name] += value


def _add_to_queue(row: QueueRow, name: str, value: float) -> None:
    if name == PREFIX + CALLS_WAITING.name:
        row.waiting += value
    elif name == PREFIX + CALLS_IN_PROGRESS.name:
        row.in_progress += value
    elif name == PREFIX + LONGEST_WAIT.name:
        row.longest_wait_seconds = max(row.longest_wait_seconds, value)
    else:
        row.cells[_CELLS[name]] += value
