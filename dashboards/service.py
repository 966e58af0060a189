"""The board of whoever is on call: does the service keep up, and does it lose nothing."""

from collections.abc import Iterator

from grafanalib import core

from dashboards.grafana import samples
from dashboards.layout import Look, Row, board, evenly
from dashboards.panels import (
    BAD,
    GOOD,
    PLAIN,
    Meaning,
    bars,
    lines,
    number,
)
from dashboards.promql import or_zero
from dashboards.selection import variables

_RATE = "[$__rate_interval]"
_GOOD_IF_ZERO = ((GOOD, None), (BAD, 1.0))


def service() -> core.Dashboard:
    """Return the board."""
    return board(
        "service",
        "Health of the service: whether it keeps up, accounts for every message, and reaches "
        "the database.",
        [_numbers(), _keeping_up(), _input(), _state(), *_workers()],
        variables((), window_name="15m"),
        Look("now-1h", "10s"),
    )


def _numbers() -> Row:
    return evenly(
        4,
        [
            number(
                Meaning(
                    "Workers up",
                    "Workers that answered Prometheus' last scrape.",
                    steps=((BAD, None), (GOOD, 1.0)),
                ),
                samples('sum(up{job="ringside"})'),
            ),
            number(
                Meaning("Behind, events", "Events in Kafka that no worker has counted yet."),
                samples("sum(ringside_lag_events)"),
            ),
            number(
                Meaning("Behind, time", "Age of the oldest event not counted yet.", "s"),
                samples("max(ringside_lag_seconds)"),
            ),
            number(
                Meaning(
                    "Snapshot age",
                    "Age of the oldest change that is not in PostgreSQL yet; 0: nothing is "
                    "waiting.",
                    "s",
                ),
                samples("max(ringside_snapshot_age_seconds)"),
            ),
            number(
                Meaning(
                    "Dead letters, 1 h",
                    "Messages refused in the last hour. `ringside deadletters list` shows them.",
                    steps=_GOOD_IF_ZERO,
                ),
                samples(or_zero("sum(increase(ringside_dead_letters_total[1h]))")),
            ),
            number(
                Meaning(
                    "Sources over limit",
                    "Sources that send too much bad input now.",
                    steps=_GOOD_IF_ZERO,
                ),
                samples(or_zero("sum(ringside_source_over_limit)")),
            ),
            number(
                Meaning(
                    "PBX differs",
                    "Queues for which the PBX's latest counters differ from what its events "
                    "add up to. See the board Queue, or `ringside reconcile --source S`.",
                    steps=_GOOD_IF_ZERO,
                ),
                samples(
                    or_zero(
                        "count(count by (source, queue) "
                        "(abs(ringside_reconciliation_difference) > 0.0005))"
                    )
                ),
            ),
            number(
                Meaning(
                    "PBX, a half missing",
                    "Queues for which only the PBX, or only Ringside, has numbers.",
                    steps=_GOOD_IF_ZERO,
                ),
                samples(or_zero("sum(ringside_reconciliation_missing)")),
            ),
        ],
        "Now",
    )


def _keeping_up() -> Row:
    return evenly(
        8,
        [
            _over_time(
                Meaning("Behind, events", "Events in Kafka not counted yet, by topic."),
                ("sum by (topic) (ringside_lag_events)", "{{topic}}"),
            ),
            _over_time(
                Meaning("Behind, time", "Age of the oldest event not counted yet, by topic.", "s"),
                ("max by (topic) (ringside_lag_seconds)", "{{topic}}"),
            ),
            _over_time(
                Meaning(
                    "Age on arrival",
                    "Age of the newest event among those that a topic delivers now; 0: it "
                    "delivers none.",
                    "s",
                ),
                ("max by (topic) (ringside_event_lag_seconds)", "{{topic}}"),
            ),
            _over_time(
                Meaning(
                    "Watermark age",
                    "How far the watermark is behind the clock, by topic. Events older than "
                    "the watermark are too late to count.",
                    "s",
                ),
                (
                    "time() - min by (topic) (ringside_watermark_timestamp_seconds)",
                    "{{topic}}",
                ),
            ),
        ],
        "Keeping up",
    )


