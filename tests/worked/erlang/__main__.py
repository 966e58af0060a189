"""The simulator against Erlang C: each figure beside the expected one, with its interval.

    python -m tests.worked.erlang        (or: make verify-erlang)

First a long run through our core; then a shorter one through Kafka, a worker and PostgreSQL, whose
figures must be those of the core for the same events, digit by digit. Exit code 1 if any differs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping

from tests.worked.erlang import folded, through
from tests.worked.erlang.folded import NAMES, interval
from tests.worked.erlang.theory import Figures, erlang_c

Say = Callable[[str], None]

EXPECTED = {
    14: Figures(0.1741, 0.8884, 7.84, 0.7143),
    13: Figures(0.2853, 0.7956, 17.12, 0.7692),
}
"""100 calls in 30 minutes of 180 s each, by the number of reps."""
HOURS = 3000
HOURS_THROUGH = 50


def main(env: Mapping[str, str], say: Say) -> int:
    """Run everything once and return the exit code."""
    is_right = True
    for reps, figures in EXPECTED.items():
        is_right &= _long_run(reps, figures, say)
    is_right &= through.compare(14, HOURS_THROUGH, env, say)
    say("")
    say("Every figure is as expected." if is_right else "SOME FIGURES DIFFER.")
    return 0 if is_right else 1


def _long_run(reps: int, expected: Figures, say: Say) -> bool:
    say(f"{reps} reps, 200 calls an hour of 180 s, {HOURS:,} h through our core")
    say(f"{'figure':<12}{'Erlang C':>10}{'got':>10}{'+- (99.9 %)':>14}   ok")
    computed = erlang_c(calls_per_hour=200, service_seconds=180, reps=reps, target_seconds=20)
    batches = folded.measured(
        folded.events_of(reps=reps, hours=HOURS, seed=reps),
        roster=through.roster(reps),
        hours=HOURS,
    )
    is_right = True
    for name, of in NAMES:
        found = interval(map(of, batches))
        # The worked figure is rounded: half of its last digit beside the interval.
        ok = found.holds(of(computed)) and abs(of(computed) - of(expected)) <= 0.006
        is_right &= ok
        places = 2 if name.startswith("ASA") else 4
        mark = "yes" if ok else "NO"
        say(
            f"{name:<12}{of(expected):>10.{places}f}{found.mean:>10.{places}f}"
            f"{found.half_width:>14.{places}f}   {mark}"
        )
    say("")
    return is_right


if __name__ == "__main__":
    sys.exit(main(dict(os.environ), lambda text: print(text, flush=True)))  # noqa: TID251, T201
