"""So many deals in one worker's folds: what they weigh, how fast they are taken in.

No Kafka is in it, but decoding, checkpoints and letting go of what is over are.
"""

import argparse
import gc
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks.contenders.fill_changelog import Filler
from benchmarks.contenders.folding import Folding, compacted
from benchmarks.contenders.measured import memory_mib, peak_memory_mib, tell
from benchmarks.deal_load import STAGES
from schemas.pipelines import Pipeline, Pipelines, Stage
from schemas.topics import DEALS
from streams.fold import Fold
from streams.funnel import Cells, Key
from streams.funnel_days import FunnelDays
from streams.pipelines import PipelineIndex

CHECKPOINT_SECONDS = 86_400.0
"""By event time; the load is of a year."""

_STAGES = tuple(Stage(id=stage) for stage in STAGES)
_FILE = Pipelines(pipelines=(Pipeline(id="sales", stages=_STAGES),))
PIPELINES = PipelineIndex(_FILE)


def main() -> None:
    """Run from the command line; `benchmarks.deals` does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--load", type=Path, required=True)
    parser.add_argument("--bootstrap", help="where to write the changelog to, if anywhere")
    parser.add_argument("--app-id", help="whose it is")
    given = parser.parse_args()
    folding = Folding()
    folds = [fold for (topic, _), fold in folding.folds.items() if topic == DEALS.name]
    funnels = [fold.funnel for fold in folds if fold.funnel is not None]
    for funnel in funnels:
        funnel.pipelines = PIPELINES
    # As agents.worker does before it starts.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    before_mib = _settled_mib()
    began, began_cpu = time.perf_counter(), time.process_time()
    for _ in folding.checkpoints(given.load, every_seconds=CHECKPOINT_SECONDS):
        pass
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - began_cpu
    growth_mib = _settled_mib() - before_mib
    places = list(_places(funnels))
    began_recount = time.perf_counter()
    for fold, funnel in zip(folds, funnels, strict=True):
        for _ in funnel.recount(fold.entities, PipelineIndex(_FILE)):
            pass
    found = {
        "events": folding.events,
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "growth_mib": growth_mib,
        "recount_seconds": time.perf_counter() - began_recount,
        "peak_memory_mib": peak_memory_mib(),
        "open": sum(deal.status == "open" for fold in folds for deal in fold.entities.values()),
        "places": len(places),
        "place_bytes": _mean_weight(places),
        "most_cells_of_a_place": max((len(cells) for _, cells in places), default=0),
        "open_places": sum(len(funnel.open) for funnel in funnels),
        "open_place_bytes": _mean_weight([at for funnel in funnels for at in funnel.open.items()]),
    }
    if given.bootstrap is not None:
        found |= _written(Filler(given.bootstrap, given.app_id), folding.folds.values())
    tell(found)


def _places(funnels: Iterable[FunnelDays]) -> Iterator[tuple[Key, Cells]]:
    for funnel in funnels:
        for start, day in funnel.days.items():
            for place, cells in day.places.items():
                yield Key(start, place), cells


def _written(filler: Filler, folds: Iterable[Fold]) -> dict[str, float]:
    for fold in folds:
        for changes in compacted(fold):
            filler.write(fold.partition, [changes])
    return {"changelog_entries": filler.written, "changelog_bytes": filler.bytes}


def _mean_weight(places: list[tuple[Key, Cells]]) -> float:
    """Return what a place takes on average: its cells, and of its key what it does not share."""
    return sum(_weight(*place) for place in places) / max(1, len(places))


def _weight(key: Key, cells: Cells) -> int:
    amounts = sum(sys.getsizeof(amount) for amount in cells.values())
    return sys.getsizeof(key) + sys.getsizeof(cells) + amounts


def _settled_mib() -> float:
    gc.collect()
    return memory_mib()


if __name__ == "__main__":
    main()
