"""A worker that must not start."""

from __future__ import annotations

from agents.embedded.http import is_ok
from tests.integration.pipeline import Pipeline, Worker, wait_until


def refused(pipeline: Pipeline, *, module: str = "agents", **settings: str) -> str:
    """Start a worker, which must end by itself and say why; return what it said, as one line."""
    worker: Worker = pipeline.start_worker(ready=False, module=module, **settings)
    wait_until(lambda: not worker.process.is_running or is_ok(worker.port, "/ready"), worker.log)
    assert not worker.process.is_running, "it started, and should have refused"
    assert worker.process.exit_code in {1, 2}
    said = " ".join(worker.log().split())
    assert "Traceback" not in said, said
    return said
