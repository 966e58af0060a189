"""Repeats, resolution and calls back: worked by hand, and against a batch computation.

The batch computation looks at whole calls and knows neither notes nor order; the fold is told of
the same calls leg by leg, in any order and more than once.
"""

from dataclasses import dataclass, field
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.events import Event
from schemas.notes import NOTED, CallNote, Note
from schemas.topics import CUSTOMERS
from streams.customers import KEPT_SECONDS, MAX_LEGS
from streams.fold import Fold
from tests.streams.lives import T0, apply, new_fold, quarter, seeded

H, D = 3600.0, 86_400.0
CUSTOMER = "ct1_" + "0" * 32
OTHER = "ct1_" + "1" * 32
LATENESS = 3600.0


def noted(
    call: str,
    arrived_at: float,
    outcome: str | None = None,
    *,
    offset: int = 1,
    direction: str = "inbound",
    queue: str = "loans",
    rep: str = "",
    over_at: float | None = None,
    customer: str = CUSTOMER,
) -> Event:
    says = CallNote("pbx", direction, T0 + arrived_at, queue, rep, outcome, over_at)  # type: ignore[arg-type]
    at = T0 + arrived_at
    note = Note("ringside.calls", 0, 1, offset, at, call, says)
    return Event(call, "pbx", customer, NOTED, at, note)  # type: ignore[arg-type]


def answered(call: str, at: float, rep: str = "linh", **more: str) -> Event:
    return noted(call, at, "answered", rep=rep, **more)  # type: ignore[arg-type]


def missed(call: str, at: float, waited: float = 60) -> Event:
    return noted(call, at, "abandoned", over_at=T0 + at + waited)


def called(call: str, at: float, *, reached: bool = False) -> Event:
    return noted(call, at, "answered" if reached else None, direction="outbound", rep="linh")


def folded(*events: Event, until: float = 0.0) -> Fold:
    """A fold that has taken these in, and whose event time has come to `until`."""
    fold = apply(new_fold(CUSTOMERS.name, LATENESS), events)
    newest = fold.watermark.newest_at or T0
    fold.idle(T0 + until + LATENESS - newest, now=T0 + until + LATENESS)
    return fold


def test_a_second_call_within_a_day_makes_the_first_unresolved_and_itself_a_repeat() -> None:
    # 10:00 answered; 13:00 again; nothing more. Seen 9 days later, all windows have passed:
    # the first was followed within 24 h (and so within 7 d), the second was not.
    fold = folded(answered("a", 0), answered("b", 3 * H, "minh"), until=9 * D)
    assert quarter(fold, rep="linh") == {
        "contacts": 1,
        "contacts_followed_24h": 1,
        "contacts_followed_7d": 1,
        "contacts_settled_24h": 1,
        "contacts_settled_7d": 1,
    }
    assert quarter(fold, rep="minh") == {
        "contacts": 1,
        "contacts_preceded_24h": 1,
        "contacts_preceded_7d": 1,
        "contacts_settled_24h": 1,
        "contacts_settled_7d": 1,
        "contacts_resolved_24h": 1,
        "contacts_resolved_7d": 1,
    }


def test_what_may_still_be_followed_is_not_settled() -> None:
    fold = folded(answered("a", 0), until=D)
    assert quarter(fold) == {"contacts": 1}
    fold = folded(answered("a", 0), until=D + 60)
    assert quarter(fold)["contacts_resolved_24h"] == 1
    assert "contacts_settled_7d" not in quarter(fold)


def test_the_window_includes_its_end_and_nothing_beyond() -> None:
    assert quarter(folded(answered("a", 0), answered("b", D)))["contacts_followed_24h"] == 1
    assert "contacts_followed_24h" not in quarter(folded(answered("a", 0), answered("b", D + 1)))


def test_an_outbound_call_is_no_repeat_and_another_customer_neither() -> None:
    fold = folded(answered("a", 0), called("b", H, reached=True), answered("c", H, customer=OTHER))
    assert quarter(fold) == {"contacts": 2}


def test_the_legs_of_a_transfer_are_one_contact_of_the_queue_it_came_to() -> None:
    first = noted("a", 0, "answered", rep="linh")
    second = noted("a#2", 300, "answered", queue="cards", rep="minh")
    fold = folded(first, second)
    assert quarter(fold, queue="loans", rep="linh") == {"contacts": 1}
    assert quarter(fold) == {"contacts": 1}


def test_a_call_that_flowed_out_and_was_answered_elsewhere_is_not_missed() -> None:
    first = noted("a", 0, "flowed_out", over_at=T0 + 90)
    fold = folded(first)
    assert quarter(fold)["contacts_missed"] == 1
    apply(fold, [noted("a#2", 90, "answered", queue="cards", rep="minh")])
    assert quarter(fold) == {"contacts": 1}
    assert not fold.live


