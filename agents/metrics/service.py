"""How the service itself is: ledger, lag, dead letters, checkpoints, snapshots, tables."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from streams.fold import Fold
from streams.ledger import Ledger
from streams.unknown import Unknown

_PARTITION = ("topic", "partition")


@dataclass(frozen=True, slots=True)
class PartitionStatus:
    """One source partition that this worker owns."""

    topic: str
    partition: int
    ledger: Ledger
    watermark_at: float | None
    lag_events: int | None
    lag_seconds: float
    event_lag_seconds: float = 0.0
    """How long before now the newest event of those that come in happened; 0: none do."""


@dataclass(frozen=True, slots=True)
class Status:
    """What the worker knows of itself at one moment."""

    partitions: tuple[PartitionStatus, ...]
    shards: dict[int, tuple[float, float]]
    """By number: age of the last checkpoint, and how long the recovery took, in seconds."""
    rebalances: int
    snapshot_age_seconds: float
    snapshot_pending_rows: int
    snapshot_failures: int
    table_entries: dict[str, int]
    unknown: Unknown
    roster_entries: dict[str, int]
    partition_count: int = 0
    """Partitions that each source topic has, whoever owns them."""
    sources: dict[str, bool] = field(default_factory=dict)
    version: str = ""


def service_families(status: Status) -> Iterator[Metric]:
    """Yield everything about the service."""
    yield from _ledger(status)
    yield from _lag(status)
    yield from _checkpoints(status)
    yield from _tables(status)
    limits = _gauge("source_over_limit", "1: the source sends too much bad input.", ("source",))
    for source, over in status.sources.items():
        limits.add_metric((source,), over)
    yield limits
    build = _gauge("build_info", "The release that is running.", ("version",))
    build.add_metric((status.version,), 1)
    yield build


def table_entries(folds: list[Fold]) -> dict[str, int]:
    """Return how many entries the tables hold."""
    return {
        "entities": sum(len(fold.entities) for fold in folds),
        "panes": sum(len(table) for fold in folds for table in fold.tables.values()),
    }


def _gauge(name: str, help_: str, labels: tuple[str, ...] = ()) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"ringside_{name}", help_, labels=labels)


def _counter(name: str, help_: str, labels: tuple[str, ...] = ()) -> CounterMetricFamily:
    return CounterMetricFamily(f"ringside_{name}", help_, labels=labels)


def _ledger(status: Status) -> Iterator[Metric]:
    consumed = _counter("events_consumed", "Messages taken in.", _PARTITION)
    events = _counter("events", "What became of them.", (*_PARTITION, "result"))
    letters = _counter("dead_letters", "Messages refused, by reason.", (*_PARTITION, "reason"))
    closed = _counter("closed_facts", "Facts too old for any open pane.", _PARTITION)
    corrections = _counter("corrections", "Events that correct another one.", _PARTITION)
    unmet = _counter(
        "corrections_unmet", "Corrections that found nothing to correct when they came.", _PARTITION
    )
    order = _counter("events_out_of_order", "Timely events after a newer one.", _PARTITION)
    for one in status.partitions:
        labels, ledger = (one.topic, str(one.partition)), one.ledger
        order.add_metric(labels, ledger.out_of_order)
        consumed.add_metric(labels, ledger.consumed)
        closed.add_metric(labels, ledger.closed_facts)
        corrections.add_metric(labels, ledger.corrections)
        unmet.add_metric(labels, ledger.corrections_unmet)
        for result in ("applied", "duplicate", "late", "dead_lettered"):
            events.add_metric((*labels, result), getattr(ledger, result))
        for reason, count in list(ledger.reasons.items()):
            letters.add_metric((*labels, reason), count)
    yield from (consumed, events, letters, closed, order, corrections, unmet)


def _lag(status: Status) -> Iterator[Metric]:
    events = _gauge("lag_events", "Messages in Kafka that are not counted yet.", _PARTITION)
    seconds = _gauge("lag_seconds", "How far behind the newest message counting is.", _PARTITION)
    event_seconds = _gauge(
        "event_lag_seconds", "Age of the newest event of those that come in now.", _PARTITION
    )
    watermark = _gauge(
        "watermark_timestamp_seconds", "Events before this instant are too late.", _PARTITION
    )
    for one in status.partitions:
        labels = (one.topic, str(one.partition))
        seconds.add_metric(labels, one.lag_seconds)
        event_seconds.add_metric(labels, one.event_lag_seconds)
        if one.lag_events is not None:
            events.add_metric(labels, one.lag_events)
        if one.watermark_at is not None:
            watermark.add_metric(labels, one.watermark_at)
    yield from (events, seconds, event_seconds, watermark)


def _checkpoints(status: Status) -> Iterator[Metric]:
    age = _gauge("checkpoint_age_seconds", "Since the last checkpoint.", ("partition",))
    recovery = _gauge("recovery_seconds", "Restoring this partition took.", ("partition",))
    for shard, (age_seconds, recovery_seconds) in status.shards.items():
        age.add_metric((str(shard),), age_seconds)
        recovery.add_metric((str(shard),), recovery_seconds)
    yield from (age, recovery)
    assigned = _gauge("assigned_partitions", "Partitions of each topic that this worker owns.")
    assigned.add_metric((), len(status.shards))
    partitions = _gauge("partitions", "Partitions of each topic, whoever owns them.")
    partitions.add_metric((), status.partition_count)
    yield partitions
    rebalances = _counter("rebalances", "Assignments since the start.")
    rebalances.add_metric((), status.rebalances)
    yield from (assigned, rebalances)
    snapshot_age = _gauge("snapshot_age_seconds", "Age of the oldest change not in Postgres.")
    snapshot_age.add_metric((), status.snapshot_age_seconds)
    pending = _gauge("snapshot_pending_rows", "Rows that wait to be written to Postgres.")
    pending.add_metric((), status.snapshot_pending_rows)
    failures = _counter("snapshot_failures", "Writes to Postgres that failed; all are repeated.")
    failures.add_metric((), status.snapshot_failures)
    yield from (snapshot_age, pending, failures)


def _tables(status: Status) -> Iterator[Metric]:
    entries = _gauge("table_entries", "Entries held in memory.", ("table",))
    for table, count in status.table_entries.items():
        entries.add_metric((table,), count)
    reps = _gauge("unknown_reps", "Reps of about the last day that are not in the roster.")
    reps.add_metric((), len(status.unknown.reps))
    queues = _gauge("unknown_queues", "Queues of about the last day that are not in the roster.")
    queues.add_metric((), len(status.unknown.queues))
    names = _gauge(
        "source_unknown_names",
        "Names not in the roster that a source has sent in about a day, if they are too many.",
        ("source",),
    )
    for source, count in status.unknown.sources:
        names.add_metric((source,), count)
    yield names
    roster = _gauge("roster_entries", "Entries of the roster.", ("kind",))
    for kind, count in status.roster_entries.items():
        roster.add_metric((kind,), count)
    yield from (entries, reps, queues, roster)
