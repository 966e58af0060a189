"""The same floor through Kafka, a worker and PostgreSQL: digit by digit what the core counts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path

from schemas.codec import encode
from schemas.events import Event
from schemas.kpis import BY_NAME
from schemas.roster import Queue, Rep, Roster, Site, Team
from schemas.topics import CALLS, REPS, TOPIC_OF_TYPE
from streams.fold import Fold
from streams.kpi import evaluate
from streams.ledger import Ledger
from streams.located import locate
from streams.panes import Cells, add_cells
from streams.roster import RosterIndex
from tests.integration.pipeline import Pipeline
from tests.worked.erlang.folded import events_of
from tests.worked.installation import start_pipeline

Say = Callable[[str], None]

KPIS = (
    *("calls_answered", "service_level_answered_of_answered"),
    *("average_speed_of_answer_seconds", "average_handle_time_seconds"),
    *("answered_wait_p90_seconds", "occupancy"),
)


def roster(reps: int) -> RosterIndex:
    """Return the roster of the simulated floor: one queue with a target of 20 s."""
    return RosterIndex(_roster(reps))


def _roster(reps: int) -> Roster:
    return Roster(
        sites=(Site(id="site", zone="UTC"),),
        teams=(Team(id="team", site="site"),),
        reps=tuple(Rep(id=f"rep-{number:04d}", team="team") for number in range(1, reps + 1)),
        queues=(Queue(id="queue", site="site", target_seconds=20, short_abandon_seconds=5),),
    )


def compare(reps: int, hours: int, env: Mapping[str, str], say: Say) -> bool:
    """Send the floor through everything; print what the core and PostgreSQL make of it."""
    events = list(events_of(reps=reps, hours=hours, seed=reps))
    expected = in_core(events, roster(reps))
    with ExitStack() as running:
        pipeline = start_pipeline(running, env, say)
        got = in_database(pipeline, events, reps)
    say(f"{reps} reps, {hours} h, {len(events):,} events through Kafka and PostgreSQL")
    say(f"{'figure':<38}{'core':>16}{'PostgreSQL':>16}   ok")
    is_right = True
    for name in KPIS:
        ok = expected[name] is not None and expected[name] == got[name]
        is_right &= ok
        texts = (
            f"{value:.6f}" if value is not None else "nothing"
            for value in (expected[name], got[name])
        )
        one, other = texts
        say(f"{name:<38}{one:>16}{other:>16}   {'yes' if ok else 'NO'}")
    return is_right


def in_core(events: Iterable[Event], index: RosterIndex) -> dict[str, float | None]:
    """Fold the events of each topic, and return the KPIs of all that was counted."""
    total: Cells = {}
    folds = {
        topic: Fold(topic, 0, ledger=Ledger(1), lateness_seconds=10**7)
        for topic in (CALLS.name, REPS.name)
    }
    for event in events:
        fold = folds.get(TOPIC_OF_TYPE[event.type])
        if fold is not None:
            fold.apply(event, fold.ledger.next_offset)
    for fold in folds.values():
        for start, quarter in fold.grains.quarters.slots.items():
            for cells in locate(quarter.panes, start, index).values():
                add_cells(total, cells.items())
    return {name: evaluate(BY_NAME[name], total) for name in KPIS}


def in_database(pipeline: Pipeline, events: list[Event], reps: int) -> dict[str, float | None]:
    """Publish roster and events, and return the same KPIs as PostgreSQL has them."""
    file = pipeline.folder / "roster.yaml"
    file.write_text(_yaml(reps), encoding="utf-8")
    pipeline.run("roster", "apply", str(file))
    pipeline.start_worker()
    sent = _write(pipeline.folder / "events.jsonl", events)
    pipeline.run("publish", str(sent))
    pipeline.wait_until_written(len(events), 300)
    cells = _cells(pipeline)
    return {name: evaluate(BY_NAME[name], cells) for name in KPIS}


def _write(file: Path, events: Iterable[Event]) -> Path:
    file.write_bytes(b"\n".join(map(encode, events)) + b"\n")
    return file


def _yaml(reps: int) -> str:
    return json.dumps(
        {
            "sites": [{"id": "site", "zone": "UTC"}],
            "teams": [{"id": "team", "site": "site"}],
            "reps": [{"id": f"rep-{number:04d}", "team": "team"} for number in range(1, reps + 1)],
            "queues": [
                {
                    "id": "queue",
                    "site": "site",
                    "target_seconds": 20,
                    "short_abandon_seconds": 5,
                }
            ],
        }
    )


def _cells(pipeline: Pipeline) -> Cells:
    """Return what PostgreSQL has of every term, and the buckets of the waits."""
    names = (
        *("calls_answered", "call_wait_seconds", "answered_wait_within_target"),
        *("calls_handled", "call_talk_seconds", "call_hold_seconds", "call_wrapup_seconds"),
        *("rep_on_call_seconds", "rep_wrapup_seconds", "rep_available_seconds"),
    )
    sums = ", ".join(f"sum({name})::float8" for name in names)
    row = pipeline.ask(f"SELECT {sums} FROM ringside.kpi_day")[0]  # noqa: S608 - constant names
    cells: Cells = {name: value for name, value in zip(names, row, strict=True) if value}
    buckets = pipeline.ask(
        """SELECT i, sum(answered_wait[i] - coalesce(answered_wait[i - 1], 0))::bigint
           FROM ringside.pane, generate_series(1, cardinality(answered_wait)) AS i
           GROUP BY i"""
    )
    return cells | {f"answered_wait:{i - 1}": int(count) for i, count in buckets if count}
