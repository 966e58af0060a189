"""Looking at an installation while it is ill-treated: pages and rows, several times a second."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import combinations, pairwise

import psutil
from prometheus_client.parser import text_string_to_metric_families

from agents.embedded.http import get
from tests.integration.pipeline import Pipeline, Worker

LOOK_SECONDS = 0.2
SCRAPE_SECONDS = 5.0
"""After so long Prometheus would give up as well."""


def memory_bytes(worker: Worker) -> int:
    """Return how much memory a worker has now."""
    return int(psutil.Process(worker.process.pid).memory_info().rss)


@dataclass(frozen=True, slots=True)
class Page:
    """What a worker's page showed: asked for and answered when, by the monotonic clock."""

    port: int
    asked_at: float
    answered_at: float
    partitions: frozenset[tuple[str, str]]


@dataclass(slots=True)
class Seen:
    """What was seen so far."""

    pages: list[Page] = field(default_factory=list)
    counted: list[tuple[float, int]] = field(default_factory=list)
    """(when, how many messages PostgreSQL has counted)."""
    fences: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)
    """(epoch, next offset) of each partition in PostgreSQL, as last seen."""
    went_back: list[str] = field(default_factory=list)

    def add(self, later: Seen) -> None:
        """Take in what was seen afterwards."""
        self.pages += later.pages
        self.counted += later.counted
        self.went_back += later.went_back

    def shown_twice(self) -> list[str]:
        """Return which partitions two workers showed at one moment."""
        by_second: dict[int, list[Page]] = defaultdict(list)
        for page in self.pages:
            for second in range(int(page.asked_at), int(page.answered_at) + 1):
                by_second[second].append(page)
        pairs = {pair for pages in by_second.values() for pair in combinations(pages, 2)}
        return [
            f"{sorted(one.partitions & other.partitions)} by {one.port} and {other.port} at "
            f"{max(one.asked_at, other.asked_at):.1f}"
            for one, other in pairs
            if one.port != other.port
            and one.asked_at <= other.answered_at
            and other.asked_at <= one.answered_at
            and one.partitions & other.partitions
        ]

    def longest_stall_seconds(self) -> float:
        """Return for how long at most PostgreSQL's count did not grow, up to when it last did."""
        grown = [later[0] for earlier, later in pairwise(self.counted) if later[1] > earlier[1]]
        return max((later - earlier for earlier, later in pairwise(grown)), default=0.0)


@contextmanager
def watching(pipeline: Pipeline) -> Iterator[Seen]:
    """Look on meanwhile."""
    seen, over = Seen(), threading.Event()
    watched: set[int] = set()
    threads = [threading.Thread(target=_repeat, args=(over, lambda: _look(pipeline, seen)))]

    def new_pages() -> None:
        for worker in list(pipeline.workers):
            if worker.port not in watched:
                watched.add(worker.port)
                scrape = _scraper(worker, seen)
                threads.append(threading.Thread(target=_repeat, args=(over, scrape)))
                threads[-1].start()

    threads.append(threading.Thread(target=_repeat, args=(over, new_pages)))
    for thread in threads[:2]:
        thread.start()
    try:
        yield seen
    finally:
        over.set()
        for thread in threads:
            thread.join(30)


def _repeat(over: threading.Event, look: Callable[[], None]) -> None:
    while not over.wait(LOOK_SECONDS):
        look()


def _scraper(worker: Worker, seen: Seen) -> Callable[[], None]:
    def scrape() -> None:
        asked_at = time.monotonic()
        answer = get(worker.port, "/metrics", SCRAPE_SECONDS)
        if answer is not None and answer.status == 200:
            shown = frozenset(_partitions(answer.body.decode()))
            seen.pages.append(Page(worker.port, asked_at, time.monotonic(), shown))

    return scrape


def _partitions(page: str) -> Iterator[tuple[str, str]]:
    lines = [line for line in page.split("\n") if "events_consumed" in line]
    for family in text_string_to_metric_families("\n".join(lines) + "\n"):
        for sample in family.samples:
            if "partition" in sample.labels:
                yield sample.labels["topic"], sample.labels["partition"]


def _look(pipeline: Pipeline, seen: Seen) -> None:
    rows = pipeline.rows(
        "SELECT topic, partition, epoch, next_offset, consumed FROM ringside.ledger"
    )
    seen.counted.append((time.monotonic(), sum(row[-1] for row in rows)))
    now = {row[:2]: row[2:4] for row in rows}
    for source, fence in seen.fences.items():
        if now.get(source, fence) < fence:
            seen.went_back.append(f"{source}: {now[source]} after {fence}")
    seen.fences = now