def test_a_missed_call_waits_until_it_is_called_back() -> None:
    fold = folded(missed("a", 0))
    (customer,) = fold.live.values()
    assert [one.missed_at for one in customer.open_missed] == [T0 + 60]  # type: ignore[union-attr]
    apply(fold, [called("b", 2 * H)])
    assert not fold.live
    # Called back within 24 h, and not reached: final only once the 24 h have passed.
    so_far = {"contacts": 1, "contacts_missed": 1, "missed_called_back": 1}
    assert quarter(fold) == so_far
    fold.idle(2 * D, now=T0 + 2 * D)
    settled = {"missed_settled": 1, "missed_settled_called_back": 1}
    resolved = {"contacts_settled_24h": 1, "contacts_resolved_24h": 1}
    assert quarter(fold) == so_far | settled | resolved


def test_a_call_back_after_24_hours_closes_the_backlog_and_does_not_count_as_closure() -> None:
    fold = folded(missed("a", 0), called("b", D + 61, reached=True), until=2 * D)
    assert not fold.live
    assert quarter(fold)["missed_settled"] == 1
    assert "missed_settled_called_back" not in quarter(fold)


def test_a_call_dialled_while_the_customer_still_waits_is_no_call_back() -> None:
    assert "missed_called_back" not in quarter(folded(missed("a", 0), called("b", 59)))
    assert quarter(folded(missed("a", 0), called("b", 60)))["missed_called_back"] == 1


def test_who_got_through_in_another_call_needs_no_call_back() -> None:
    fold = folded(missed("a", 0), answered("b", 600))
    assert not fold.live
    assert quarter(fold)["contacts_missed"] == 1
    assert "missed_called_back" not in quarter(fold)


def test_a_missed_call_leaves_the_backlog_after_a_week() -> None:
    assert folded(missed("a", 0), until=7 * D).live
    assert not folded(missed("a", 0), until=7 * D + 120).live


def test_a_call_that_ended_in_the_menu_is_a_contact_and_not_missed() -> None:
    assert quarter(folded(noted("a", 0, "menu", queue=""))) == {"contacts": 1}


def test_what_is_taken_back_no_longer_counts() -> None:
    gone = Note("ringside.calls", 0, 1, 9, T0, "b", None)
    fold = folded(answered("a", 0), answered("b", H))
    apply(fold, [Event("b", "", CUSTOMER, NOTED, T0, gone)])  # type: ignore[arg-type]
    assert quarter(fold) == {"contacts": 1}
    # Not even if an older note comes after it.
    apply(fold, [answered("b", H)])
    assert quarter(fold) == {"contacts": 1}
    assert fold.ledger.duplicate == 1


def test_a_customer_of_too_many_calls_stays_small_and_counts_on() -> None:
    many = [answered(f"c{n}", n * 60.0) for n in range(3 * MAX_LEGS)]
    fold = folded(*many)
    assert len(fold.entities[CUSTOMER].legs) == MAX_LEGS  # type: ignore[union-attr]
    found = quarter(fold)
    assert found["contacts"] == 3 * MAX_LEGS
    assert found["contacts_preceded_24h"] == found["contacts_followed_24h"] == 3 * MAX_LEGS - 1
    assert found["customer_notes_dropped"] == 2 * MAX_LEGS


def test_a_customer_is_forgotten_after_eight_days() -> None:
    fold = folded(answered("a", 0))
    changes = fold.take_changes()
    assert changes is not None
    assert set(changes.snapshot.entities) == {CUSTOMER}
    fold.idle(2 * KEPT_SECONDS, now=T0 + 2 * KEPT_SECONDS)
    for _ in range(2):
        changes = fold.take_changes()
        if changes is not None:
            fold.release(changes.ledger.fence)
    assert not fold.entities


@dataclass
class Life:
    """A call as it really was; told in steps, each of which says all that was known by then."""

    call: str
    inbound: bool
    at: float
    queue: str
    outcome: str
    """answered, abandoned, flowed_out, menu; of an outbound call answered or ''."""
    wait: float
    rep: str
    second: "Life | None" = None
    """A leg that followed, in another queue."""
    notes: list[Event] = field(default_factory=list)

    def tell(self, leg: int = 1) -> list[Event]:
        key = self.call if leg == 1 else f"{self.call}#{leg}"
        direction = "inbound" if self.inbound else "outbound"
        rep = self.rep if self.outcome == "answered" or not self.inbound else ""
        over_at = T0 + self.at + self.wait if self.outcome in {"abandoned", "flowed_out"} else None
        told = [
            noted(key, self.at, offset=1, direction=direction, queue="early"),
            noted(key, self.at, offset=2, direction=direction, queue=self.queue),
            noted(
                key,
                self.at,
                self.outcome or None,
                offset=3,
                direction=direction,
                queue=self.queue,
                rep=rep,
                over_at=over_at,
            ),
        ]
        return told + (self.second.tell(2) if self.second is not None else [])

    @property
    def legs(self) -> list["Life"]:
        return [self] if self.second is None else [self, self.second]

    @property
    def answered_by(self) -> str | None:
        return next((leg.rep for leg in self.legs if leg.outcome == "answered"), None)

    @property
    def missed_at(self) -> float | None:
        given_up = {"abandoned", "flowed_out"}
        if not self.inbound or any(leg.outcome not in given_up for leg in self.legs):
            return None
        return max(leg.at + leg.wait for leg in self.legs)


