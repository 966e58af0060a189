"""Which panes are open, by the log's times; and which panes PostgreSQL and the changelog have."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from typing import NamedTuple

from confluent_kafka import Consumer

from agents.kafka import config
from agents.kafka.reading import read_to_end
from schemas.topics import changelog
from tests.faults.oracle import CRM_LATENESS_SECONDS, LATENESS_SECONDS
from tests.faults.reading_events import read_event
from tests.faults.source_log import Produced
from tests.integration.pipeline import Pipeline

MINUTE_SECONDS, QUARTER_SECONDS = 60, 900
KEPT_SECONDS = {MINUTE_SECONDS: 3600, QUARTER_SECONDS: 26 * 3600}
"""By grain: how far behind the watermark a pane is kept (docs/architecture.md, section 2)."""
CUSTOMERS_KEPT_SECONDS = 8 * 86_400
"""So much longer quarters wait for what a customer's next call says of the one before."""

Watermarks = dict[tuple[str, int], float]


class Kept(NamedTuple):
    """How many panes of each grain are kept."""

    quarters: int
    minutes: int


def watermarks(pipeline: Pipeline, log: list[Produced]) -> Watermarks:
    """Return up to which time each partition has come.

    What the workers tell each other is no log of a source; PostgreSQL says how far that has come.
    """
    newest: Watermarks = {}
    for message in log:
        event = read_event(message)
        if event is not None:
            partition = event.topic, event.partition
            newest[partition] = max(newest.get(partition, event.at), event.at)
    internal = pipeline.rows(
        "SELECT topic, partition, extract(epoch FROM watermark_at)::float8 FROM ringside.ledger "
        "WHERE topic = 'ringside.customers' AND watermark_at IS NOT NULL"
    )
    return {(topic, partition): at for topic, partition, at in internal} | {
        (topic, partition): at - LATENESS_SECONDS.get(topic, CRM_LATENESS_SECONDS)
        for (topic, partition), at in newest.items()
    }


def open_rows(pipeline: Pipeline, at: Watermarks) -> int:
    """Return how many rows of PostgreSQL, where all stay for ever, are of open quarters."""
    rows = pipeline.rows(
        "SELECT topic, partition, extract(epoch FROM start_at)::bigint FROM ringside.pane"
    )
    return sum(
        start >= _first_open(topic, QUARTER_SECONDS, at[topic, partition])
        for topic, partition, start in rows
    )


def in_changelog(pipeline: Pipeline, at: Watermarks) -> Kept:
    """Return how many keys the panes' changelog keeps, and how many open minutes are in them."""
    kept = dict(_last_values(pipeline, "panes"))
    minutes = 0
    for (partition, key), value in kept.items():
        topic, start = json.loads(key)[:2]
        within = json.loads(value)[1]
        first = _first_open(topic, MINUTE_SECONDS, at[topic, partition])
        minutes += sum(start + MINUTE_SECONDS * int(minute) >= first for minute in within)
    return Kept(len(kept), minutes)


def _last_values(pipeline: Pipeline, table: str) -> Iterator[tuple[tuple[int, bytes], bytes]]:
    """Yield what a compaction would leave."""
    settings = pipeline.settings
    consumer = Consumer(config.consumer(settings, f"test-{secrets.token_hex(4)}"))
    found: dict[tuple[int, bytes], bytes | None] = {}
    try:
        for record in read_to_end(consumer, changelog(settings.app_id, table).name):
            found[record.partition, record.message.key or b""] = record.message.value
    finally:
        consumer.close()
    yield from ((key, value) for key, value in found.items() if value is not None)


def _first_open(topic: str, grain: int, watermark: float) -> int:
    """Return which panes of a grain are the first that are open; minutes close by quarters."""
    kept_seconds = KEPT_SECONDS[grain]
    if topic == "ringside.customers" and grain == QUARTER_SECONDS:
        kept_seconds += CUSTOMERS_KEPT_SECONDS
    return int(watermark - kept_seconds) // QUARTER_SECONDS * QUARTER_SECONDS
