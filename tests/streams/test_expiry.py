"""What is over is found, soon and once; what is not is left alone."""

import pytest

from streams import expiry
from streams.expiry import Expiry
from tests.streams.lives import new_fold

HOUR_SECONDS = 3600.0


@pytest.fixture(
    autouse=True,
    params=[Expiry, type(new_fold("ringside.calls")._expiry)],
    ids=["python", "as the fold has it"],
)
def _each_kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything holds of the compiled twin, too."""
    monkeypatch.setattr(expiry, "Expiry", request.param)


class Entities(dict[str, float]):
    """Keys with the watermark from which on each is over."""

    def __init__(self) -> None:
        self.expiry = expiry.Expiry(lambda over_at: float(str(over_at)))
        list(self.expiry.due(0.0, self))

    def add(self, key: str, over_at: float) -> None:
        self[key] = over_at
        self.expiry.add(key, over_at)

    def due(self, watermark: float) -> list[str]:
        found = sorted(self.expiry.due(watermark, self))
        for key in found:
            del self[key]
        return found


def test_an_entity_is_over_in_the_minute_after_its_time_and_not_before() -> None:
    entities = Entities()
    entities.add("a", 600.0)
    # Minute 10 is [600, 660): in it a repetition of time 600 may still be on time.
    assert entities.due(659.9) == []
    assert entities.due(660.0) == ["a"]
    assert entities.due(10_000.0) == []


def test_one_that_lives_longer_than_was_thought_is_kept() -> None:
    entities = Entities()
    entities.add("a", 600.0)
    entities["a"] = 6000.0
    assert entities.due(700.0) == []
    assert entities.due(6059.0) == []
    assert entities.due(6060.0) == ["a"]


def test_one_that_ends_sooner_than_was_thought_is_found_within_the_hour() -> None:
    # A call is open (to be kept for a week), and ends after two minutes.
    entities = Entities()
    for index in range(100):
        entities.add(f"c{index}", 7 * 86_400.0)
    for key in entities:
        entities[key] = 120.0
    found: list[str] = []
    for minute in range(62):
        found += entities.due(minute * 60.0)
    assert len(found) == 100
    assert not entities


def test_looks_are_spread_over_the_hour() -> None:
    looked: list[float] = []

    def expires_at(entity: object) -> float:
        looked.append(0)
        return float(str(entity))

    buckets = expiry.Expiry(expires_at)
    deals = {f"d{index}": 1e9 for index in range(6000)}
    list(buckets.due(0.0, deals))
    for key, over_at in deals.items():
        buckets.add(key, over_at)
    worst = 0
    for minute in range(1, 121):
        looked.clear()
        assert not list(buckets.due(minute * 60.0, deals))
        worst = max(worst, len(looked))
    # 6,000 over 60 minutes are 100 a minute.
    assert worst < 2 * 100


def test_after_a_jump_in_time_everything_is_looked_at() -> None:
    entities = Entities()
    entities.add("a", 600.0)
    entities.add("b", 9e8)
    assert entities.due(8e8) == ["a"]
    assert entities.due(1e9) == ["b"]


def test_what_is_kept_long_is_looked_at_seldom() -> None:
    # A year of a deal that is kept for a year after any change: two looks at most, not 8,760.
    looks: list[str] = []

    def expires_at(entity: object) -> float:
        looks.append(str(entity))
        return 10 * 365 * 86_400.0

    buckets = expiry.Expiry(expires_at, look_seconds=365 * 86_400.0)
    buckets.add("d1", "d1")
    looks.clear()
    for minute in range(0, 365 * 24 * 60, 60):
        assert list(buckets.due(minute * 60.0, {"d1": "d1"})) == []
    assert len(looks) <= 2
