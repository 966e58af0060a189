"""The collector: what Prometheus gets, read from the live state by the thread that serves it."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from prometheus_client.core import Metric
from prometheus_client.registry import Collector as PrometheusCollector

from agents.clock import Clock
from agents.metrics.expected import Expectations, expected_families, source_families
from agents.metrics.funnel import funnel_families
from agents.metrics.live import day_family, histogram_families, now_families, window_families
from agents.metrics.reconciled import reconciled_families
from agents.metrics.service import Status, service_families
from agents.postgres.reconciliation import Compared
from streams.baseline.sources import SourceReader
from streams.floor import floor
from streams.fold import Fold
from streams.funnel_windows import FunnelReader
from streams.roster import RosterIndex
from streams.windows import WindowReader


class View(Protocol):
    """What the collector asks of a worker. Every call may come from another thread."""

    def folds(self) -> list[Fold]:
        """Return the folds of the partitions that this worker owns."""

    def roster(self) -> RosterIndex:
        """Return the roster as it is known now."""

    def status(self) -> Status:
        """Return how the service is."""

    def heard_at(self) -> Mapping[str, float]:
        """Return when each source last sent something."""

    def reconciled(self) -> Sequence[Compared]:
        """Return how PBXs' counters compare; nothing where another worker tells it."""

    def expectations(self) -> Expectations | None:
        """Return what should happen; None where another worker tells it."""


class Collector(PrometheusCollector):
    """Merges panes when it is asked, never on the event loop."""

    def __init__(self, view: View, clock: Clock) -> None:
        self._view = view
        self._clock = clock
        self._reader = WindowReader()
        self._funnel = FunnelReader()
        self._sources = SourceReader()
        # Two scrapes at once (Prometheus, `ringside top`) take turns: the reader is one thread's.
        self._reading = threading.Lock()

    def describe(self) -> list[Metric]:
        """Return nothing: names are known when collected, and registering must not collect."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield everything as of now."""
        folds, roster, now = self._view.folds(), self._view.roster(), self._clock()
        with self._reading:
            windows = self._reader.read(folds, roster, now)
            funnels = [fold.funnel for fold in folds if fold.funnel is not None]
            funnel = list(funnel_families(funnels, self._funnel, now))
            sources = self._sources.read(folds, roster, now, self._view.heard_at())
        yield from window_families(windows)
        yield from histogram_families(windows)
        live = (entity for fold in folds for entity in list(fold.live.values()))
        yield from now_families(floor(live, roster, now))
        yield day_family(roster, now)
        yield from source_families(sources)
        expectations = self._view.expectations()
        if expectations is not None:
            yield from expected_families(expectations, roster, now)
        yield from funnel
        yield from reconciled_families(self._view.reconciled())
        yield from service_families(self._view.status())
