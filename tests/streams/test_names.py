"""However many names a source makes up, those shown are bounded; what is counted is not."""

import tracemalloc

import pytest

from schemas import events as e
from schemas.events import Event
from schemas.roster import Queue, Roster, Site
from streams.floor import floor
from streams.fold import Fold
from streams.ledger import Ledger
from streams.located import Place
from streams.names import MAX_STRANGERS, OTHER, Names
from streams.roster import RosterIndex
from streams.unknown import MAX_NAMES, unknown
from streams.windows import WindowReader

AT = 1_788_256_800.0
ROSTER = RosterIndex(
    Roster(
        sites=(Site(id="hanoi", zone="Asia/Ho_Chi_Minh"),),
        queues=(Queue(id="sales", site="hanoi"),),
    )
)


def many(count: int) -> Fold:
    """Fold activities of as many reps and kinds, all from one source, and a few of another."""
    fold = Fold("ringside.activities", 0, ledger=Ledger(1), lateness_seconds=86_400)
    for number in range(count):
        at = AT + number / count
        data = e.ActivityLogged(f"rep-{number}", f"kind-{number}")
        fold.apply(
            Event(str(number), "/crm/wild", str(number), "activity.logged", at, data), number
        )
    for number in range(3):
        data = e.ActivityLogged("mai", "visit")
        event = Event(f"v{number}", "/crm", f"v{number}", "activity.logged", AT + 2, data)
        fold.apply(event, count + number)
    return fold


def test_twenty_thousand_names_of_one_source_are_a_few_series() -> None:
    fold = many(20_000)
    reader = WindowReader()
    tracemalloc.start()
    shown = reader.read([fold], ROSTER, AT + 60)
    held_bytes, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    for window, located in shown.items():
        assert len(located) <= MAX_STRANGERS + 2, window
    cells = shown["1h"]
    total = sum(one.get("activities_logged", 0) for one in cells.values())
    assert total == 20_003, "nothing is lost"
    of_others = [one for place, one in cells.items() if place.kind == OTHER]
    assert sum(one["activities_logged"] for one in of_others) >= 20_000 - MAX_STRANGERS
    assert held_bytes < 5_000_000, "what the reader holds does not grow with the names"


def test_the_source_is_named_and_no_other() -> None:
    found = unknown([many(1500)], ROSTER, AT + 60).sources
    assert found == (("/crm/wild", 3000),), "1,500 reps and as many kinds"
    assert unknown([many(MAX_NAMES // 2)], ROSTER, AT + 60).sources == ()


def test_the_first_names_stay_and_those_of_the_roster_are_always_shown() -> None:
    names = Names(2)
    assert [names.queue(name) for name in ("a", "b", "c", "a", "d")] == [
        "a",
        "b",
        OTHER,
        "a",
        OTHER,
    ]
    known = Place("sales", "", "hanoi", "", "inbound", "")
    assert names.shown(known, AT, ROSTER) == known
    stranger = known._replace(queue="z", site="unknown")
    assert names.shown(stranger, AT, ROSTER).queue == OTHER


@pytest.mark.parametrize("count", [10, 1000])
def test_the_floor_of_now_is_bounded_too(count: int) -> None:
    fold = Fold("ringside.calls", 0, ledger=Ledger(1), lateness_seconds=3600)
    for number in range(count):
        data = e.CallOffered(f"queue-{number}")
        call = Event(str(number), "/pbx", f"c{number}", "call.offered", AT + number / 1000, data)
        fold.apply(call, number)
    known = Event("s", "/pbx", "s", "call.offered", AT + 2, e.CallOffered("sales"))
    fold.apply(known, count)
    queues = floor(fold.live.values(), ROSTER, AT + 60).queues
    assert len(queues) <= MAX_STRANGERS + 2
    assert queues["sales"].waiting == 1
    assert sum(queue.waiting for queue in queues.values()) == count + 1
