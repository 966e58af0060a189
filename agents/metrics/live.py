"""Live windows and the floor now, as Prometheus families. Additive measures only; no ratios."""

from collections.abc import Iterator, Mapping

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.utils import floatToGoString

from schemas import kpis
from schemas import measures as m
from schemas.measure import Histogram
from streams.floor import AGES, Floor
from streams.located import ACTIVITY_VOLUME
from streams.panes import Cells
from streams.roster import RosterIndex
from streams.windows import Located

Windows = Mapping[str, Located]

_LABELS = (*m.LABELS, "window")
_HELP = {measure.name: measure.help for measure in (*m.MEASURES, *kpis.WHEN_READ)} | {
    within.name: f"{within.histogram.help.split(',')[0]}: at or under the queue's own limit."
    for within in kpis.WITHINS
}


def window_families(windows: Windows) -> Iterator[GaugeMetricFamily]:
    """Yield one family per measure; a sample exists only where something happened."""
    families = {
        name: GaugeMetricFamily(f"ringside_{name}", help_, labels=_LABELS)
        for name, help_ in _HELP.items()
    }
    volume = GaugeMetricFamily(
        f"ringside_{ACTIVITY_VOLUME}",
        "Everything that counts as sales activity, as the roster chooses.",
        labels=("team", "site", "team_site", "window"),
    )
    for window, located in windows.items():
        volumes: dict[tuple[str, str], float] = {}
        for place, cells in located.items():
            for cell, amount in cells.items():
                family = families.get(cell)
                if family is not None:
                    family.add_metric((*place, window), amount)
            if ACTIVITY_VOLUME in cells:
                key = (place.team, place.team_site or place.site)
                volumes[key] = volumes.get(key, 0) + cells[ACTIVITY_VOLUME]
        for key, amount in volumes.items():
            team, site = key
            volume.add_metric((team, site, site, window), amount)
    yield from families.values()
    yield volume


def histogram_families(windows: Windows) -> Iterator[Metric]:
    """Yield gauge histograms by queue, and by team: buckets go down as windows move on.

    Not by both at once: of each pair there would be two dozen buckets in each window.
    """
    for histogram in m.HISTOGRAMS:
        name = f"ringside_{histogram.name}_seconds"
        yield _histogram(histogram, name, ("queue", "site"), windows)
    for histogram in m.OF_REPS:
        name = f"ringside_team_{histogram.name}_seconds"
        yield _histogram(histogram, name, ("team", "team_site"), windows)


def _histogram(
    histogram: Histogram, name: str, labels: tuple[str, str], windows: Windows
) -> Metric:
    family = Metric(name, histogram.help, "gaugehistogram")
    for window, located in windows.items():
        for place, counts in _counted(histogram, located, labels).items():
            of = {**dict(zip(labels, place, strict=True)), "window": window}
            for bound, total in _cumulative(histogram, counts):
                family.add_sample(f"{name}_bucket", {**of, "le": bound}, total)
    return family


def now_families(floor: Floor) -> Iterator[GaugeMetricFamily]:
    """Yield the floor at this moment. A queue without a call has no sample, which is no zero."""
    waiting, in_progress, longest, reps = (
        GaugeMetricFamily(f"ringside_{now.name}", now.help, labels=now.labels)
        for now in (
            kpis.CALLS_WAITING,
            kpis.CALLS_IN_PROGRESS,
            kpis.LONGEST_WAIT,
            kpis.REPS_IN_STATE,
        )
    )
    for name, queue in floor.queues.items():
        if not (queue.waiting or queue.in_progress):
            continue
        waiting.add_metric((name, queue.site), queue.waiting)
        in_progress.add_metric((name, queue.site), queue.in_progress)
        if queue.longest_wait_seconds is not None:
            longest.add_metric((name, queue.site), queue.longest_wait_seconds)
    for labels, count in floor.reps.items():
        reps.add_metric(labels, count)
    yield from (waiting, in_progress, longest, reps)
    yield from _states(floor)
    yield from _missed(floor)


def day_family(roster: RosterIndex, now: float) -> GaugeMetricFamily:
    """Return the length of today at each site."""
    family = GaugeMetricFamily(f"ringside_{kpis.DAY.name}", kpis.DAY.help, labels=kpis.DAY.labels)
    for site in roster.sites:
        family.add_metric((site,), roster.day_seconds(site, now))
    return family


def _states(floor: Floor) -> Iterator[GaugeMetricFamily]:
    """Yield how long reps are in their states, and why they pause."""
    paused, longest = (
        GaugeMetricFamily(f"ringside_{now.name}", now.help, labels=now.labels)
        for now in (kpis.REPS_PAUSED, kpis.LONGEST_IN_STATE)
    )
    for labels, count in floor.paused.items():
        paused.add_metric(labels, count)
    for labels, seconds in floor.longest_in_state.items():
        longest.add_metric(labels, seconds)
    yield from (paused, longest)


def _missed(floor: Floor) -> Iterator[GaugeMetricFamily]:
    """Yield the backlog of calls back, by queue and age."""
    open_, oldest = (
        GaugeMetricFamily(f"ringside_{now.name}", now.help, labels=now.labels)
        for now in (kpis.MISSED_CALLS_OPEN, kpis.OLDEST_MISSED_CALL)
    )
    for name, queue in floor.queues.items():
        if queue.oldest_missed_seconds is None:
            continue
        oldest.add_metric((name, queue.site), queue.oldest_missed_seconds)
        for age in AGES:  # a zero here is known: the queue has a backlog, and none of that age
            open_.add_metric((name, queue.site, age), queue.missed.get(age, 0))
    yield from (open_, oldest)


def _counted(
    histogram: Histogram, located: Located, labels: tuple[str, str]
) -> dict[tuple[str, str], list[float]]:
    """Return the counts of each bucket by two of the labels of a place."""
    found: dict[tuple[str, str], list[float]] = {}
    for place, cells in located.items():
        counts = _counts(histogram, cells)
        if counts is None:
            continue
        key = (getattr(place, labels[0]), getattr(place, labels[1]))
        sums = found.get(key)
        found[key] = counts if sums is None else [a + b for a, b in zip(sums, counts, strict=True)]
    return found


def _counts(histogram: Histogram, cells: Cells) -> list[float] | None:
    # Below zero is what an older release did not count yet: see pane_columns.
    counts = [max(0.0, cells.get(cell, 0)) for cell in histogram.cells]
    return counts if any(counts) else None


def _cumulative(histogram: Histogram, counts: list[float]) -> Iterator[tuple[str, float]]:
    total = 0.0
    for bound, count in zip((*map(floatToGoString, histogram.bounds), "+Inf"), counts, strict=True):
        total += count
        yield bound, total
