"""The week through a running pipeline: roster, events, and everything compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from agents.embedded.ports import HOST
from agents.embedded.prometheus import Prometheus
from schemas.codec import encode
from schemas.topics import CUSTOMERS
from tests.integration.pipeline import Pipeline, wait_until
from tests.worked.bank_week import expected, expected_contacts, got
from tests.worked.bank_week.compare import (
    Line,
    Tally,
    only,
    tally,
    tally_calls,
    tally_exact,
    whole_week,
)
from tests.worked.bank_week.expected import Week
from tests.worked.bank_week.feed import Feed, read, roster

Say = Callable[[str], None]

_DAY, _QUEUE, _REP, _HALF = ("day",), ("queue",), ("rep",), ("half_hour",)
_DAY_QUEUE, _DAY_REP = ("day", "queue"), ("day", "rep")
FIRST_TARGET = 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that was compared."""

    lines: tuple[Line, ...]
    tallies: tuple[Tally, ...]

    @property
    def is_right(self) -> bool:
        """Whether nothing differs."""
        return all(part.is_right for part in (*self.lines, *self.tallies))


def verify(pipeline: Pipeline, prometheus: Prometheus | None, file: Path, say: Say) -> Outcome:
    """Replay the week in *file* through one worker, and compare everything."""
    feed = read(file)
    worker = pipeline.start_worker()
    if prometheus is not None:
        prometheus.set_targets({"workers": [f"{HOST}:{worker.port}"]})
    replay(pipeline, feed, say)
    outcome = compare(pipeline, feed, expected.load(file))
    if prometheus is None:
        return outcome
    return replace(outcome, tallies=(*outcome.tallies, ledger_in_prometheus(prometheus, feed)))


def replay(pipeline: Pipeline, feed: Feed, say: Say) -> None:
    """Send the week through a worker, and return when PostgreSQL has all of it."""
    file = pipeline.folder / "week.jsonl"
    file.write_bytes(b"".join(encode(event) + b"\n" for event in feed.events))
    apply_roster(pipeline, feed, target_seconds=20)
    say(f"Publishing {len(feed.events)} events of {file.name} ...")
    pipeline.run("publish", str(file))
    pipeline.wait_until_written(len(feed.events))


_SOURCES = f'topic!="{CUSTOMERS.name}"'
"""Without the workers' notes to each other."""


def apply_roster(pipeline: Pipeline, feed: Feed, *, target_seconds: int) -> None:
    """Publish the bank's roster, and return when PostgreSQL has it."""
    file = pipeline.folder / f"roster-{target_seconds}.yaml"
    file.write_text(roster(feed, target_seconds=target_seconds), encoding="utf-8")
    pipeline.run("roster", "apply", str(file))
    targets = "SELECT count(*) FROM ringside.roster_queue WHERE target_seconds = $1"
    wait_until(
        lambda: pipeline.row(targets, float(target_seconds))[0] == len(feed.queues),
        lambda: f"the roster in PostgreSQL\n{pipeline.workers[-1].log()}",
    )


def compare(pipeline: Pipeline, feed: Feed, week: Week) -> Outcome:
    """Read what PostgreSQL has, first with a target of 20 s and then of 60 s."""
    ask = pipeline.ask
    at_20 = got.grouped(ask, ())[()]
    in_menu = got.in_menu(ask)
    tallies = [
        *_tallies(ask, week, FIRST_TARGET),
        *_contacts(ask, week),
        tally_calls(expected.calls(week), got.calls(ask)),
        ledger(pipeline, feed),
    ]
    # A target that is corrected afterwards holds for the past: limits are applied when read.
    apply_roster(pipeline, feed, target_seconds=60)
    at_60 = got.grouped(ask, ())[()]
    tallies += _tallies(ask, week, 60)
    lines = whole_week(at_20, at_60, in_menu)
    reps = got.grouped(ask, _REP)
    lines.append(Line("reps who answered", 23, len(reps)))
    lines.append(Line("left out (PHANTOM)", 100, feed.phantoms))
    return Outcome(tuple(lines), tuple(tallies))


def ledger(pipeline: Pipeline, feed: Feed) -> Tally:
    """Compare what became of the messages: each applied, as pages and PostgreSQL say."""
    count = len(feed.events)
    right = Counter(consumed=count, applied=count, duplicate=0, late=0, dead_lettered=0)
    wrong = [
        f"{where}: expected {dict(right)}, got {dict(found)}"
        for where, found in (("/metrics", pipeline.results()), ("ledger", pipeline.ledger()))
        if found != right
    ]
    closed = pipeline.row("SELECT sum(closed_facts) FROM ringside.ledger")[0]
    if closed:
        wrong.append(f"{closed} facts came too late for their pane")
    return Tally("what became of each message", 11, tuple(wrong))


def ledger_in_prometheus(prometheus: Prometheus, feed: Feed) -> Tally:
    """Compare the same with what a Prometheus has that scraped the worker."""
    count = float(len(feed.events))
    queries = {
        f"sum(ringside_events_consumed_total{{{_SOURCES}}})": count,
        f'sum(ringside_events_total{{{_SOURCES}, result="applied"}})': count,
        f'sum(ringside_events_total{{{_SOURCES}, result!="applied"}})': 0.0,
        "sum(ringside_snapshot_pending_rows)": 0.0,
        'sum(up{job="ringside"})': 1.0,
    }

    def answers() -> dict[str, float]:
        found = {}
        for query in queries:
            for sample in prometheus.query(query):
                found[query] = float(sample["value"][1])  # type: ignore[index]
        return found

    try:
        wait_until(lambda: answers() == queries, "Prometheus to have scraped the worker")
    except AssertionError:
        return Tally("as Prometheus has it", len(queries), (str(answers()),))
    return Tally("as Prometheus has it", len(queries), ())


