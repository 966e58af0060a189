"""What systemd, Docker or Kubernetes do for a worker: start it again when it has ended."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.integration.pipeline import Pipeline, Worker


class Supervisor:
    """Keeps one worker running."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._over = threading.Event()
        self.worker: Worker = pipeline.start_worker()
        self.restarts = 0

    def run(self) -> None:
        """Start it again whenever it has ended."""
        while not self._over.wait(0.2):
            if not self.worker.process.is_running:
                self.restarts += 1
                self.worker = self._pipeline.start_worker(ready=False)

    def stop(self) -> None:
        """Leave it alone."""
        self._over.set()


@contextmanager
def supervised(pipeline: Pipeline) -> Iterator[Supervisor]:
    """A worker that is started again, for as long as this lasts."""
    supervisor = Supervisor(pipeline)
    thread = threading.Thread(target=supervisor.run)
    thread.start()
    try:
        yield supervisor
    finally:
        supervisor.stop()
        thread.join(30)
