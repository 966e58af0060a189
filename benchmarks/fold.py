"""Ours beside what Python can do at all, beside plain Faust, and beside itself on more reps."""

from pathlib import Path

import msgspec

from benchmarks.contenders.measured import Measured
from benchmarks.report import line, say
from benchmarks.run import interleaved, median, run
from benchmarks.shapes import means, shapes_of
from benchmarks.stage import Load, Stage
from schemas.codec import Message

REPS = 200
RATIO_LIMIT = 0.5
LIVE_RATE = 2_000.0
SAMPLE_EVENTS = 40_000

PLAIN_EVENTS = 20_000
PLAIN_SECONDS = 15.0
PLAIN_ROUNDS = 3
PLAIN_RATIO_LIMIT = 100.0

MANY_REPS = 20_000
MANY_RATIO_LIMIT = 0.5


def fold_vs_limit(stage: Stage, *, rounds: int, events: int) -> None:
    """Print fold_vs_limit and peak_memory_mib."""
    results = _beside_the_limit("fold_vs_limit", stage, Load(REPS, events), rounds)
    peak = median(results, lambda one: one.peak_memory_mib)
    line("peak_memory_mib", value=peak, limit=None, is_ok=None)


def fold_vs_limit_live(stage: Stage, *, rounds: int, events: int) -> None:
    """Print fold_vs_limit_live."""
    _beside_the_limit("fold_vs_limit_live", stage, Load(REPS, events, LIVE_RATE), rounds)


def _beside_the_limit(name: str, stage: Stage, load: Load, rounds: int) -> list[Measured]:
    """Print how ours compares to the limit on a load, and return what ours measured."""
    stage.fill(load)
    events = load.events
    mix = ", ".join(f"{type_} {count / events:.0%}" for type_, count in stage.types.most_common(4))
    say(f"of these: {mix}")
    shapes = write_shapes(stage, load)
    results = interleaved(
        {
            "limit": lambda: limit(stage, events, shapes),
            "ours": lambda: ours(stage, events),
        },
        rounds,
    )
    rate = {name: median(of, lambda one: one.events_per_second) for name, of in results.items()}
    cpu = {name: median(of, lambda one: one.cpu_us_per_event) for name, of in results.items()}
    ratio = rate["ours"] / rate["limit"]
    line(
        name,
        ratio=ratio,
        events_per_second=rate["ours"],
        limit_events_per_second=rate["limit"],
        cpu_us_per_event=cpu["ours"],
        limit_cpu_us_per_event=cpu["limit"],
        cpu_ratio=cpu["limit"] / cpu["ours"],
        changelog_records_per_event=median(
            results["ours"], lambda one: one.checkpoint_records / one.events
        ),
        limit=RATIO_LIMIT,
        is_ok=ratio >= RATIO_LIMIT,
    )
    return results["ours"]


def fold_vs_plain_faust(stage: Stage, *, rounds: int, events: int) -> None:
    """Print fold_vs_plain_faust."""
    stage.fill(Load(REPS, events, LIVE_RATE))
    topics = iter(range(1_000))
    few = stage.messages(Load(REPS, events, LIVE_RATE))[:PLAIN_EVENTS]
    results = interleaved(
        {
            "plain": lambda: plain_faust(stage, f"bench.plain.{next(topics)}", few),
            "tumbling": lambda: plain_faust(
                stage, f"bench.plain.{next(topics)}", few, "--tumbling"
            ),
            "ours": lambda: ours(stage, events),
        },
        min(rounds, PLAIN_ROUNDS),
    )
    rate = {name: median(of, lambda one: one.events_per_second) for name, of in results.items()}
    cpu = {name: median(of, lambda one: one.cpu_us_per_event) for name, of in results.items()}
    ratio = rate["ours"] / rate["plain"]
    line(
        "fold_vs_plain_faust",
        ratio=ratio,
        events_per_second=rate["ours"],
        plain_faust_events_per_second=rate["plain"],
        cpu_us_per_event=cpu["ours"],
        plain_faust_cpu_us_per_event=cpu["plain"],
        cpu_ratio=cpu["plain"] / cpu["ours"],
        ratio_if_only_tumbling=rate["ours"] / rate["tumbling"],
        limit=PLAIN_RATIO_LIMIT,
        is_ok=ratio >= PLAIN_RATIO_LIMIT,
    )


