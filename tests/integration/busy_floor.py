"""Many seeded messages, a part of them repeated, spoilt or late; and what they must come to.

What they must come to is counted here, from the list of what was sent, without Ringside's code.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from schemas import events as e
from schemas.events import Event
from tests.integration.floor_events import activity, call, event
from tests.integration.pipeline import Pipeline, Raw, wait_until

SPAN_SECONDS = 1500
"""All happens within the hour that the live window shows."""
QUEUES = ("sales", "service", "loans")
MEASURES = (
    *("calls_offered", "calls_answered", "calls_abandoned", "calls_handled"),
    *("call_wait_seconds", "call_talk_seconds"),
    *("activities_logged", "meetings_booked", "meetings_held"),
)


@dataclass(frozen=True, slots=True)
class Load:
    """What is sent, in this order."""

    messages: tuple[Event | Raw, ...]
    ledger: Counter[str]
    totals: dict[str, float]
    calls: int

    def parts(self, count: int) -> list[tuple[Event | Raw, ...]]:
        """Return the messages in that many pieces."""
        size = -(-len(self.messages) // count)
        return [self.messages[at : at + size] for at in range(0, len(self.messages), size)]


def load(
    count: int,
    now: float,
    *,
    seed: int,
    repeated: float = 0.2,
    spoilt: bool = True,
    prefix: str = "",
) -> Load:
    """Return about *count* messages that end now; this share of them are repetitions.

    `spoilt`: one in a thousand is no event, and one in two thousand comes too late. `prefix`: of
    what they are about, so that two loads are about different things.
    """
    chance = random.Random(seed)  # noqa: S311 - a repeatable test
    start_at = int(now) - SPAN_SECONDS - 120
    once = sorted(
        _once(chance, start_at, int(count * (1 - repeated)), prefix), key=lambda one: one.at
    )
    repeats = chance.sample(range(len(once)), int(len(once) * repeated / (1 - repeated)))
    # A repetition comes some time after the original, as when a confirmation was lost.
    places = [(index, one) for index, one in enumerate(once)]
    places += [(index + chance.randrange(1, 800), once[index]) for index in repeats]
    good = [one for _, one in sorted(places, key=lambda place: place[0])]
    bad = [
        Raw("ringside.calls", b"bad", b"\xff\x00 no event %d" % number, (("trace", b"\x00\xfe"),))
        for number in range(count // 1000 if spoilt else 0)
    ]
    # By now every partition has seen an event of about now, so two hours ago is past the horizon.
    old_at = start_at - 7200
    late_count = count // 2000 if spoilt else 0
    late = [call(f"late-{number}", old_at, wait_seconds=1)[0] for number in range(late_count)]
    ledger = Counter(
        consumed=len(good) + len(bad) + len(late),
        applied=len(once),
        duplicate=len(repeats),
        late=len(late),
        dead_lettered=len(bad),
    )
    calls = len({one.subject for one in once if one.type.startswith("call.")})
    return Load((*_mixed(chance, good, bad), *late), ledger, _totals(once), calls)


def check(pipeline: Pipeline, sent: Load) -> None:
    """Wait until all of it is in PostgreSQL, and compare it with what was sent."""
    pipeline.wait_until_written(sent.ledger["consumed"])
    # The ledger is written with the panes; the page may be between two rebalances.
    wait_until(lambda: pipeline.consumed() == sent.ledger["consumed"], _told(pipeline, sent))
    assert pipeline.results() == sent.ledger
    assert pipeline.ledger() == sent.ledger
    sums = ", ".join(f"sum({name})::float8" for name in MEASURES)
    in_postgres = dict(
        zip(MEASURES, pipeline.row(f"SELECT {sums} FROM ringside.pane"), strict=True)  # noqa: S608
    )
    assert in_postgres == sent.totals
    on_the_page = {name: pipeline.total(f"ringside_{name}", window="1h") for name in MEASURES}
    assert on_the_page == sent.totals
    assert pipeline.row("SELECT count(*) FROM ringside.call")[0] == sent.calls
    letters = pipeline.dead_letters()
    assert len(letters) == sent.ledger["late"] + sent.ledger["dead_lettered"]
    origins = {(letter.origin.partition, letter.origin.offset) for letter in letters}
    assert len(origins) == len(letters)


def _told(pipeline: Pipeline, sent: Load) -> str:
    return f"{sent.ledger} on the pages, {pipeline.results()} are"


def _once(chance: random.Random, start_at: int, count: int, prefix: str) -> Iterator[Event]:
    made = 0
    while made < count:
        at = start_at + chance.randrange(SPAN_SECONDS)
        events = _something(chance, f"{prefix}{made}", at)
        if made + len(events) > count:
            events = [activity(f"a-{prefix}{made}", at)]
        made += len(events)
        yield from events


def _something(chance: random.Random, name: str, at: int) -> list[Event]:
    kind = chance.random()
    rep = f"rep-{chance.randrange(40)}"
    if kind < 0.2:
        return [activity(f"a-{name}", at, rep=rep)]
    if kind < 0.3:
        starts_at = datetime.fromtimestamp(at + 60, UTC)
        booked = event("meeting.booked", f"m-{name}", at, e.MeetingBooked(rep, starts_at))
        return [booked, event("meeting.held", f"m-{name}", at + 60, e.MeetingHeld())]
    talk_seconds = chance.randrange(1, 90) if kind < 0.8 else None
    return call(
        f"c-{name}",
        at,
        wait_seconds=chance.randrange(30),
        talk_seconds=talk_seconds,
        queue=chance.choice(QUEUES),
        rep=rep,
    )


def _mixed(chance: random.Random, good: list[Event], bad: list[Raw]) -> Iterator[Event | Raw]:
    places = chance.sample(range(len(good)), len(bad))
    at = dict(zip(places, bad, strict=True))
    for index, one in enumerate(good):
        if index in at:
            yield at[index]
        yield one


def _totals(once: list[Event]) -> dict[str, float]:
    """Count by hand: each event of *once* is there once."""
    types = Counter(one.type for one in once)
    at = {(one.subject, one.type): one.at for one in once}
    answered = [subject for subject, type_ in at if type_ == "call.answered"]

    def between(first: str, second: str) -> float:
        return sum(at[subject, second] - at[subject, first] for subject in answered)

    return {
        "calls_offered": types["call.offered"],
        "calls_answered": types["call.answered"],
        "calls_abandoned": types["call.abandoned"],
        "calls_handled": types["call.ended"],
        "call_wait_seconds": between("call.offered", "call.answered"),
        "call_talk_seconds": between("call.answered", "call.ended"),
        "activities_logged": types["activity.logged"],
        "meetings_booked": types["meeting.booked"],
        "meetings_held": types["meeting.held"],
    }
