"""Random lives of calls, reps, meetings, deals and activities as events; a fold to put them in.

The lives are wild on purpose: pieces are missing, come twice, contradict each other, even with one
time.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, cast

from schemas import events as e
from schemas.codec import Rejected
from schemas.events import TYPES, Event, Fact
from schemas.notes import CallNote, Note, Notes
from schemas.topics import ACTIVITIES, CALLS, COUNTERS, CUSTOMERS, DEALS, MEETINGS, REPS
from streams.facts import Amount, Dims
from streams.fold import Fold
from streams.funnel import Place
from streams.ledger import Ledger

T0 = datetime(2026, 9, 1, 10, tzinfo=UTC).timestamp()
LATENESS_SECONDS = 600.0
QUEUES = ("loans", "cards")
REP_IDS = ("linh", "minh", "an")
SOURCES = ("pbx/hanoi", "pbx/seoul")
STAGES = ("new", "trial", "offer")
TYPE_OF = {data: type_ for type_, data in TYPES.items()}

Panes = dict[tuple[int, int, Dims], dict[str, float]]


def seeded(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - repeatable, not secret


def event(
    subject: str, at: float, data: Fact, source: str = "pbx/hanoi", sequence: str = ""
) -> Event:
    type_ = TYPE_OF[type(data)]
    return Event(f"{subject}/{at}", source, subject, type_, at, cast("e.AnyFact", data), sequence)


def new_fold(topic: str, lateness_seconds: float = LATENESS_SECONDS) -> Fold:
    return Fold(topic, 0, ledger=Ledger(1), lateness_seconds=lateness_seconds)


def apply(fold: Fold, events: Iterable[Event | Notes | Rejected]) -> Fold:
    for one in events:
        fold.apply(one, fold.ledger.next_offset)
        check_ledger(fold.ledger)
    return fold


def check_ledger(ledger: Ledger) -> None:
    parts = ledger.applied + ledger.duplicate + ledger.late + ledger.dead_lettered
    assert ledger.consumed == parts


def panes(fold: Fold) -> Panes:
    """Everything that is counted: no zeros, no panes without a cell."""
    found = {
        (grain, start, dims): {cell: amount for cell, amount in cells.items() if amount}
        for grain, table in fold.tables.items()
        for start, slot in table.slots.items()
        for dims, cells in slot.panes.items()
    }
    return {key: cells for key, cells in found.items() if cells}


def quarter(fold: Fold, **dims: str) -> dict[str, float]:
    """Everything in the panes of 15 minutes whose dimensions are these, added up."""
    total: dict[str, float] = {}
    for (grain, _, of), cells in panes(fold).items():
        if grain == 900 and all(getattr(of, name) == value for name, value in dims.items()):
            for cell, amount in cells.items():
                total[cell] = total.get(cell, 0) + amount
    return total


def _times(random: Random, count: int, seconds: float) -> list[float]:
    """Distinct times: most on whole seconds, as a PBX has them, some on milliseconds."""
    unit = random.choice([1, 1000])
    return [T0 + at / unit for at in random.sample(range(int(seconds * unit)), count)]


def _call(random: Random) -> Fact:
    leg = random.choice([1, 1, 1, 2])
    rep, queue = random.choice(REP_IDS), random.choice(QUEUES)
    made: list[Callable[[], Fact]] = [
        lambda: e.CallOffered(queue, leg=leg),
        lambda: e.CallOffered(queue, leg=leg),
        lambda: e.CallDialled(rep, random.choice([None, queue]), leg=leg),
        lambda: e.CallConnected(leg),
        lambda: e.CallAnswered(rep, leg),
        lambda: e.CallAnswered(rep, leg),
        lambda: e.CallHeld(leg),
        lambda: e.CallResumed(leg),
        lambda: e.CallTransferred(random.choice(["blind", "attended"]), queue, leg=leg),
        lambda: e.CallAbandoned(leg),
        lambda: e.CallEnded(leg),
        lambda: e.CallWrapupEnded(leg),
    ]
    return random.choice(made)()


def _record(random: Random, at: float) -> Fact:
    wait, talk, hold, wrapup = (random.randrange(90) for _ in range(4))
    return e.CallCompleted(
        datetime.fromtimestamp(at - wait - talk - hold, UTC),
        random.choice(["answered", "abandoned", "flowed_out", "menu"]),
        random.choice(QUEUES),
        random.choice(["inbound", "outbound"]),
        random.choice(REP_IDS),
        None,
        wait,
        talk,
        hold,
        wrapup,
    )


def call_events(random: Random, seconds: float = LATENESS_SECONDS) -> list[Event]:
    """Calls told in pieces, in pieces and a record, or only by a record."""
    made = []
    for index in range(random.randint(1, 6)):
        times = _times(random, random.randint(1, 9), seconds)
        pieces: list[Any] = [(at, _call(random)) for at in times]
        if random.random() < 0.3:
            pieces[0] = (times[0], _record(random, times[0]))
        if random.random() < 0.3:
            # The same time again, and something else said, perhaps by another record.
            at = random.choice(times)
            pieces.append((at, random.choice([_call(random), _record(random, at)])))
            pieces.append((at, _call(random)))
        call = random.choice([f"c{index}", f"c{index}#2"])
        made += [event(call, at, data, random.choice(SOURCES)) for at, data in pieces]
    return made


def rep_events(random: Random, seconds: float = LATENESS_SECONDS) -> list[Event]:
    states: tuple[e.RepState, ...] = (
        *("available", "ringing", "on_call", "after_call_work", "paused", "offline"),
    )
    made = []
    for rep in REP_IDS:
        for at in _times(random, random.randint(0, 12), seconds):
            for _ in range(random.choice([1, 1, 1, 2])):  # two states at one time happen, too
                state = random.choice(states)
                reason = random.choice([None, "lunch"]) if state == "paused" else None
                made.append(event(rep, at, e.RepStateChanged(state, reason), SOURCES[0]))
    return made


def meeting_events(random: Random, seconds: float = LATENESS_SECONDS) -> list[Event]:
    def one(rep: str, at: float) -> Fact:
        starts_at = datetime.fromtimestamp(at + random.randrange(9_999), UTC)
        return random.choice(
            [
                e.MeetingBooked(rep, starts_at),
                e.MeetingRescheduled(starts_at),
                e.MeetingHeld(),
                e.MeetingNoShow(),
                e.MeetingCancelled(),
            ]
        )

    return [
        event(f"m{index}", at, one(random.choice(REP_IDS), at), random.choice(SOURCES))
        for index in range(random.randint(1, 5))
        for at in _times(random, random.randint(1, 7), seconds)
        for _ in range(random.choice([1, 1, 2, 3]))  # several things said of one time
    ]


def deal_events(random: Random, seconds: float = LATENESS_SECONDS) -> list[Event]:
    """Deals, of which much is said at the same instant, with a sequence or without."""

    def one() -> Fact:
        made: list[Callable[[], Fact]] = [
            lambda: e.DealStageChanged(random.choice(STAGES)),
            lambda: e.DealStageChanged(random.choice(STAGES)),
            lambda: e.DealStageChanged(random.choice(STAGES)),
            lambda: e.DealAmountChanged(random.randrange(100), random.choice(["USD", "KRW"])),
            lambda: e.DealOwnerChanged(random.choice(REP_IDS)),
            lambda: e.DealWon(random.choice([None, 7]), random.choice([None, "USD"])),
            lambda: e.DealLost(random.choice([None, "price"])),
            lambda: e.DealReopened(random.choice([None, *STAGES])),
            lambda: e.DealMerged("d0"),
            e.DealDeleted,
            created,
        ]
        weights = (3, 3, 3, 2, 2, 2, 2, 2, 1, 1, 1)
        return random.choices(made, weights)[0]()

    def created() -> Fact:
        rep, segment = random.choice(REP_IDS), random.choice([None, "smb", "large"])
        return e.DealCreated(rep, "sales", random.choice(STAGES), 5, "USD", segment=segment)

    made = []
    for index in range(random.randint(1, 5)):
        times = _times(random, random.randint(1, 5), seconds)
        instants = random.choices(times, k=random.randint(0, 9))
        facts = [(times[0], created()), *((at, one()) for at in instants)]
        made += [
            event(f"d{index}", at, data, random.choice(SOURCES), random.choice(["", "", "1", "2"]))
            for at, data in facts
            if random.random() < 0.95
        ]
    return made


def activity_events(random: Random, seconds: float = LATENESS_SECONDS) -> list[Event]:
    made = []
    # What is said up to 5 s later is to be within the lateness, too.
    for index, at in enumerate(_times(random, random.randint(1, 9), seconds - 5)):
        rep = random.choice(REP_IDS)
        for later in random.choice([[0], [0], [0, 0], [5, 0]]):  # said again, and otherwise
            logged = e.ActivityLogged(random.choice(REP_IDS), random.choice(["demo", "mail"]))
            made.append(event(f"a{index}", at + later, logged))
        if random.random() < 0.5:
            made.append(event(f"l{index}", at, e.LeadCreated(rep)))
            for later in (1, random.choice([1, 2])):
                qualified = e.LeadQualified(random.choice([None, *REP_IDS]))
                made.append(event(f"l{index}", at + later, qualified))
    return made


def customer_events(random: Random, seconds: float = LATENESS_SECONDS) -> list[Notes]:
    """Notes about calls of few customers: what a note says later holds, whatever came when."""
    made: list[Note] = []
    for index in range(random.randint(1, 12)):
        customer = f"ct1_{random.randrange(3):032x}"
        direction = random.choice(["inbound", "inbound", "outbound"])
        for offset, at in enumerate(_times(random, random.randint(1, 4), seconds)):
            outcome = random.choice([None, "answered", "abandoned", "flowed_out", "menu"])
            over_at = at + random.randrange(90) if outcome in {"abandoned", "flowed_out"} else None
            rep, queue = random.choice(["", *REP_IDS]), random.choice(QUEUES)
            says = CallNote("pbx/hanoi", direction, at, queue, rep, outcome, over_at)
            key = random.choice([f"c{index}", f"c{index}", f"c{index}#2"])
            made.append(Note(customer, 1, offset, at, key, random.choice([says, says, says, None])))
    random.shuffle(made)
    told = []
    while made:  # by few or many in one message
        some = tuple(made.pop() for _ in range(min(len(made), random.randint(1, 5))))
        told.append(Notes(CALLS.name, 0, some))
    return told


def counter_events(random: Random, seconds: float = LATENESS_SECONDS) -> list[Event]:
    """What PBXs count, told more than once and corrected."""
    made = []
    for at in _times(random, random.randint(1, 9), seconds):
        start = datetime.fromtimestamp(T0 - 900 * random.randrange(2), UTC)
        end = datetime.fromtimestamp(T0, UTC)
        queue, done, lost = random.choice(QUEUES), random.randrange(9), random.randrange(9)
        data = e.PbxCounters(queue, start - timedelta(seconds=900), end, done, lost)
        made.append(event(f"{queue}/{start:%H%M}", at, data, random.choice(SOURCES)))
    return made


Lives = Callable[[Random, float], Sequence[Event | Notes]]
LIVES: Mapping[str, Lives] = {
    CALLS.name: call_events,
    REPS.name: rep_events,
    MEETINGS.name: meeting_events,
    DEALS.name: deal_events,
    ACTIVITIES.name: activity_events,
    COUNTERS.name: counter_events,
    CUSTOMERS.name: customer_events,
}


def funnel(fold: Fold) -> dict[int, dict[Place, dict[str, Amount]]]:
    """Return what the deals make of the funnel, by day; nothing where there are no deals."""
    days = {} if fold.funnel is None else fold.funnel.days
    return {day_at: day.places for day_at, day in days.items() if day.places}
