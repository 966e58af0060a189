"""The live funnel as Prometheus families: by pipeline, stage and currency; owners are in Postgres.

Counts only, and the ages of what is open; shares are recording rules. Labels are what the pipelines
have: whatever deals say beside that is `unknown`, so that no source can make series without end.
"""

from collections.abc import Iterator, Mapping, Sequence

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.utils import floatToGoString

from schemas import funnel as f
from streams.funnel_days import FunnelDays
from streams.funnel_estimates import Estimate, Step, estimates
from streams.funnel_windows import FunnelReader, Open, Spot, Spots, limits_days, open_now
from streams.pipelines import EMPTY
from streams.roster import UNKNOWN

PREFIX = "ringside_funnel_"
MAX_CURRENCIES = 20
"""Currencies shown apart; of the others, the rarest, nothing is shown but how many there are."""

_LABELS = ("pipeline", "stage", "currency")
_SECONDS_OF = {f.STAY: "Stays in a stage that ended in the window.", f.CYCLE: "Created to won."}


def funnel_families(
    funnels: Sequence[FunnelDays], reader: FunnelReader, now: float
) -> Iterator[Metric]:
    """Yield everything about the funnel as of *now*."""
    ready = [funnel for funnel in funnels if funnel.is_ready]
    pipelines = ready[0].pipelines if ready else EMPTY
    windows = reader.read(ready, now)
    longest = windows[f.WINDOWS_DAYS[-1]]
    limits = limits_days(pipelines, longest, now)
    opened = open_now(ready, now, limits)
    shown, hidden = _currencies(longest, opened)
    yield from _counts(windows, shown)
    yield from _histograms(windows, shown)
    yield from _open(opened, limits, shown)
    yield from _estimates(estimates(reader.aged_days(), pipelines, now))
    too_many = GaugeMetricFamily(f"{PREFIX}currencies_hidden", "Currencies beyond the first few.")
    too_many.add_metric((), hidden)
    counting = GaugeMetricFamily(
        f"{PREFIX}partitions_counting",
        "Partitions whose deals are being counted, first after a restart or by changed pipelines.",
    )
    counting.add_metric((), sum(funnel.is_counting for funnel in funnels))
    yield from (too_many, counting, _unknown(longest, opened))


def _counts(windows: Mapping[int, Spots], shown: frozenset[str]) -> Iterator[Metric]:
    families = {
        count.name: GaugeMetricFamily(
            f"{PREFIX}{count.name}", count.help, labels=(*_LABELS, "window")
        )
        for count in f.COUNTS
        if count.kind != "now"
    }
    for days, spots in windows.items():
        for spot, cells in spots.items():
            if spot.currency not in shown:
                continue
            for cell, amount in cells.items():
                family = families.get(cell)
                if family is not None:
                    family.add_metric((*spot, f"{days}d"), amount)
    yield from families.values()


def _histograms(windows: Mapping[int, Spots], shown: frozenset[str]) -> Iterator[Metric]:
    for name, help_ in _SECONDS_OF.items():
        family = Metric(f"{PREFIX}{name}_time_seconds", help_, "gaugehistogram")
        for days, spots in windows.items():
            for spot, cells in spots.items():
                counts = [int(cells.get(f"{name}:{n}", 0)) for n in range(len(f.DAYS_BOUNDS) + 1)]
                if any(counts) and spot.currency in shown:
                    _add_buckets(family, spot, counts, window=f"{days}d")
        yield family


def _open(
    opened: Mapping[Spot, Open], limits: Mapping[tuple[str, str], float], shown: frozenset[str]
) -> Iterator[Metric]:
    deals, minor, stalled, stalled_minor = (
        GaugeMetricFamily(f"{PREFIX}{name}", help_, labels=_LABELS)
        for name, help_ in (
            (f.OPEN.name, "Deals that are in the stage now."),
            (f.OPEN_MINOR.name, f.OPEN_MINOR.help),
            ("stalled", "Deals that are in the stage longer than its limit."),
            ("stalled_minor", "What they are worth, minor units."),
        )
    )
    ages = Metric(
        f"{PREFIX}open_age_seconds", "Time in the stage of deals there.", "gaugehistogram"
    )
    for spot, one in opened.items():
        if spot.currency not in shown or not one.deals:
            continue
        deals.add_metric(spot, one.deals)
        stalled.add_metric(spot, one.stalled)
        if spot.currency:
            minor.add_metric(spot, one.amount_minor)
            stalled_minor.add_metric(spot, one.stalled_minor)
        _add_buckets(ages, spot, one.ages)
    limit = GaugeMetricFamily(
        f"{PREFIX}stalled_after_seconds",
        "From which age on a deal is stalled: as set, else the p90 of stays of 90 days.",
        labels=("pipeline", "stage"),
    )
    for place, days in limits.items():
        limit.add_metric(place, days * f.DAY_SECONDS)
    yield from (deals, minor, stalled, stalled_minor, ages, limit)


def _estimates(found: Mapping[Step, Estimate]) -> Iterator[Metric]:
    deals, reached, variance = (
        GaugeMetricFamily(f"{PREFIX}estimate_{name}", help_, labels=("pipeline", "stage"))
        for name, help_ in (
            ("deals", f"Deals that came in the last {f.KEPT_DAYS} days."),
            ("reached", "How many of them will get further, or be won: Aalen-Johansen."),
            ("variance", "The variance of that number."),
        )
    )
    for step, one in found.items():
        deals.add_metric(step, one.deals)
        reached.add_metric(step, one.reached)
        variance.add_metric(step, one.variance)
    yield from (deals, reached, variance)


def _add_buckets(family: Metric, spot: Spot, counts: Sequence[int], **labels: str) -> None:
    total = 0
    seconds = (days * f.DAY_SECONDS for days in f.DAYS_BOUNDS)
    bounds = (*map(floatToGoString, seconds), "+Inf")
    for bound, count in zip(bounds, counts, strict=True):
        total += count
        family.add_sample(f"{family.name}_bucket", {**spot._asdict(), **labels, "le": bound}, total)


def _currencies(spots: Spots, opened: Mapping[Spot, Open]) -> tuple[frozenset[str], int]:
    """Return the currencies to be shown, the commonest, and how many are left out."""
    deals: dict[str, float] = {}
    for spot, cells in spots.items():
        deals[spot.currency] = deals.get(spot.currency, 0) + cells.get(f.ENTRIES.name, 0)
    for spot, one in opened.items():
        deals[spot.currency] = deals.get(spot.currency, 0) + one.deals
    ordered = sorted(deals, key=lambda currency: (-deals[currency], currency))
    return frozenset(ordered[:MAX_CURRENCIES]), max(0, len(ordered) - MAX_CURRENCIES)


def _unknown(spots: Spots, opened: Mapping[Spot, Open]) -> GaugeMetricFamily:
    """Return how many deals stand where no pipeline has a name for it."""
    family = GaugeMetricFamily(
        "ringside_unknown_stages",
        "Entries of 90 days, and open deals, in a stage or pipeline that the pipelines lack.",
        labels=("what",),
    )
    entries = sum(cells.get(f.ENTRIES.name, 0) for s, cells in spots.items() if s.stage == UNKNOWN)
    deals = sum(one.deals for spot, one in opened.items() if spot.stage == UNKNOWN)
    family.add_metric(("entries",), entries)
    family.add_metric(("open",), deals)
    return family
