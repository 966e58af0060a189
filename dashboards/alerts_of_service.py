"""Alerts about the service itself: is everything counted, kept, and told."""

from collections.abc import Iterator

from dashboards.alert_rule import Alert
from dashboards.promql import PREFIX
from schemas.alerting import Rules, Snapshot

WATCHDOG = "Watchdog"
"""It always fires. Whoever is told of it each minute notices when alerts no longer come."""
_BOARD = "service"
_OWNED = f"(sum({PREFIX}assigned_partitions) or vector(0))"
"""By all workers that answer; a worker that the group may have given up on owns none."""
_FLOOR = 'topic=~"ringside[.](calls|reps)"'
"""What is told as it happens. A CRM may bring last week's deals at any time."""
_TOLD_WINDOW = "5m"
_NAMES = 1000
"""Workers name sources with more (streams/unknown.py); each counts those of its own partitions."""


def first_alerts(rules: Rules) -> Iterator[Alert]:
    """Yield what inhibits others, so that it is known before they fire."""
    yield _watchdog()
    yield _nothing_counted(rules)
    yield _partitions_uncounted(rules)
    yield _worker_down(rules)
    yield _pipeline_lagging(rules)


def last_alerts(rules: Rules) -> Iterator[Alert]:
    """Yield the others."""
    yield _database_behind(rules.database)
    yield _alerts_undelivered()
    yield from _bad_input(rules)
    yield _too_many_names(rules)
    yield _baseline_stale(rules)


def _watchdog() -> Alert:
    return Alert(
        name=WATCHDOG,
        severity="none",
        expr="vector(1)",
        summary="Alerting works. This alert always fires; act when it stops",
        expected="1",
        by=(),
        board=_BOARD,
        for_seconds=0.0,
        keep_seconds=None,
    )


def _nothing_counted(rules: Rules) -> Alert:
    return Alert(
        name="NothingCounted",
        severity="critical",
        expr=f"{_OWNED} == 0",
        summary="No worker counts anything: partitions that a worker has: 0, at least 1 expected",
        expected="1",
        by=(),
        board=_BOARD,
        for_seconds=rules.worker_for_seconds,
    )


def _partitions_uncounted(rules: Rules) -> Alert:
    partitions = f"max({PREFIX}partitions)"
    return Alert(
        name="PartitionsUncounted",
        severity="critical",
        expr=f"{_OWNED} < {partitions}\nand {_OWNED} > 0",
        summary="Workers have only {{ $value }} of the partitions of each topic, "
        "all of them expected",
        expected='{{ range query "' + partitions + '" }}{{ . | value }}{{ end }}',
        by=(),
        board=_BOARD,
        # Longer than a worker needs to start again and restore its state.
        for_seconds=2 * rules.worker_for_seconds,
    )


def _worker_down(rules: Rules) -> Alert:
    return Alert(
        name="WorkerDown",
        severity="critical",
        expr='up{job="ringside"} == 0',
        summary="The worker {{ $labels.instance }} does not answer",
        expected="1",
        by=("instance",),
        board=_BOARD,
        for_seconds=rules.worker_for_seconds,
    )


def _pipeline_lagging(rules: Rules) -> Alert:
    lag = rules.lag
    by = "max by (topic)"
    announced = f"unless on () max({PREFIX}replay_announced) > 0"
    return Alert(
        name="PipelineLagging",
        severity="critical",
        expr=f"(\n  {by} ({PREFIX}lag_seconds) > {lag.limit_seconds:g}\n"
        f"  or {by} ({PREFIX}event_lag_seconds{{{_FLOOR}}}) > {lag.event_seconds:g}\n)\n"
        f"{announced}",
        summary="{{ $labels.topic }}: counting is {{ $value | humanizeDuration }} behind, "
        f"more than {lag.limit_seconds:g} s, or what comes in is older than "
        f"{lag.event_seconds:g} s",
        expected=f"{lag.limit_seconds:g}",
        by=("topic",),
        board=_BOARD,
        for_seconds=lag.for_seconds,
    )


def _database_behind(limits: Snapshot) -> Alert:
    return Alert(
        name="DatabaseBehind",
        severity="critical",
        expr=f"max({PREFIX}snapshot_age_seconds) > {limits.limit_seconds:g}",
        summary="Counts of {{ $value | humanizeDuration }} ago are not in PostgreSQL yet, "
        f"limit {limits.limit_seconds:g} s",
        expected=f"{limits.limit_seconds:g}",
        by=(),
        board=_BOARD,
        for_seconds=limits.for_seconds,
    )


def _alerts_undelivered() -> Alert:
    failed = f"increase(alertmanager_notifications_failed_total[{_TOLD_WINDOW}])"
    return Alert(
        name="AlertsUndelivered",
        severity="critical",
        expr=f"sum by (integration) ({failed}) > 0",
        summary='{{ $value | printf "%.0f" }} alerts could not be delivered by '
        "{{ $labels.integration }} in 5 minutes, none expected",
        expected="0",
        by=("integration",),
        board=_BOARD,
        for_seconds=0.0,
    )


def _bad_input(rules: Rules) -> Iterator[Alert]:
    bad, limit = rules.bad_input, f"{rules.bad_input.share:g}"
    refused = f"sum by (topic) (increase({PREFIX}dead_letters_total[15m]))"
    consumed = f"sum by (topic) (increase({PREFIX}events_consumed_total[15m]))"
    yield Alert(
        name="BadInput",
        severity="warning",
        expr=f"{refused} / {consumed} > {limit}\nand {consumed} >= {bad.min_messages}",
        summary="{{ $labels.topic }}: {{ $value | humanizePercentage }} of the messages of "
        f"15 minutes were refused, limit {bad.share:.0%}",
        expected=limit,
        by=("topic",),
        board=_BOARD,
        for_seconds=bad.for_seconds,
    )
    yield Alert(
        name="BadSource",
        severity="warning",
        expr=f"max by (source) ({PREFIX}source_over_limit) == 1",
        summary="{{ $labels.source }} sends too many bad messages: 100 in a row, or 5%",
        expected="0",
        by=("source",),
        board=_BOARD,
        for_seconds=bad.for_seconds,
    )


def _too_many_names(rules: Rules) -> Alert:
    return Alert(
        name="TooManyNames",
        severity="warning",
        expr=f"max by (source) ({PREFIX}source_unknown_names) > {_NAMES}",
        summary="{{ $labels.source }} has named {{ $value }} reps, queues and kinds that are not "
        f"in the roster within about a day, limit {_NAMES}",
        expected=str(_NAMES),
        by=("source",),
        board=_BOARD,
        for_seconds=rules.bad_input.for_seconds,
    )


def _baseline_stale(rules: Rules) -> Alert:
    limit = rules.baseline_seconds
    return Alert(
        name="BaselineStale",
        severity="warning",
        expr=f"time() - max({PREFIX}baseline_timestamp_seconds) > {limit:g}",
        summary="The baseline was last learnt {{ $value | humanizeDuration }} ago, "
        f"limit {limit / 86_400:g} days",
        expected=f"{limit:g}",
        by=(),
        board="alerts",
        for_seconds=rules.worker_for_seconds,
    )
