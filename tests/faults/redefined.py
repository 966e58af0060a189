"""`ringside` with a changed definition: what the reps 7, 17, 27 and 37 log does not count any more.

Run as `python -m tests.faults.redefined`, with the arguments and settings of `ringside`.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from agents.__main__ import run
from schemas.events import ActivityLogged, Event
from schemas.topics import ACTIVITIES
from streams.facts import NOTHING, Facts
from streams.machines import MACHINES


def counts(event: Event) -> bool:
    """Return whether an event counts by the changed definition."""
    return not (isinstance(event.data, ActivityLogged) and event.data.rep.endswith("7"))


def main() -> int:
    """Change the definition, and run."""
    machine = MACHINES[ACTIVITIES.name]

    def step(state: Any, event: Event, before: float) -> tuple[Any, Facts]:  # noqa: ANN401 - as the real one
        new, facts = machine.step(state, event, before)
        return new, facts if counts(event) else NOTHING

    MACHINES[ACTIVITIES.name] = machine._replace(step=step)
    return run(sys.argv[1:], dict(os.environ))  # noqa: TID251 - a program of its own


if __name__ == "__main__":
    sys.exit(main())
