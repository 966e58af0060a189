"""So many deals in one worker's folds: what they weigh, how fast they are taken in.

No Kafka is in it, but decoding, checkpoints and letting go of what is over are.
"""

import argparse
import gc
import sys
import time
from pathlib import Path

from benchmarks.contenders.folding import Folding
from benchmarks.contenders.measured import memory_mib, peak_memory_mib, tell
from schemas.topics import DEALS
from streams.cohorts import Cells, CohortKey
from streams.deal_state import Deal

CHECKPOINT_SECONDS = 86_400.0
"""By event time; the load is of a year."""


def main() -> None:
    """Run from the command line; `benchmarks.deals` does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--load", type=Path, required=True)
    given = parser.parse_args()
    folding = Folding()
    before_mib = _settled_mib()
    began, began_cpu = time.perf_counter(), time.process_time()
    for _ in folding.checkpoints(given.load, every_seconds=CHECKPOINT_SECONDS):
        pass
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - began_cpu
    growth_mib = _settled_mib() - before_mib
    folds = [fold for (topic, _), fold in folding.folds.items() if topic == DEALS.name]
    deals = [deal for fold in folds for deal in fold.entities.values() if isinstance(deal, Deal)]
    cohorts = [cohort for fold in folds for cohort in fold.cohorts.panes.items()]
    tell(
        {
            "events": folding.events,
            "seconds": seconds,
            "cpu_seconds": cpu_seconds,
            "growth_mib": growth_mib,
            "peak_memory_mib": peak_memory_mib(),
            "deals": len(deals),
            "open": sum(deal.status == "open" for deal in deals),
            "cohorts": len(cohorts),
            "cohort_bytes": sum(map(_weight, cohorts)) / max(1, len(cohorts)),
            "most_cells_of_a_cohort": max((len(cells) for _, cells in cohorts), default=0),
        }
    )


def _weight(cohort: tuple[CohortKey, Cells]) -> int:
    """Return what a cohort takes: its key, its cells, and their names; not what it shares."""
    key, cells = cohort
    names = sum(sys.getsizeof(name) + sys.getsizeof(n) for name, n in cells.items())
    return sys.getsizeof(key) + sys.getsizeof(cells) + names


def _settled_mib() -> float:
    gc.collect()
    return memory_mib()


if __name__ == "__main__":
    main()
