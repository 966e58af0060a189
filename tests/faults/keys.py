"""Which panes are open, worked out from the log; and which keys a changelog keeps."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from confluent_kafka import Consumer

from agents.kafka import config
from agents.kafka.reading import read_to_end
from schemas.topics import changelog
from tests.faults.oracle import CRM_LATENESS_SECONDS, LATENESS_SECONDS
from tests.faults.reading_events import Told, read_event
from tests.faults.source_log import Produced
from tests.integration.pipeline import Pipeline

KEPT_SECONDS = {60: 3600, 900: 26 * 3600}
"""By grain: how far behind the watermark a pane is kept (docs/architecture.md, section 2)."""


def open_panes(log: list[Produced]) -> int:
    """Return how many panes these messages leave open.

    A call has a pane for its queue, where it was offered, and one for the rep who answered it, both
    at the time of its arrival; an activity has one for its rep and kind.
    """
    told = [event for message in log if (event := read_event(message)) is not None]
    newest: dict[tuple[str, int], float] = {}
    for event in told:
        partition = event.topic, event.partition
        newest[partition] = max(newest.get(partition, event.at), event.at)
    panes = set()
    offered = {event.subject: event for event in told if event.type == "call.offered"}
    for event in told:
        partition = event.topic, event.partition
        lateness = LATENESS_SECONDS.get(event.topic, CRM_LATENESS_SECONDS)
        for at, dims in _counted(event, offered):
            for grain, kept_seconds in KEPT_SECONDS.items():
                start = at // grain * grain
                if start > newest[partition] - lateness - kept_seconds - grain:
                    panes.add((*partition, grain, start, dims))
    return len(panes)


def _counted(event: Told, offered: dict[str, Told]) -> Iterator[tuple[float, tuple[str, str]]]:
    if event.type == "call.offered":
        yield event.at, (event.queue, "")
    elif event.type == "call.answered":
        arrival = offered[event.subject]
        yield arrival.at, (arrival.queue, event.rep)
    elif event.type == "activity.logged":
        yield event.at, ("", event.rep)


def changelog_keys(pipeline: Pipeline, table: str) -> int:
    """Return how many keys of a table's changelog have a value, as after a compaction."""
    settings = pipeline.settings
    consumer = Consumer(config.consumer(settings, f"test-{secrets.token_hex(4)}"))
    kept: dict[tuple[int, bytes | None], bytes | None] = {}
    try:
        for record in read_to_end(consumer, changelog(settings.app_id, table).name):
            kept[record.partition, record.message.key] = record.message.value
    finally:
        consumer.close()
    return sum(value is not None for value in kept.values())
