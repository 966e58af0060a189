"""What was worked out beside what came out: KPIS.md's own figures, and group by group."""

from __future__ import annotations

from dataclasses import dataclass

from tests.worked.bank_week.expected import Figures, Number

TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Line:
    """One figure: how it is told, what was expected, what came."""

    name: str
    expected: float
    got: Number
    places: int = 0
    """Decimal places to which it is told; 0: a count, or whole seconds."""

    @property
    def is_right(self) -> bool:
        """Whether they are the same, to as many places as are told."""
        if self.got is None:
            return False
        return (
            round(self.got, self.places) == self.expected
            if self.places
            else (self.got == self.expected)
        )

    def text(self, value: Number) -> str:
        """Return a value as it is printed: counts as plain integers."""
        if value is None:
            return "nothing"
        if self.places:
            return f"{value:.{self.places}f}"
        return str(int(value)) if value == int(value) else repr(value)


@dataclass(frozen=True, slots=True)
class Pair:
    """One figure of one group: what was expected, what came."""

    name: str
    expected: Number
    got: Number
    is_right: bool

    def text(self) -> str:
        """Return both as plain numbers."""
        told = f"{plain(self.expected):>16}{plain(self.got):>16}"
        return f"{self.name:<72}{told}   {'yes' if self.is_right else 'NO'}"


@dataclass(frozen=True, slots=True)
class Tally:
    """How many figures of one grouping were compared, how many were equal, and what was not."""

    name: str
    compared: int
    differences: tuple[str, ...]
    pairs: tuple[Pair, ...] = ()
    """The figures themselves, where they are numbers."""

    @property
    def is_right(self) -> bool:
        """Whether there was something to compare and all of it was equal."""
        return self.compared > 0 and not self.differences


def whole_week(at_20: dict[str, Number], at_60: dict[str, Number], in_menu: int) -> list[Line]:
    """Return the lines of KPIS.md 1.1; the expected ones are its literal numbers."""
    return [
        Line("answered", 7917, at_20["calls_answered"]),
        Line("abandoned", 3043, at_20["calls_abandoned"]),
        Line("offered", 10960, at_20["calls_offered"]),
        Line("ended in the menu", 655, in_menu),
        *_levels(20, at_20, (2441, 823), (30.83, 29.78, 22.27, 22.45, 24.08)),
        *_levels(60, at_60, (3631, 1698), (45.86, 48.62, 33.13, 33.39, 39.20)),
        Line("short abandons", 87, at_20["abandoned_wait_within_short_abandon"]),
        Line("wait of answered, s", 942945, at_20["call_wait_seconds"]),
        Line("ASA, s", 119.103827, at_20["average_speed_of_answer_seconds"], 6),
        Line("talk, s", 1528964, at_20["call_talk_seconds"]),
        Line("mean talk, s", 193.124163, at_20["average_talk_time_seconds"], 6),
        Line("abandonment, %", 27.7646, _percent(at_20["abandonment"]), 4),
        Line("longest wait, s", 1823, at_20["longest_wait_seconds"]),
    ]


def _levels(
    target: int, got: dict[str, Number], counts: tuple[int, int], percents: tuple[float, ...]
) -> list[Line]:
    rules = ("answered_of_answered", "handled_of_offered", "answered_of_offered")
    rules += ("answered_less_short", "answered_less_early")
    return [
        Line(f"answered within {target} s", counts[0], got["answered_wait_within_target"]),
        Line(f"abandoned within {target} s", counts[1], got["abandoned_wait_within_target"]),
        *(
            Line(f"{rule}, {target} s, %", percent, _percent(got[f"service_level_{rule}"]), 2)
            for rule, percent in zip(rules, percents, strict=True)
        ),
    ]


def tally(name: str, expected: Figures, got: Figures) -> Tally:
    """Compare every expected figure of every group; a group too many is a difference too."""
    differences = [f"{'/'.join(group)}: not expected" for group in got.keys() - expected.keys()]
    pairs = []
    for group, figures in expected.items():
        found = got.get(group, {})
        for figure, number in figures.items():
            value = found.get(figure)
            place = " ".join(("/".join(group), figure)).strip()
            pairs.append(Pair(place, number, value, _equal(number, value)))
    differences += [
        f"{one.name}: expected {one.expected}, got {one.got}" for one in pairs if not one.is_right
    ]
    return Tally(name, len(pairs), tuple(differences), tuple(pairs))


def tally_exact(
    name: str, expected: dict[tuple[str, ...], dict[str, tuple[int, int, int]]], got: Figures
) -> Tally:
    """Compare percentiles with the exact ones: both must lie in the same bucket."""
    pairs = []
    for group, figures in expected.items():
        for figure, (exact, low, high) in figures.items():
            value = got.get(group, {}).get(figure)
            is_right = value is not None and low <= value <= high
            place = " ".join(("/".join(group), figure, f"in {low}..{high} s")).strip()
            pairs.append(Pair(place, exact, value, is_right))
    wrong = tuple(f"{one.name}: {one.got}" for one in pairs if not one.is_right)
    return Tally(name, len(pairs), wrong, tuple(pairs))


def plain(value: Number) -> str:
    """Return a number as it is: counts as integers, the rest to nine places."""
    if value is None:
        return "nothing"
    return str(int(value)) if value == int(value) else f"{value:.9f}"


def tally_calls(expected: dict[str, tuple], got: dict[str, tuple]) -> Tally:  # type: ignore[type-arg]
    """Compare call by call."""
    keys = sorted(expected.keys() | got.keys())
    wrong = [
        f"{key}: expected {expected.get(key)}, got {got.get(key)}"
        for key in keys
        if expected.get(key) != got.get(key)
    ]
    return Tally("every call, one by one", len(keys), tuple(wrong))


def only(figures: Figures, names: tuple[str, ...]) -> Figures:
    """Return the same groups with only these figures."""
    return {group: {name: found[name] for name in names} for group, found in figures.items()}


def _equal(expected: Number, got: Number) -> bool:
    if expected is None or got is None:
        return expected is got
    # Counts and whole seconds are equal; ratios may differ in a float's last place.
    return expected == got if isinstance(expected, int) else abs(expected - got) <= TOLERANCE


def _percent(ratio: Number) -> Number:
    return None if ratio is None else 100 * ratio
