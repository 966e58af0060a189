"""Restores all shards of an installation as a worker does that is given all partitions."""

import argparse
import asyncio
import gc
import time

import uvloop

from agents import clock, log
from agents.folding import BatchFolder
from agents.shards import Shards
from benchmarks.contenders.measured import peak_memory_mib, tell
from benchmarks.settings import PARTITIONS, settings_for
from streams.sources import SourceLimits


async def restore(bootstrap: str, app_id: str) -> dict[str, float]:
    """Own every shard, and return how long that took."""
    settings = settings_for(bootstrap, app_id)
    folder = BatchFolder(
        settings,
        tokeniser=settings.tokeniser(),
        limits=SourceLimits(),
        clock=clock.now,
        monotonic=clock.monotonic,
    )
    shards = Shards(settings, folder, clock=clock.now, monotonic=clock.monotonic)
    # As agents.worker does before it starts.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    began, began_cpu = time.perf_counter(), time.process_time()
    await shards.own(range(PARTITIONS))
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - began_cpu
    folds = shards.folds()
    result = {
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "peak_memory_mib": peak_memory_mib(),
        "entities": sum(len(fold.entities) for fold in folds),
        "panes": sum(len(table) for fold in folds for table in fold.tables.values()),
    }
    shards.close()
    return result


def main() -> None:
    """Run from the command line; `benchmarks.state` does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--app-id", required=True)
    given = parser.parse_args()
    log.configure("console", "WARNING")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        tell(runner.run(restore(given.bootstrap, given.app_id)))


if __name__ == "__main__":
    main()
