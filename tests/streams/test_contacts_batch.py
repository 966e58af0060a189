"""Repeats, resolution and calls back against a batch computation.

The batch computation looks at whole calls and knows neither notes nor order; the fold is told of
the same calls leg by leg, in any order and more than once.
"""

from dataclasses import dataclass, field
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.notes import Notes
from schemas.topics import CUSTOMERS
from streams.fold import Fold
from tests.streams.customer_told import CUSTOMER, D, H, noted
from tests.streams.lives import T0, apply, new_fold, seeded

GIVEN_UP = {"abandoned", "flowed_out", ""}


@dataclass
class Life:
    """A call as it really was; told in steps, each of which says all that was known by then."""

    call: str
    inbound: bool
    at: float
    queue: str
    outcome: str
    """answered, abandoned, flowed_out, menu; '': closed by us, or an outbound call unanswered."""
    wait: float
    rep: str
    second: "Life | None" = None
    """A leg that followed, in another queue."""
    notes: list[Notes] = field(default_factory=list)

    def tell(self, leg: int = 1) -> list[Notes]:
        key = self.call if leg == 1 else f"{self.call}#{leg}"
        direction = "inbound" if self.inbound else "outbound"
        rep = self.rep if self.outcome == "answered" or not self.inbound else ""
        is_given_up = self.inbound and self.outcome in GIVEN_UP
        over_at = T0 + self.at + self.wait if is_given_up else None
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
        if not self.inbound or any(leg.outcome not in GIVEN_UP for leg in self.legs):
            return None
        return max(leg.at + leg.wait for leg in self.legs)


def lives(random: Random) -> list[Life]:
    calls = []
    for number in range(random.randint(1, 12)):
        # Hours and days apart, sometimes exactly.
        at = random.choice([H * random.randrange(170), 60.0 * random.randrange(10_000)])
        inbound = random.random() < 0.7
        inbound_ends = ["answered", "abandoned", "abandoned", "flowed_out", "menu", ""]
        outcome = random.choice(inbound_ends if inbound else ["answered", ""])
        wait, rep = random.choice([0.0, 60.0, 3600.0]), random.choice(["linh", "minh"])
        life = Life(
            f"c{number}", inbound, at, random.choice(["loans", "cards"]), outcome, wait, rep
        )
        if inbound and outcome == "flowed_out" and random.random() < 0.7:
            end = random.choice(["answered", "abandoned", ""])
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
    found = {call_id for call_id, _ in fold.entities[CUSTOMER].open_missed}  # type: ignore[union-attr]
    assert found == expected
    assert set(fold.live) == ({CUSTOMER} if expected else set())