def _tallies(ask: got.Ask, week: Week, target: int) -> list[Tally]:
    def worked(*by: str) -> expected.Figures:
        return expected.grouped(week, by, target_seconds=target)

    def reps(*by: str) -> expected.Figures:
        return expected.per_rep(week, by, target_seconds=target)

    found = {by: got.grouped(ask, by) for by in ((), _DAY, _QUEUE, _REP, _DAY_QUEUE, _DAY_REP)}
    day_queue, day_rep = worked(*_DAY_QUEUE), reps(*_DAY_REP)
    return [
        tally(f"whole week, {target} s", worked(), found[()]),
        tally(f"per day, {target} s", worked(*_DAY), found[_DAY]),
        tally(f"per queue, {target} s", worked(*_QUEUE), found[_QUEUE]),
        tally(f"per day and queue, {target} s", day_queue, found[_DAY_QUEUE]),
        tally(f"per rep, {target} s", reps(*_REP), found[_REP]),
        tally(f"per day and rep, {target} s", day_rep, found[_DAY_REP]),
        *_by_end(ask, week, target),
        tally(
            f"view kpi_queue_day, {target} s",
            only(day_queue, (*got.RATIOS, *got.QUANTILES)),
            got.from_view(ask, "kpi_queue_day", _DAY_QUEUE, (*got.RATIOS, *got.QUANTILES)),
        ),
        tally(
            f"view kpi_rep_day, {target} s",
            only(day_rep, got.REP_RATIOS),
            got.from_view(ask, "kpi_rep_day", _DAY_REP, got.REP_RATIOS),
        ),
        *(_of_any_target(ask, week, found) if target == FIRST_TARGET else ()),
    ]


def _by_end(ask: got.Ask, week: Week, target: int) -> list[Tally]:
    groupings = ((), _DAY, _QUEUE, _HALF) if target == FIRST_TARGET else ((),)
    return [
        tally(
            f"by end, per {' and '.join(by) or 'week'}, {target} s",
            expected.by_end(week, by, target_seconds=target),
            got.by_end(ask, by),
        )
        for by in groupings
    ]


def _of_any_target(
    ask: got.Ask, week: Week, found: Mapping[tuple[str, ...], expected.Figures]
) -> list[Tally]:
    """Compare what another target does not change, or changes as it does the rest."""
    half_hours = expected.grouped(week, _HALF, target_seconds=FIRST_TARGET)
    return [
        tally(f"per half hour, {FIRST_TARGET} s", half_hours, got.grouped(ask, _HALF)),
        *(
            tally_exact(
                f"percentiles beside exact, per {by[0] if by else 'week'}",
                expected.exact_percentiles(week, by),
                found[by],
            )
            for by in ((), _DAY, _QUEUE, _REP)
        ),
    ]


def _contacts(ask: got.Ask, week: Week) -> list[Tally]:
    groupings = ((), _QUEUE, _DAY)
    worked = {by: expected_contacts.grouped(week, by) for by in groupings}
    count, weekly = (worked[()][()][name] for name in ("contacts", "contacts_preceded_7d"))

    def is_there() -> bool:
        return ask("SELECT sum(contacts), sum(contacts_preceded_7d) FROM ringside.pane") == [
            (count, weekly)
        ]

    # They come after the calls, through a topic of their own; what differs is told below.
    with suppress(AssertionError):
        wait_until(is_there, "what the customers' partitions make of it")
    return [
        tally(f"contacts, per {by[0] if by else 'week'}", worked[by], got.contacts(ask, by))
        for by in groupings
    ]


def finest(ask: got.Ask, week: Week) -> Tally:
    """Compare every half hour of every queue: thirty thousand figures."""
    by = ("half_hour", "queue")
    name = "per half hour and queue, 60 s"
    return tally(name, expected.grouped(week, by, target_seconds=60), got.grouped(ask, by))


def report(outcome: Outcome, say: Say) -> None:
    """Print each figure beside the expected one, then how the groups compared."""
    say(f"{'figure':<36}{'expected':>14}{'got':>14}   ok")
    for line in outcome.lines:
        mark = "yes" if line.is_right else "NO"
        say(f"{line.name:<36}{line.text(line.expected):>14}{line.text(line.got):>14}   {mark}")
    for part in outcome.tallies:
        if part.pairs:
            say("")
            say(f"{part.name:<72}{'pandas':>16}{'Ringside':>16}   ok")
        for pair in part.pairs:
            say(pair.text())
    say("")
    say(f"{'against pandas':<36}{'compared':>14}{'equal':>14}   ok")
    for part in outcome.tallies:
        equal = part.compared - len(part.differences)
        mark = "yes" if part.is_right else "NO"
        say(f"{part.name:<36}{part.compared:>14}{equal:>14}   {mark}")
        for difference in part.differences[:5]:
            say(f"    {difference}")
    compared = len(outcome.lines) + sum(part.compared for part in outcome.tallies)
    wrong = sum(not line.is_right for line in outcome.lines)
    wrong += sum(len(part.differences) for part in outcome.tallies)
    say("")
    say(f"{compared} figures compared, {wrong} differences.")
