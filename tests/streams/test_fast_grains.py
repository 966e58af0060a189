"""The compiled panes are the Python ones, to the byte: both live the same life and are compared."""

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.facts import Amount, Dims, Fact, Spell, ticks
from streams.grains import Grains
from streams.panes import Cells, Panes
from streams.quarters import Parts
from tests.streams import test_grains, test_grains_restored

fast = pytest.importorskip("streams.fast_grains", reason="not compiled")

ORDINARY = [
    test
    for module in (test_grains, test_grains_restored)
    for name, test in vars(module).items()
    if name.startswith("test_") and not hasattr(test, "pytestmark")
]


@pytest.mark.parametrize("test", ORDINARY, ids=lambda test: test.__name__)
def test_they_pass_the_tests_of_the_python_ones(
    test: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (test_grains, test_grains_restored):
        monkeypatch.setattr(module, "Grains", fast.Grains)
    test()


def typed(amount: Amount) -> tuple[type, Amount]:
    """3 and 3.0 are equal in Python, but not in JSON."""
    return type(amount), amount


def exact(cells: Cells) -> list[tuple[str, tuple[type, Amount]]]:
    """Cells in their order, with the types of their amounts."""
    return [(cell, typed(amount)) for cell, amount in cells.items()]


class Both:
    """The Python panes and the compiled ones: each call goes to both, and they must agree."""

    def __init__(self) -> None:
        self.python, self.fast = Grains(), fast.Grains()
        self.versions: dict[tuple[int, int], int] = {}
        self.taken: list[tuple[Parts, bytes]] = []

    def count(self, facts: list[Fact | Spell]) -> None:
        assert self.python.count(facts) == self.fast.count(facts)

    def close(self, watermark: float) -> None:
        closed = sorted(self.python.close(watermark))
        assert closed == sorted(self.fast.close(watermark))
        self.take()  # `drop` is for what is written
        for start, dims in closed:
            self.drop(start, dims)

    def drop(self, start: int, dims: Dims) -> None:
        self.python.drop(start, dims)
        self.fast.drop(start, dims)

    def take(self) -> None:
        assert self.python.dirty_count == self.fast.dirty_count
        ours, theirs = list(self.python.take_changed()), list(self.fast.take_changed())
        assert [start for start, _, _ in ours] == [start for start, _, _ in theirs]
        told = {(start, dims): parts for start, dims, parts in theirs}
        assert {(start, dims) for start, dims, _ in ours} == set(told)
        for start, dims, parts in ours:
            self.compare(parts, told[start, dims])
            self.taken.append((told[start, dims], parts.json()))
        assert self.fast.dirty_count == 0

    def compare(self, ours: Parts, theirs: Parts) -> None:
        assert ours.json() == theirs.json()
        assert ours == theirs
        assert exact(ours.total()) == exact(theirs.total())
        assert exact(ours.settled) == exact(theirs.settled)
        minutes = {number: exact(cells) for number, cells in theirs.minutes.items()}
        assert {number: exact(cells) for number, cells in ours.minutes.items()} == minutes

    def check(self) -> None:
        """Compare everything that a reader sees, and what was taken with what it was then."""
        for ours, theirs in (
            (self.python.minutes, self.fast.minutes),
            (self.python.quarters, self.fast.quarters),
        ):
            assert (len(ours), ours.closed_before) == (len(theirs), theirs.closed_before)
            assert sorted(ours.slots) == sorted(theirs.slots)
            for start, slot in ours.slots.items():
                self.check_slot(slot, theirs.slots[start])
        for start, quarter in self.python.quarters.slots.items():
            for dims in (*quarter.dims, Dims("nobody")):
                self.compare(quarter.parts(dims), self.fast.quarters.slots[start].parts(dims))
        for parts, was in self.taken:
            assert parts.json() == was

    def check_slot(self, ours: Panes, theirs: Panes) -> None:
        assert (len(ours), ours.dims, ours.version) == (len(theirs), theirs.dims, theirs.version)
        panes = {dims: sorted(exact(cells)) for dims, cells in theirs.panes.items()}
        assert {dims: sorted(exact(cells)) for dims, cells in ours.panes.items()} == panes

    def restore(self, *, of_fast: bool) -> None:
        """Go on with panes that are read back from the records of either."""
        records = [
            (start, dims, (self.fast if of_fast else self.python).quarters.slots[start].parts(dims))
            for start, quarter in self.python.quarters.slots.items()
            for dims in quarter.dims
        ]
        closed_before = [self.python.minutes.closed_before, self.python.quarters.closed_before]
        self.python, self.fast = Grains(), fast.Grains()
        for start, dims, parts in records:
            for grains in (self.python, self.fast):
                if start % 1_800:
                    # A log may tell of a pane before, as it was or as a replay replaced it.
                    grains.restore(start, dims, Parts({"a": 7}, {3: {"b": 1}, 14: {}}))
                # A reader's strings are its own.
                again = msgspec.json.decode(parts.json(), type=Parts)
                grains.restore(start, Dims(*("".join([*text]) for text in dims)), again)
        for grains in (self.python, self.fast):
            grains.close(float(closed_before[0] + 3_600))
            assert [
                each.closed_before for each in (grains.minutes, grains.quarters)
            ] == closed_before


DIMS = [Dims("loans", "linh"), Dims("loans", "minh"), Dims('"cards"\n', rep="ảnh"), Dims()]
CELLS = ["a", "b", "seconds", 'a "quoted"\\\x01é']


@st.composite
def facts(draw: st.DrawFn, now: float) -> Fact | Spell:
    """A fact of about now, or of long ago; many share a second, a pane or a cell."""
    back = draw(st.sampled_from([0, 0, 1, 100, 1_000, 5_000, 90_000, 200_000]))
    at = ticks(now - back * draw(st.sampled_from([0.0, 0.25, 0.5001, 1.0])))
    dims = draw(st.sampled_from(DIMS))
    if draw(st.booleans()):
        # The same dimensions as another object: those of a restored pane, or after many others.
        dims = Dims(*dims)
    if draw(st.booleans()):
        amounts = st.sampled_from([1, -1, 2, 0, 0.5, -0.5, 1 / 1024, 0.1, 3.0, 1e300, 10**9])
        cells = st.lists(st.tuples(st.sampled_from(CELLS), amounts), max_size=5)
        return Fact(at, dims, tuple(draw(cells)))
    lasting = st.sampled_from([0.0, 0.3, 5.0, 59.999, 60.0, 130.5, 899.0, 5_000.25, 100_000.0])
    cell, sign = draw(st.sampled_from(CELLS)), draw(st.sampled_from([1, 1, -1]))
    return Spell(at, at + ticks(draw(lasting)), dims, cell, sign)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.data())
def test_they_live_the_same_life(data: st.DataObject) -> None:
    both, now = Both(), 1_000_000.0
    both.count([Spell(now, now + 60, DIMS[0], "a", 1)])
    for _ in range(data.draw(st.integers(1, 12))):
        now += data.draw(st.sampled_from([0.0, 1.0, 61.5, 900.0, 4_000.0, 100_000.0]))
        match data.draw(st.sampled_from(["count"] * 5 + ["take", "close", "restore", "drop"])):
            case "count":
                both.count(data.draw(st.lists(facts(now), max_size=12)))
            case "take":
                both.take()
            case "close":
                both.close(now - 600.0)
            case "restore":
                both.take()
                both.restore(of_fast=data.draw(st.booleans()))
            case "drop":
                both.take()
                both.drop(int(now) // 900 * 900, data.draw(st.sampled_from(DIMS)))
        both.check()
    both.take()
    both.check()