def _input() -> Row:
    return evenly(
        8,
        [
            _over_time(
                Meaning("Consumed", "Messages read from Kafka a second, by topic.", "eps"),
                (f"sum by (topic) (rate(ringside_events_consumed_total{_RATE}))", "{{topic}}"),
            ),
            _over_time(
                Meaning(
                    "Ledger",
                    "Results of these messages a second. Consumed = applied + duplicate + "
                    "late + dead-lettered, always.",
                    "eps",
                ),
                (f"sum by (result) (rate(ringside_events_total{_RATE}))", "{{result}}"),
                is_stacked=True,
            ),
            _over_time(
                Meaning(
                    "Dead letters by reason",
                    "Messages refused a second, by reason. No data: none was ever refused.",
                    "eps",
                ),
                (f"sum by (reason) (rate(ringside_dead_letters_total{_RATE}))", "{{reason}}"),
                is_stacked=True,
            ),
        ],
        "Input",
    )


def _state() -> Row:
    return evenly(
        8,
        [
            _over_time(
                Meaning(
                    "Not in PostgreSQL yet",
                    "Rows that wait to be written. They wait in memory while the database is down.",
                ),
                ("sum by (instance) (ringside_snapshot_pending_rows)", "{{instance}}"),
            ),
            _over_time(
                Meaning(
                    "Checkpoint age",
                    "Time since the state of a partition was last confirmed by Kafka.",
                    "s",
                ),
                ("max by (partition) (ringside_checkpoint_age_seconds)", "{{partition}}"),
            ),
            _over_time(
                Meaning("Table entries", "Entries held in memory, by table."),
                ("sum by (table) (ringside_table_entries)", "{{table}}"),
            ),
            bars(
                Meaning(
                    "Length of today",
                    "Length of each site's day, which the window `today` covers: 23 or 25 "
                    "hours when clocks change.",
                    "s",
                ),
                [samples("max by (site) (ringside_day_seconds)", "{{site}}")],
            ),
        ],
        "State",
    )


def _workers() -> Iterator[Row]:
    yield evenly(
        4,
        [
            *(_count(*each) for each in _COUNTS),
            number(
                Meaning(
                    "Recovery",
                    "Time that the slowest partition took to restore its state.",
                    "s",
                ),
                samples("max(ringside_recovery_seconds)"),
            ),
            number(
                Meaning(
                    "Snapshot failures, 1 h",
                    "Writes that failed; each is tried again.",
                    steps=_GOOD_IF_ZERO,
                ),
                samples("sum(increase(ringside_snapshot_failures_total[1h]))"),
            ),
        ],
        "Workers and roster",
    )
    yield evenly(
        7,
        [
            bars(
                Meaning("Partitions by worker", "Partitions that each worker has."),
                [samples("sum by (instance) (ringside_assigned_partitions)", "{{instance}}")],
            ),
            bars(
                Meaning("Targets", "1: the target answers Prometheus; 0: it does not."),
                [samples("up", "{{job}} {{instance}}")],
            ),
            bars(
                Meaning("Roster", "Entries of the roster that the workers hold, by kind."),
                [samples("max by (kind) (ringside_roster_entries)", "{{kind}}")],
            ),
            _over_time(
                Meaning("Memory", "Resident memory of each worker.", "bytes"),
                ('process_resident_memory_bytes{job="ringside"}', "{{instance}}"),
            ),
        ],
    )


_COUNTS = (
    (
        "Unknown reps",
        "Reps that the roster does not have; they count under the team `unknown`.",
        "max(ringside_unknown_reps)",
    ),
    (
        "Unknown queues",
        "Queues that the roster does not have; they count under the site `unknown`.",
        "max(ringside_unknown_queues)",
    ),
    (
        "Rebalances",
        "How often partitions were reassigned since the workers started.",
        "max(ringside_rebalances_total)",
    ),
    (
        "Releases",
        "Number of different releases that run now; normally 1.",
        "count(count by (version) (ringside_build_info))",
    ),
)


def _count(title: str, help_: str, expression: str) -> core.Stat:
    return number(Meaning(title, help_, steps=((PLAIN, None),)), samples(expression))


def _over_time(
    about: Meaning, query: tuple[str, str], *, is_stacked: bool = False
) -> core.TimeSeries:
    expression, legend = query
    return lines(about, [samples(expression, legend, is_range=True)], is_stacked=is_stacked)
