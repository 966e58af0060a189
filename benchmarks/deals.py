"""What deals cost: memory, speed and recovery, growing by tens up to a million."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agents import clock
from benchmarks.contenders import folding
from benchmarks.deal_load import created, lived
from benchmarks.load import to_message
from benchmarks.report import line, say
from benchmarks.run import result
from benchmarks.stage import Stage
from schemas.events import Event

COUNTS = (10_000, 100_000, 1_000_000)
_SECONDS = 7200.0
_KIB = 1024.0


def deals(stage: Stage, *, rounds: int, events: int) -> None:  # noqa: ARG001 - as all of them
    """Print deals_10000, deals_100000 and deals_1000000; then, as progress, a table of all."""
    found = []
    for count in COUNTS:
        found.append(_of(stage, count))
        line(f"deals_{count}", **found[-1], limit=None, is_ok=None)
    say(table(found))


def table(results: Sequence[Mapping[str, float]]) -> str:
    """Return results side by side, a line for each figure."""
    return "\n".join(
        f"{name:28}" + "".join(_cell(result[name]) for result in results) for name in results[0]
    )


def _cell(figure: float) -> str:
    return f"{figure:>14,.0f}" if abs(figure) >= 1000 else f"{figure:>14.4g}"


def _of(stage: Stage, count: int) -> dict[str, float]:
    end_at = clock.now()
    opened = _folded(stage, "created", count, created(count, end_at=end_at))
    app_id = stage.installation(f"deals-{count}").app_id
    changelog = ["--bootstrap", stage.bootstrap, "--app-id", app_id]
    whole = _folded(stage, "lived", count, lived(count, end_at=end_at), changelog)
    say(f"restoring {whole['changelog_entries']:,} entries of the changelog")
    restored = result("restore", changelog, stage.folder, seconds=_SECONDS)
    moved_mib = whole["growth_mib"] - opened["growth_mib"]
    return {
        "deals": count,
        "open_at_the_end": whole["open"],
        "events": whole["events"],
        "events_per_second": whole["events"] / whole["seconds"],
        "cpu_us_per_event": whole["cpu_seconds"] / whole["events"] * 1e6,
        "memory_mib": whole["growth_mib"],
        "peak_memory_mib": whole["peak_memory_mib"],
        "open_deal_kib": opened["growth_mib"] * _KIB / count,
        "lived_deal_kib": whole["growth_mib"] * _KIB / count,
        "move_or_end_bytes": moved_mib * _KIB**2 / (whole["events"] - count),
        "cohort_panes": whole["places"],
        "cohort_pane_bytes": whole["place_bytes"],
        "most_cells_of_a_pane": whole["most_cells_of_a_place"],
        "open_panes": whole["open_places"],
        "open_pane_bytes": whole["open_place_bytes"],
        "recount_seconds": whole["recount_seconds"],
        "changelog_entries": whole["changelog_entries"],
        "changelog_mib": whole["changelog_bytes"] / _KIB**2,
        "recovery_seconds": restored["seconds"],
        "recovery_cpu_seconds": restored["cpu_seconds"],
        "recovery_peak_memory_mib": restored["peak_memory_mib"],
    }


def _folded(
    stage: Stage, name: str, count: int, events: Iterator[Event], more: Sequence[str] = ()
) -> dict[str, Any]:
    path = stage.folder / name
    written = folding.write(path, map(to_message, events))
    say(f"folding {written:,} events of {count:,} deals ({name})")
    return result("deals", ["--load", str(path), *more], stage.folder, seconds=_SECONDS)
