"""Runs contenders, each as a process of its own, and takes the middle of several rounds."""

import statistics
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from agents.embedded.paths import PROJECT
from agents.embedded.process import ChildProcess, Program
from benchmarks.contenders.measured import Measured
from benchmarks.report import say


class ContenderError(Exception):
    """A contender ended without a result."""


def run(
    contender: str, arguments: Iterable[str], folder: Path, *, tree: Path = PROJECT
) -> Measured:
    """Run one contender to its end and return what it measured. Raises as `result`."""
    return msgspec.convert(result(contender, arguments, folder, tree=tree), Measured)


def result(
    contender: str,
    arguments: Iterable[str],
    folder: Path,
    *,
    seconds: float = 300.0,
    tree: Path = PROJECT,
) -> dict[str, Any]:
    """Run a process of `benchmarks.contenders` to its end and return the JSON line it printed.

    `tree` is where the sources are, if not here.

    Raises:
        ContenderError: it ended without one; the text holds the end of its log.
    """
    program = Program(
        name=contender,
        command=(sys.executable, "-m", f"benchmarks.contenders.{contender}", *arguments),
        log=folder / f"{contender}.log",
        working_folder=tree,
    )
    child = ChildProcess(program)
    child.start()
    try:
        child.wait(seconds)
    finally:
        child.stop()
    for text in reversed(child.log_tail().splitlines()):
        if text.startswith("{") and text.endswith("}"):
            found: dict[str, Any] = msgspec.json.decode(text)
            return found
    raise ContenderError(f"{contender} ended without a result:\n{child.log_tail()}")


Run = Callable[[], Measured]


def interleaved(runs: Mapping[str, Run], rounds: int) -> dict[str, list[Measured]]:
    """Run all contenders in turn, *rounds* times, so that what disturbs one disturbs all."""
    results: dict[str, list[Measured]] = {name: [] for name in runs}
    for number in range(1, rounds + 1):
        for name, one in runs.items():
            measured = one()
            results[name].append(measured)
            say(
                f"round {number}/{rounds}  {name:12} {measured.events_per_second:10,.0f} events/s"
                f"  {measured.cpu_us_per_event:8.2f} us CPU an event"
                f"  {measured.peak_memory_mib:6.0f} MiB"
            )
    return results


def median(results: Iterable[Measured], value: Callable[[Measured], float]) -> float:
    """Return the middle of one figure."""
    return statistics.median(map(value, results))