def reps_20000_vs_200(stage: Stage, *, rounds: int, events: int) -> None:
    """Print reps_20000_vs_200."""

    def on_a_floor_of(reps: int) -> Measured:
        stage.fill(Load(reps, events))
        return ours(stage, events)

    results = interleaved(
        {
            f"{REPS} reps": lambda: on_a_floor_of(REPS),
            f"{MANY_REPS} reps": lambda: on_a_floor_of(MANY_REPS),
        },
        rounds,
    )
    few, many = results.values()
    rate_few, rate_many = (median(of, lambda one: one.events_per_second) for of in (few, many))
    cpu_few, cpu_many = (median(of, lambda one: one.cpu_us_per_event) for of in (few, many))
    ratio = rate_many / rate_few
    line(
        "reps_20000_vs_200",
        ratio=ratio,
        events_per_second=rate_many,
        events_per_second_200_reps=rate_few,
        cpu_us_per_event=cpu_many,
        cpu_us_per_event_200_reps=cpu_few,
        peak_memory_mib=median(many, lambda one: one.peak_memory_mib),
        limit=MANY_RATIO_LIMIT,
        is_ok=ratio >= MANY_RATIO_LIMIT,
    )


def ours(stage: Stage, events: int, *, profile: Path | None = None) -> Measured:
    """Run our worker from nothing over what is in the source topics."""
    settings = stage.installation("ours")
    arguments = ["--bootstrap", stage.bootstrap, "--app-id", settings.app_id]
    if profile is not None:
        arguments += ["--profile", str(profile)]
    return run("ours", [*arguments, "--events", str(events)], stage.folder)


def profile(stage: Stage, *, rounds: int, events: int) -> None:  # noqa: ARG001 - as all of them
    """Run ours under a sampling profiler on both loads, and print where time goes to stderr."""
    for load in (Load(REPS, events), Load(REPS, events, LIVE_RATE)):
        stage.fill(load)
        report = stage.folder / "profile.txt"
        measured = ours(stage, events, profile=report)
        say(report.read_text(encoding="utf-8"))
        line("profile", cpu_us_per_event=measured.cpu_us_per_event, limit=None, is_ok=None)


def limit(stage: Stage, events: int, shapes: Path) -> Measured:
    """Run the limit over what is in the source topics."""
    arguments = ["--bootstrap", stage.bootstrap, "--shapes", str(shapes)]
    return run("limit", [*arguments, "--events", str(events)], stage.folder)


def plain_faust(stage: Stage, topic: str, messages: list[Message], *options: str) -> Measured:
    """Run plain Faust over a topic of its own; it commits offsets, so each round has another."""
    stage.topic(topic, messages)
    arguments = ["--bootstrap", stage.bootstrap, "--topic", topic]
    arguments += ["--events", str(len(messages)), "--seconds", str(PLAIN_SECONDS), *options]
    return run("plain_faust", arguments, stage.folder)


def write_shapes(stage: Stage, load: Load) -> Path:
    """Write down the additions that the fold does, for the limit to do as many."""
    path = stage.folder / "shapes.json"
    sample = load._replace(events=min(load.events, SAMPLE_EVENTS)).simulated()
    shapes = shapes_of(sample, skip=min(load.events, SAMPLE_EVENTS) // 2)
    for type_, figures in sorted(means(shapes).items()):
        panes, cells, quarters, quarter_cells = figures
        say(
            f"  {type_:22} {panes:5.2f} minute panes {cells:6.2f} cells,"
            f" {quarters:5.2f} quarters {quarter_cells:6.2f} cells"
        )
    path.write_bytes(msgspec.json.encode(shapes))
    return path
