"""`make bench-alerts`: replay, inject, compare; a JSON object a line, the table on stderr."""

import argparse
from collections.abc import Mapping, Sequence
from statistics import median

import numpy as np

from benchmarks.alerts.bank import bank
from benchmarks.alerts.drops import MINUTES, SHARES, Kind, delays
from benchmarks.alerts.rules import CLOSE, OPEN, Ahead, alarms, walk
from benchmarks.report import line, say
from schemas.alerting import Drop

OURS = "activity_drop"
MIN_RECALL = 0.95
MAX_ALARMS_A_WEEK = 1.0
MAX_DELAY_SECONDS = 600.0
_JUDGED = [Kind(share, 20) for share in SHARES if share >= 0.5]
"""Drops of half or more that last 20 minutes."""
_DAYS_A_WEEK = 5


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.alerts", description=__doc__)
    parser.add_argument("--drops", type=int, default=200, help="of each kind (default 200)")
    parser.add_argument("--seed", type=int, default=1, help="of all chance (default 1)")
    given = parser.parse_args()
    say("making the rules anew for each day, from the days before it")
    ahead = walk(bank(given.seed), Drop())
    say(f"{len(ahead)} days; putting drops in")
    found = delays(ahead, each=given.drops, seed=given.seed)
    for name, by_kind in found.items():
        _tell(name, by_kind, ahead)


def _tell(name: str, by_kind: Mapping[Kind, Sequence[float | None]], ahead: list[Ahead]) -> None:
    undisturbed = [day.rules[name](day.counts) for day in ahead]
    a_week = sum(map(alarms, undisturbed)) / len(ahead) * _DAYS_A_WEEK
    judged = [delay for kind in _JUDGED for delay in by_kind[kind]]
    told = [delay for delay in judged if delay is not None]
    recall, delay = len(told) / len(judged), median(told) if told else None
    is_ok = (
        recall >= MIN_RECALL
        and a_week <= MAX_ALARMS_A_WEEK
        and delay is not None
        and delay < MAX_DELAY_SECONDS
    )
    line(
        name,
        limit=MIN_RECALL if name == OURS else None,
        is_ok=is_ok if name == OURS else None,
        recall=recall,
        false_alarms_per_week=a_week,
        median_delay_seconds=delay,
        share_of_time_firing=float(
            np.concatenate([fires[OPEN:CLOSE] for fires in undisturbed]).mean()
        ),
        days=len(ahead),
    )
    _table(name, by_kind)


def _table(name: str, by_kind: Mapping[Kind, Sequence[float | None]]) -> None:
    say(f"\n{name}: told of (median delay), by depth and length of the drop")
    say("       " + "".join(f"{minutes:>14} min" for minutes in MINUTES))
    for share in SHARES:
        cells = []
        for minutes in MINUTES:
            each = by_kind[Kind(share, minutes)]
            told = [delay for delay in each if delay is not None]
            after = f"({median(told) / 60:.1f} min)" if told else ""
            cells.append(f"{len(told) / len(each):>7.0%} {after:>10}")
        say(f"{share:>6.0%} " + "".join(cells))


if __name__ == "__main__":
    main()
