"""Ours now beside ours at an earlier commit: the same load, the same broker, in turn."""

import io
import subprocess
import tarfile
from pathlib import Path

from agents.embedded.paths import PROJECT
from benchmarks.contenders.measured import Measured
from benchmarks.fold import LIVE_RATE, REPS, ours
from benchmarks.report import line
from benchmarks.run import interleaved, median, run
from benchmarks.stage import Load, Stage

BEFORE = "32d16c0"
"""The last commit before the call floor's depth: by-end figures, legs, ghosts, corrections, ..."""
MOST = 1.5
"""So much more CPU an event all of that may cost."""


def now_vs_before(stage: Stage, *, rounds: int, events: int) -> None:
    """Print now_vs_before: events as they happen."""
    _beside("now_vs_before", stage, Load(REPS, events), rounds)


def now_vs_before_live(stage: Stage, *, rounds: int, events: int) -> None:
    """Print now_vs_before_live, and the same without deals: the floor's depth alone."""
    load = Load(REPS, events, LIVE_RATE)
    _beside("now_vs_before_live", stage, load, rounds)
    # A deal costs far more than it did for the sake of the funnel, which is no part of the floor.
    _beside("now_vs_before_live_floor", stage, load._replace(has_deals=False), rounds)


def _beside(name: str, stage: Stage, load: Load, rounds: int) -> None:
    stage.fill(load)
    tree = checked_out(stage.folder / BEFORE)
    results = interleaved(
        {
            "before": lambda: before(stage, load.events, tree),
            "now": lambda: ours(stage, load.events),
        },
        rounds,
    )
    cpu = {which: median(of, lambda one: one.cpu_us_per_event) for which, of in results.items()}
    rate = {which: median(of, lambda one: one.events_per_second) for which, of in results.items()}
    pairs = zip(results["now"], results["before"], strict=True)
    ratios = sorted(now.cpu_us_per_event / old.cpu_us_per_event for now, old in pairs)
    ratio = cpu["now"] / cpu["before"]
    line(
        name,
        commit=BEFORE,
        ratio=ratio,
        ratio_least=ratios[0],
        ratio_most=ratios[-1],
        cpu_us_per_event=cpu["now"],
        cpu_us_per_event_before=cpu["before"],
        events_per_second=rate["now"],
        events_per_second_before=rate["before"],
        limit=MOST,
        is_ok=ratio <= MOST,
    )


def before(stage: Stage, events: int, tree: Path) -> Measured:
    """Run the worker of that commit from nothing over what is in the source topics."""
    settings = stage.installation("before")
    arguments = ["--bootstrap", stage.bootstrap, "--app-id", settings.app_id]
    return run("ours", [*arguments, "--events", str(events)], stage.folder, tree=tree)


def checked_out(folder: Path) -> Path:
    """Lay out the files of that commit, which must be in the clone; return where they are."""
    if not folder.exists():
        packed = subprocess.run(  # noqa: S603 - a constant
            ("git", "archive", "--format=tar", BEFORE),  # noqa: S607 - whichever git there is
            cwd=PROJECT,
            capture_output=True,
            check=True,
        )
        with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as archive:
            archive.extractall(folder, filter="data")
        (folder / ".ringside").mkdir()  # in which a worker then makes its own
    return folder
