"""Each step of a call counts what its state counts more than before, whatever crosses what.

The steps are spelled out for speed; `contributions` says in one place what a state counts. Here
calls are told so densely that statements of one kind and one time meet by twos and threes.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from random import Random
from typing import cast

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import events as e
from schemas.events import Event, Fact
from streams import calls, facts
from streams.call_counts import contributions
from streams.facts import Dims
from tests.streams.lives import QUEUES, REP_IDS, SOURCES, T0, TYPE_OF, seeded

INSTANTS = (0, 60, 61, 1000)
Counted = dict[tuple[float, Dims, str], float]


def counted(told: Iterable[object]) -> Counted:
    found: Counter[tuple[float, Dims, str]] = Counter()
    for one in told:
        assert isinstance(one, facts.Fact)
        for cell, amount in one.cells:
            found[one.at // 60, one.dims, cell] += amount  # type: ignore[assignment]
    return {key: amount for key, amount in found.items() if amount}


def crowded(random: Random) -> list[Event]:
    """Events of one call: of few kinds, at few instants."""

    def record(at: float) -> Fact:
        wait, talk, hold, wrapup = (random.choice([0, 5, 60, 61]) for _ in range(4))
        came = datetime.fromtimestamp(at - wait - talk - hold, UTC)
        return e.CallCompleted(
            came,
            random.choice(["answered", "abandoned", "flowed_out", "menu"]),
            random.choice(QUEUES),
            random.choice(["inbound", "outbound"]),
            random.choice([None, *REP_IDS]),
            None,
            *(wait, talk, hold, wrapup),
        )

    kinds: list[Callable[[float], Fact]] = [
        lambda _: e.CallOffered(random.choice(QUEUES)),
        lambda _: e.CallDialled(random.choice(REP_IDS), random.choice([None, *QUEUES])),
        lambda _: e.CallConnected(),
        lambda _: e.CallAnswered(random.choice(REP_IDS)),
        lambda _: e.CallHeld(),
        lambda _: e.CallResumed(),
        lambda _: e.CallTransferred(random.choice(["blind", "attended"])),
        lambda _: e.CallAbandoned(),
        lambda _: e.CallEnded(),
        lambda _: e.CallWrapupEnded(),
        record,
    ]
    few = [*random.choices(kinds, k=2), kinds[random.choice([0, 1])]]
    instants = random.choices(INSTANTS, k=2)
    made = []
    for number in range(random.randint(2, 12)):
        at = T0 + random.choice(instants)
        data = random.choice(few)(at)
        of = (TYPE_OF[type(data)], at, cast("e.AnyFact", data))
        made.append(Event(f"e{number}", random.choice(SOURCES), "c1", *of))
    return made


@settings(max_examples=400, derandomize=True, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_what_the_steps_of_a_call_count_is_what_its_state_counts_in_every_order(seed: int) -> None:
    random = seeded(seed)
    events = crowded(random)
    ends: list[Counted] = []
    for _ in range(2):
        call, told = None, list[object]()
        for one in events:
            call, step = calls.step(call, one)
            told += step
            assert counted(told) == counted(contributions(call))
        ends.append(counted(told))
        random.shuffle(events)
    assert ends[0] == ends[1]
