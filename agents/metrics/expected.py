"""What is expected of teams and sources now, and what each source told of, as families."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial

from prometheus_client.core import GaugeMetricFamily

from agents.postgres.baseline import Baseline
from schemas.measures import WINDOWS
from streams.baseline.bands import Band, Part, band_of, open_parts
from streams.baseline.sources import Sources
from streams.roster import RosterIndex
from streams.targets import Progress

_SECONDS = {window.name: window.seconds for window in WINDOWS if window.seconds is not None}


@dataclass(frozen=True, slots=True)
class Expectations:
    """What a worker knows of what should happen. Only one worker of all tells it."""

    baseline: Baseline | None
    replay_until: float = 0.0
    """Until when a replay of old events was announced."""
    progress: tuple[Progress, ...] = ()
    """Where teams stand that have monthly targets."""


def expected_families(
    known: Expectations, roster: RosterIndex, now: float
) -> Iterator[GaugeMetricFamily]:
    """Yield what is expected of the live windows as they are now; nothing of a closed site."""
    activity = GaugeMetricFamily(
        "ringside_activity_expected",
        "What a live window should hold now, and the bounds within which it nearly always is.",
        labels=("team", "site", "kind", "window", "bound"),
    )
    source = GaugeMetricFamily(
        "ringside_source_expected",
        "What a source should have told of in a live window.",
        labels=("source", "site", "window", "bound"),
    )
    computed = GaugeMetricFamily(
        "ringside_baseline_timestamp_seconds", "When the baseline was learnt that applies."
    )
    if known.baseline is not None:
        computed.add_metric((), known.baseline.computed_at)
        # The same for all series of a site, and looked up once: calendars are what costs.
        parts = cache(partial(_parts, roster, now))
        for series, profile in known.baseline.profiles.items():
            is_team = series.subject == "team"
            labels = (series.name, series.site, series.kind) if is_team else series[1:3]
            family = activity if is_team else source
            for window, open_ in parts(series.site).items():
                found = band_of(profile, open_)
                for bound, value in zip(Band._fields, found, strict=True):
                    family.add_metric((*labels, window, bound), value)
    yield from (activity, source, computed, _working(roster, now), _replay(known, now))
    yield from _targets(known.progress)


def source_families(sources: Sources) -> Iterator[GaugeMetricFamily]:
    """Yield how much each source told of in the live windows. No sample: of nothing."""
    family = GaugeMetricFamily(
        "ringside_source_facts",
        "Things counted from a source, by the time at which they happened.",
        labels=("source", "site", "window"),
    )
    for window, sourced in sources.windows.items():
        for (source, site), count in sourced.items():
            family.add_metric((source, site, window), count)
    ages = GaugeMetricFamily(
        "ringside_source_age_seconds",
        "Time since a source was last heard.",
        labels=("source",),
    )
    for source, age in sources.age_seconds.items():
        ages.add_metric((source,), age)
    yield from (family, ages)


def _parts(roster: RosterIndex, now: float, site: str) -> dict[str, list[Part]]:
    """Return the open parts of each window at a site; nothing while it is closed."""
    found = {
        name: open_parts(site, roster, window_seconds=seconds, now=now)
        for name, seconds in _SECONDS.items()
    }
    return {name: parts for name, parts in found.items() if parts is not None}


def _targets(progress: tuple[Progress, ...]) -> Iterator[GaugeMetricFamily]:
    """Yield a series for each target that the roster has."""
    labels = ("team", "site", "measure")
    target = GaugeMetricFamily(
        "ringside_monthly_target", "What a team should reach in this month.", labels=labels
    )
    reached = GaugeMetricFamily(
        "ringside_monthly_target_reached",
        "What it has reached since the month began.",
        labels=labels,
    )
    ratio = GaugeMetricFamily(
        "ringside_monthly_target_time_ratio",
        "The share of the working time of this month at its site that has gone by.",
        labels=labels,
    )
    for each in progress:
        values = (each.target, each.reached, each.time_ratio)
        for family, value in zip((target, reached, ratio), values, strict=True):
            family.add_metric((each.team, each.site, each.measure), value)
    yield from (target, reached, ratio)


def _working(roster: RosterIndex, now: float) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "ringside_site_working", "1: within the working hours of the site.", labels=("site",)
    )
    for site in roster.site_names():
        family.add_metric((site,), roster.is_working(site, now))
    return family


def _replay(known: Expectations, now: float) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "ringside_replay_announced", "1: somebody announced that old events are being replayed."
    )
    family.add_metric((), known.replay_until > now)
    return family
