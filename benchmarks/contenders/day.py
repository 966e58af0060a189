"""A day of panes: what 24 hours of a floor weigh in the memory of a worker.

The events come from a file, so that the simulator's memory is not in it. What is weighed is the
growth over an interpreter that has everything imported and nothing folded.
"""

import argparse
import gc
import time
from pathlib import Path

from agents import clock
from benchmarks.contenders.folding import Folding
from benchmarks.contenders.measured import memory_mib, peak_memory_mib, tell
from streams.roster import EMPTY
from streams.windows import WindowReader

CHECKPOINT_SECONDS = 60.0


def main() -> None:
    """Run from the command line; `benchmarks.memory` does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--day", type=Path, required=True)
    given = parser.parse_args()
    folding = Folding()
    before_mib = _settled_mib()
    for _ in folding.checkpoints(given.day, every_seconds=CHECKPOINT_SECONDS):
        pass
    after_mib = _settled_mib()
    folds = list(folding.folds.values())
    reader = WindowReader()
    began = time.perf_counter()
    reader.read(folds, EMPTY, clock.now())
    read_seconds = time.perf_counter() - began
    tell(
        {
            "events": folding.events,
            "growth_mib": after_mib - before_mib,
            "growth_with_windows_mib": _settled_mib() - before_mib,
            "first_read_seconds": read_seconds,
            "peak_memory_mib": peak_memory_mib(),
            "panes": sum(len(table) for fold in folds for table in fold.tables.values()),
            "entities": sum(len(fold.entities) for fold in folds),
        }
    )


def _settled_mib() -> float:
    gc.collect()
    return memory_mib()


if __name__ == "__main__":
    main()
