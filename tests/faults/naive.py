"""A deliberately naive agent: the shape that most tutorials teach. Never use it.

It commits what it fetched and then counts it, in memory, adds what it counted to PostgreSQL with
`+=`, logs what it cannot count and goes on, and knows nothing of a clean stop. As long as nothing
goes wrong its numbers are right (a test says so); the faults must find it wrong.

Run as `python -m tests.faults.naive`, with the same settings as `ringside worker`.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, ConsumerRecord

from agents import clock
from agents.settings import Settings
from schemas.codec import Rejected, decode
from schemas.events import Event
from schemas.topics import SOURCES

WRITE_SECONDS = 0.5
PANE_KEY = "topic, partition, start_at, queue, rep, direction, kind, source"
COUNTED = {
    "call.offered": "calls_offered",
    "call.answered": "calls_answered",
    "call.abandoned": "calls_abandoned",
    "call.ended": "calls_handled",
    "activity.logged": "activities_logged",
    "meeting.booked": "meetings_booked",
    "meeting.held": "meetings_held",
}
Cell = tuple[str, int, int, str]
"""Topic, partition, start of the quarter of an hour, measure."""


class Memory:
    """All that it knows, and loses."""

    def __init__(self, raise_at: frozenset[str]) -> None:
        self.raise_at = raise_at
        self.results: Counter[tuple[str, int, str]] = Counter()
        self.totals: Counter[str] = Counter()
        self.unwritten: Counter[Cell] = Counter()
        self.ledger: dict[tuple[str, int], Counter[str]] = {}
        self.calls: dict[str, dict[str, float]] = {}
        self.seen: set[str] = set()

    def take(self, record: ConsumerRecord[Any, Any], event: Event | Rejected) -> None:
        """Count a message."""
        if isinstance(event, Event) and event.id in self.raise_at:
            raise ValueError(event.id)
        ledger = self.ledger.setdefault((record.topic, record.partition), Counter())
        if isinstance(event, Rejected):
            result = "dead_lettered"
        elif event.id in self.seen:
            result = "duplicate"
        else:
            result = "applied"
            self.seen.add(event.id)
            for at, measure, amount in self._counts(event):
                start_at = int(at) // 900 * 900
                self.totals[measure] += amount
                self.unwritten[record.topic, record.partition, start_at, measure] += amount
        for name in (result, "consumed"):
            self.results[record.topic, record.partition, name] += 1
            ledger[name] += 1
        ledger["next_offset"] = record.offset + 1

    def _counts(self, event: Event) -> Iterator[tuple[float, str, float]]:
        at = event.at
        if event.type.startswith("call."):
            call = self.calls.setdefault(event.subject, {"call.offered": at})
            call[event.type] = at
            at = call["call.offered"]
            if event.type == "call.answered":
                yield at, "call_wait_seconds", event.at - at
            if event.type == "call.ended" and "call.answered" in call:
                yield at, "call_talk_seconds", event.at - call["call.answered"]
        yield at, COUNTED[event.type], 1


async def consume(settings: Settings, memory: Memory, assigned: threading.Event) -> None:
    """Read for ever."""
    consumer = AIOKafkaConsumer(
        *(topic.name for topic in SOURCES),
        bootstrap_servers=settings.kafka_bootstrap,
        group_id=settings.app_id,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        session_timeout_ms=10_000,
    )
    tokeniser = settings.tokeniser()
    await consumer.start()
    while True:
        fetched = await consumer.getmany(timeout_ms=100, max_records=200)
        if fetched:
            # Not by a timer: whoever is killed before its first tick would be right by luck.
            await consumer.commit()
        for records in fetched.values():
            for record in records:
                try:
                    memory.take(record, decode(record, now=clock.now(), tokeniser=tokeniser))
                except Exception as error:  # noqa: BLE001 - this is what is wrong with it
                    print("skipped", repr(error), flush=True)  # noqa: T201
        if consumer.assignment():
            assigned.set()


async def write(settings: Settings, memory: Memory) -> None:
    """Add what was counted to PostgreSQL, for ever."""
    database = await asyncpg.connect(settings.required("database_admin_url"))
    while True:
        await asyncio.sleep(WRITE_SECONDS)
        cells, memory.unwritten = memory.unwritten, Counter()
        for (topic, partition, start_at, measure), amount in cells.items():
            await database.execute(
                f"INSERT INTO ringside.pane AS old ({PANE_KEY}, epoch, last_offset, {measure}) "  # noqa: S608
                "VALUES ($1, $2, to_timestamp($3), '', '', '', '', '', 1, 1, $4) "
                f"ON CONFLICT ({PANE_KEY}) "
                f"DO UPDATE SET {measure} = old.{measure} + excluded.{measure}",
                *(topic, partition, start_at, amount),
            )
        await write_ledger(database, memory)
        await database.executemany(
            "INSERT INTO ringside.call (topic, partition, call_id, leg, epoch, last_offset, source,"
            " queue, rep, direction, holds, last_at) "
            "VALUES ('ringside.calls', 0, $1, 1, 1, 1, '', '', '', '', 0, now()) "
            "ON CONFLICT DO NOTHING",
            [(call,) for call in list(memory.calls)],
        )


async def write_ledger(database: asyncpg.Connection[Any], memory: Memory) -> None:
    """Add the ledger since the last time."""
    ledgers, memory.ledger = memory.ledger, {}
    for (topic, partition), ledger in ledgers.items():
        names = ("consumed", "applied", "duplicate", "dead_lettered")
        await database.execute(
            "INSERT INTO ringside.ledger AS old (topic, partition, epoch, next_offset, late, "
            "closed_facts, reasons, consumed, applied, duplicate, dead_lettered) "
            "VALUES ($1, $2, 1, $3, 0, 0, '{}', $4, $5, $6, $7) "
            "ON CONFLICT (topic, partition) DO UPDATE SET next_offset = excluded.next_offset, "
            + ", ".join(f"{name} = old.{name} + excluded.{name}" for name in names),
            *(topic, partition, ledger["next_offset"], *(ledger[name] for name in names)),
        )


def serve(port: int, memory: Memory, assigned: threading.Event) -> None:
    """Serve a metrics page with Ringside's names."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if assigned.is_set() else 503)
            self.end_headers()
            lines = [
                f'ringside_{name}{{window="1h"}} {amount}' for name, amount in memory.totals.items()
            ]
            for (topic, partition, name), count in memory.results.items():
                labels = f'topic="{topic}",partition="{partition}"'
                if name == "consumed":
                    lines.append(f"ringside_events_consumed_total{{{labels}}} {count}")
                else:
                    lines.append(f'ringside_events_total{{{labels},result="{name}"}} {count}')
            self.wfile.write("".join(f"{line}\n" for line in lines).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()


async def run() -> None:
    """Run until killed."""
    env = dict(os.environ)  # noqa: TID251 - a program of its own
    raise_at = env.pop("FAULTS_RAISE_AT", "")
    settings = Settings.from_env(env)
    ids = frozenset(Path(raise_at).read_text().split("\n")) if raise_at else frozenset()  # noqa: ASYNC240
    memory, assigned = Memory(ids), threading.Event()
    serve(settings.metrics_port, memory, assigned)
    await asyncio.gather(consume(settings, memory, assigned), write(settings, memory))


if __name__ == "__main__":
    asyncio.run(run())