def lives(random: Random) -> list[Life]:
    calls = []
    for number in range(random.randint(1, 12)):
        # Hours and days apart, sometimes exactly.
        at = random.choice([H * random.randrange(170), 60.0 * random.randrange(10_000)])
        inbound = random.random() < 0.7
        inbound_ends = ["answered", "abandoned", "abandoned", "flowed_out", "menu"]
        outcome = random.choice(inbound_ends if inbound else ["answered", ""])
        wait, rep = random.choice([0.0, 60.0, 3600.0]), random.choice(["linh", "minh"])
        life = Life(
            f"c{number}", inbound, at, random.choice(["loans", "cards"]), outcome, wait, rep
        )
        if inbound and outcome == "flowed_out" and random.random() < 0.7:
            end = random.choice(["answered", "abandoned"])
            life.second = Life(life.call, True, at + wait, "cards", end, wait, "minh")
        calls.append(life)
    return calls


def computed(calls: list[Life], watermark: float) -> dict[tuple[float, str, str, str], int]:
    """By (quarter, queue, rep, measure): every definition written down once more, over pairs."""
    found: dict[tuple[float, str, str, str], int] = {}
    inbound = sorted((life for life in calls if life.inbound), key=lambda one: (one.at, one.call))
    for place, life in enumerate(inbound):
        earlier, later = inbound[:place], inbound[place + 1 :]
        cells = ["contacts"]
        for name, window in (("24h", D), ("7d", 7 * D)):
            followed = any(other.at - life.at <= window for other in later)
            if any(life.at - other.at <= window for other in earlier):
                cells.append(f"contacts_preceded_{name}")
            if followed:
                cells.append(f"contacts_followed_{name}")
            if life.at + window < watermark:
                cells.append(f"contacts_settled_{name}")
                cells += [] if followed else [f"contacts_resolved_{name}"]
        cells += _call_back_cells(life, calls, watermark)
        start = (T0 + life.at) // 900 * 900
        for cell in cells:
            key = (start, life.queue, life.answered_by or "", cell)
            found[key] = found.get(key, 0) + 1
    return found


def _call_back_cells(life: Life, calls: list[Life], watermark: float) -> list[str]:
    if life.missed_at is None:
        return []
    missed_at = life.missed_at
    back = [other for other in calls if not other.inbound and 0 <= other.at - missed_at <= D]
    reached = [other for other in back if other.outcome == "answered"]
    settled = missed_at + D < watermark
    cells = {
        "contacts_missed": True,
        "missed_called_back": back,
        "missed_reached": reached,
        "missed_settled": settled,
        "missed_settled_called_back": settled and back,
        "missed_settled_reached": settled and reached,
    }
    return [cell for cell, holds in cells.items() if holds]


def counted(fold: Fold) -> dict[tuple[float, str, str, str], float]:
    return {
        (start, dims.queue, dims.rep, cell): amount
        for start, slot in fold.tables[900].slots.items()
        for dims, cells in slot.panes.items()
        for cell, amount in cells.items()
    }


@settings(max_examples=150, derandomize=True, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_any_order_and_any_repetition_equal_the_batch_computation(seed: int) -> None:
    random = seeded(seed)
    calls = lives(random)
    told = [note for life in calls for note in life.tell()]
    told += random.choices(told, k=len(told) // 2)
    random.shuffle(told)
    # All in time for each other; then event time goes on, by steps, past all windows' ends or not.
    fold = apply(new_fold(CUSTOMERS.name, 8 * D), told)
    watermark = random.choice([7.5 * D, 9 * D, 12 * D, 20 * D])
    for step in sorted(random.uniform(0, watermark) for _ in range(random.randrange(5))):
        fold.idle(30 * D, now=T0 + step + 8 * D)
    fold.idle(30 * D, now=T0 + watermark + 8 * D)
    assert fold.watermark.at == T0 + watermark
    assert counted(fold) == computed(calls, watermark)
    assert fold.ledger.closed_facts == 0


@settings(max_examples=50, derandomize=True, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_backlog_is_what_nobody_cared_for(seed: int) -> None:
    random = seeded(seed)
    calls = lives(random)
    told = [note for life in calls for note in life.tell()]
    random.shuffle(told)
    fold = apply(new_fold(CUSTOMERS.name, 8 * D), told)
    expected = {
        life.call
        for life in calls
        if life.missed_at is not None
        and not any(
            other.at >= life.missed_at and (not other.inbound or other.answered_by is not None)
            for other in calls
        )
    }
    found = {one.call_id for one in fold.entities[CUSTOMER].open_missed}  # type: ignore[union-attr]
    assert found == expected
    assert set(fold.live) == ({CUSTOMER} if expected else set())
