"""How what PBXs count differs from what we do, as families."""

from collections.abc import Iterator, Sequence

from prometheus_client.core import GaugeMetricFamily

from agents.postgres.reconciliation import Compared

HALVES = ("ours", "pbx")


def reconciled_families(latest: Sequence[Compared]) -> Iterator[GaugeMetricFamily]:
    """Yield the differences of the last interval of each source and queue, and missing halves.

    A difference has a sample only where both halves are there: what is missing is no zero.
    """
    difference = GaugeMetricFamily(
        "ringside_reconciliation_difference",
        "Ours less the PBX's own count in its last interval; shares as shares.",
        labels=("source", "queue", "counter"),
    )
    missing = GaugeMetricFamily(
        "ringside_reconciliation_missing",
        "1: that half of the last interval is not there.",
        labels=("source", "queue", "half"),
    )
    for one in latest:
        for counter, value in one.differences.items():
            difference.add_metric((one.source, one.queue, counter), value)
        for half in HALVES:
            missing.add_metric((one.source, one.queue, half), one.missing == half)
    yield from (difference, missing)
