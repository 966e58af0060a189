"""The simulator's promises: repeatable, ordered, valid, and mischief that loses nothing."""

import time
from collections import Counter
from dataclasses import replace
from itertools import islice, pairwise

import pytest

from schemas.codec import MAX_BYTES, Message, decode, encode
from schemas.customers import Tokeniser, is_token
from schemas.events import TYPES, Event
from schemas.topics import TOPIC_OF_TYPE
from streams.roster import RosterIndex
from streams.roster_rules import validate
from streams.simulation import FloorPlan, plan_roster, simulate
from streams.simulation.parts import Duration, Handling, Mischief, PlanError, QueuePlan, SitePlan

START_AT = 1_772_409_600.0  # Monday 2026-03-02 00:00 UTC
OPEN = FloorPlan.sized(always_open=True)


def events(plan: FloorPlan = OPEN, *, seed: int = 1, hours: float = 2) -> list[Event]:
    return list(simulate(plan, seed=seed, start_at=START_AT, end_at=START_AT + hours * 3600))


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others() -> None:
    once = [encode(event) for event in events(seed=4)]
    assert once == [encode(event) for event in events(seed=4)]
    assert once != [encode(event) for event in events(seed=5)]


def test_two_runs_share_no_ids_if_seed_or_start_differ() -> None:
    first = {event.id for event in events(seed=4)} | {
        event.subject for event in events(seed=4) if not event.type.startswith("rep.")
    }
    later = list(simulate(OPEN, seed=4, start_at=START_AT + 60, end_at=START_AT + 3600))
    for other in (events(seed=5), later):
        assert not first & {event.id for event in other}
        assert not first & {event.subject for event in other}


def test_events_come_in_the_order_of_their_times_and_each_has_its_own_id() -> None:
    run = events()
    assert all(before.at <= after.at for before, after in pairwise(run))
    assert run[0].at >= START_AT
    assert run[-1].at < START_AT + 2 * 3600
    assert len({event.id for event in run}) == len(run)


@pytest.mark.parametrize("fraction", [0.0, 0.1234567, 0.9999999, 1 / 3])
def test_nothing_happens_before_the_start_however_odd_that_is(fraction: float) -> None:
    # Events are rounded to microseconds; the first ones must not be rounded out of the period.
    start_at = 1_795_334_304.0 + fraction
    first = next(simulate(OPEN, seed=1, start_at=start_at))
    assert start_at <= first.at < start_at + 2e-6


def test_every_event_is_accepted_and_comes_back_as_it_was_but_for_the_customers_number() -> None:
    tokeniser = Tokeniser(b"a key for the tests")
    week = islice(simulate(OPEN, seed=1, start_at=START_AT), 60_000)
    seen = set()
    for event in week:
        value = encode(event)
        message = Message(TOPIC_OF_TYPE[event.type], event.subject.encode(), value)
        back = decode(message, now=event.at, tokeniser=tokeniser)
        assert isinstance(back, Event), (event, back)
        assert (back.id, back.source, back.subject, back.at) == (
            event.id,
            event.source,
            event.subject,
            event.at,
        )
        customer = getattr(event.data, "customer", None)
        if customer is None:
            assert back.data == event.data
        else:
            assert customer.startswith("+1")
            assert is_token(getattr(back.data, "customer", ""))
        assert len(value) < MAX_BYTES / 100
        seen.add(event.type)
    # Of the rarer ones of a pipeline at least most.
    rare = {"deal.reopened", "deal.deleted", "deal.imported", "call.connected"}
    rare |= {"deal.owner_changed", "deal.merged"}
    rare |= {"source.heartbeat", *(type_ for type_ in TYPES if type_.endswith("retracted"))}
    rare |= {"pbx.counters"}  # the simulated PBX counts nothing itself
    assert seen >= TYPES.keys() - rare


def test_customers_have_numbers_that_are_set_aside_for_fiction() -> None:
    # 555-0100 to 555-0199 in any area code.
    for event in events():
        number = getattr(event.data, "customer", None)
        if number is not None:
            assert len(number) == 12
            assert number[5:10] == "55501"


