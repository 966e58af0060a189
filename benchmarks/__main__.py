"""`python -m benchmarks [names...]`: run them, one JSON object a line. Bad figures fail nothing."""

import argparse
import os
import signal
import sys

from agents import log
from benchmarks.deal_boards import deal_boards
from benchmarks.deals import deals
from benchmarks.delay import event_to_metric
from benchmarks.earlier import now_vs_before, now_vs_before_live
from benchmarks.floor_boards import floor_boards
from benchmarks.fold import (
    fold_vs_limit,
    fold_vs_limit_live,
    fold_vs_plain_faust,
    profile,
    reps_20000_vs_200,
)
from benchmarks.report import Benchmark, say
from benchmarks.stage import open_stage
from benchmarks.state import day_of_panes, recovery, snapshot_rows

BENCHMARKS: dict[str, Benchmark] = {
    "fold_vs_limit": fold_vs_limit,
    "fold_vs_limit_live": fold_vs_limit_live,
    "fold_vs_plain_faust": fold_vs_plain_faust,
    "event_to_metric_seconds": event_to_metric,
    "day_of_panes_mib": day_of_panes,
    "reps_20000_vs_200": reps_20000_vs_200,
    "recovery_seconds": recovery,
    "snapshot_rows_per_second": snapshot_rows,
}
ON_REQUEST: dict[str, Benchmark] = {
    "now_vs_before": now_vs_before,
    "now_vs_before_live": now_vs_before_live,
    "profile": profile,
    "deals": deals,
    "deal_boards": deal_boards,
    "floor_boards": floor_boards,
}
"""What runs only when it is named; see also `make bench-deals`."""


def main() -> None:
    """Run what is asked for, in the order of the table."""
    benchmarks = BENCHMARKS | ON_REQUEST
    names = ", ".join(benchmarks)
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=names)
    parser.add_argument("--rounds", type=int, default=3, help="of each contender (default 3)")
    parser.add_argument("--events", type=int, default=500_000, help="of a round (default 500000)")
    given = parser.parse_args()
    unknown = sorted(set(given.names) - set(benchmarks))
    if unknown:
        parser.error(f"there is no {', '.join(unknown)}; there are {names}")
    log.configure("console", "WARNING")
    # So that `kill` leaves neither Kafka nor its folder behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    # As in agents/__main__.py: the one place here that looks at the environment.
    with open_stage(dict(os.environ)) as stage:  # noqa: TID251
        for name, benchmark in benchmarks.items():
            if name in (given.names or BENCHMARKS):
                say(f"\n{name}")
                benchmark(stage, rounds=given.rounds, events=given.events)


if __name__ == "__main__":
    main()
