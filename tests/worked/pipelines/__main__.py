"""Replay a CRM and a help desk through Kafka, a worker and PostgreSQL; compare every figure.

    python -m tests.worked.pipelines        (or: make verify-pipelines)

Prints each figure beside the expected one; exit code 1 if any differs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack

from tests.worked.bank_week import replay as bank_week
from tests.worked.installation import start_pipeline
from tests.worked.pipelines import feed, replay

Say = Callable[[str], None]


def main(env: Mapping[str, str], say: Say) -> int:
    """Run everything once and return the exit code."""
    files = feed.files(env)
    if files.missing:
        names = ", ".join(str(file) for file in files.missing)
        say(f"There is no {names}. Set {feed.DATA_VARIABLE} to the folder that has it.")
        return 2
    with ExitStack() as running:
        outcome = replay.verify(start_pipeline(running, env, say), files, say)
    bank_week.report(outcome, say)  # type: ignore[arg-type]  # the same parts
    say("")
    say("Every figure is as expected." if outcome.is_right else "SOME FIGURES DIFFER.")
    return 0 if outcome.is_right else 1


if __name__ == "__main__":
    sys.exit(main(dict(os.environ), lambda text: print(text, flush=True)))  # noqa: TID251, T201