def test_the_roster_knows_every_rep_team_and_queue_of_the_floor() -> None:
    plan = FloorPlan.sized(reps=200, teams=10)
    roster = plan_roster(plan)
    assert validate(roster) == []
    assert (len(roster.reps), len(roster.teams), len(roster.sites)) == (200, 10, 2)
    index = RosterIndex(roster)
    for event in events():
        rep = event.subject if event.type.startswith("rep.") else getattr(event.data, "rep", None)
        queue = getattr(event.data, "queue", None)
        assert rep is None or index.team_of(rep, event.at) != "unknown"
        assert queue is None or index.site_of(queue, "", event.at) != "unknown"


def test_mischief_repeats_and_delays_but_loses_and_changes_nothing() -> None:
    mischief = Mischief(duplicate_share=0.02, late_share=0.05)
    clean = events(hours=6)
    rough = events(FloorPlan.sized(always_open=True, mischief=mischief), hours=6)
    assert rough == events(FloorPlan.sized(always_open=True, mischief=mischief), hours=6)
    times = Counter(event.id for event in rough)
    assert times.keys() == {event.id for event in clean}
    assert {event.id: event for event in rough} == {event.id: event for event in clean}
    # Shares of more than 25,000 events: three standard errors are 0.003 and 0.005.
    assert len(clean) > 25_000
    repeated = sum(count == 2 for count in times.values())
    assert repeated / len(clean) == pytest.approx(0.02, abs=0.003)
    greatest, overtaken = 0.0, 0
    for event in rough:
        overtaken += event.at < greatest
        greatest = max(greatest, event.at)
    # Late ones and repetitions both come after younger events, nearly always.
    assert overtaken / len(clean) == pytest.approx(0.07, abs=0.01)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"sites": ()}, "at least one site"),
        ({"teams": ()}, "at least one team"),
        ({"queues": OPEN.queues * 2}, "more than one queue or campaign called"),
        ({"queues": OPEN.queues[:2]}, "serves an unknown queue"),
        ({"campaigns": ()}, "no campaign outbound"),
        ({"customers": 0}, "customers"),
        ({"sites": (SitePlan(id="seoul", zone="Asia/Seul"), OPEN.sites[1])}, "no time zone"),
        (
            {"sites": (SitePlan(id="seoul", zone="UTC", hours="17:00-08:30"), OPEN.sites[1])},
            "closes before it opens",
        ),
        (
            {
                "queues": (
                    *OPEN.queues[1:],
                    replace(
                        OPEN.queues[0],
                        handling=Handling(transfer_share=0.1, transfer_to=("partners",)),
                    ),
                )
            },
            "only keeps records",
        ),
    ],
)
def test_a_plan_that_cannot_be_simulated_is_refused_by_name(
    changes: dict[str, object], sentence: str
) -> None:
    with pytest.raises(PlanError, match=sentence):
        replace(OPEN, **changes)  # type: ignore[arg-type]


def test_impossible_numbers_are_refused() -> None:
    with pytest.raises(PlanError, match="0 or more seconds"):
        Duration(float("nan"))
    with pytest.raises(PlanError, match="between 0 and 1"):
        Mischief(duplicate_share=1.5)
    with pytest.raises(PlanError, match="calls_per_hour"):
        QueuePlan(id="queue", site="site", calls_per_hour=-1)
    with pytest.raises(PlanError, match="cannot fill 4 teams"):
        FloorPlan.sized(reps=3, teams=4)
    with pytest.raises(PlanError, match="ends before it begins"):
        simulate(OPEN, seed=1, start_at=10, end_at=5)


@pytest.mark.parametrize(("reps", "teams"), [(1, 1), (2, 2), (5, 3), (200, 10), (2000, 40)])
def test_a_floor_of_any_size_is_about_equally_busy(reps: int, teams: int) -> None:
    plan = FloorPlan.sized(reps=reps, teams=teams, always_open=True)
    assert sum(team.reps for team in plan.teams) == reps
    served = {queue for team in plan.teams for queue in team.queues}
    assert served == {"sales", "service", "partners"}
    hours = min(100.0, 600 / reps)
    rate = len(events(plan, hours=hours)) / (hours * 3600 * reps)
    # Events a second and rep. The one team of the smallest floors answers and dials, so it has
    # the most to tell.
    assert 0.015 < rate < 0.06


def test_more_than_thirty_thousand_events_a_second_are_made() -> None:
    plan = FloorPlan.sized(reps=200, teams=10, always_open=True)
    began_at = time.process_time()
    count = sum(1 for _ in islice(simulate(plan, seed=1, start_at=START_AT), 100_000))
    per_second = count / (time.process_time() - began_at)
    assert per_second > 30_000
