"""What event time changes is told once, when its instant has passed, and not before."""

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.due import Due


def test_a_key_is_told_in_the_minute_after_its_instant() -> None:
    due = Due()
    due.expect("a", 59.0)
    due.expect("b", 60.0)
    assert list(due.take(59.9)) == []
    assert list(due.take(60.0)) == ["a"]
    assert list(due.take(120.0)) == ["b"]
    assert list(due.take(1e6)) == []


def test_the_last_word_on_a_key_counts() -> None:
    due = Due()
    for at in (600.0, 60.0, None):
        due.expect("gone", at)
    for at in (60.0, 600.0):
        due.expect("later", at)
    assert list(due.take(180.0)) == []
    assert list(due.take(660.0)) == ["later"]


def test_an_instant_that_had_passed_already_is_told_the_next_time() -> None:
    due = Due()
    assert list(due.take(6_000.0)) == []
    due.expect("late", 100.0)
    assert list(due.take(6_000.0)) == ["late"]


@settings(max_examples=50, derandomize=True, deadline=None)
@given(st.lists(st.floats(0, 30_000), max_size=20), st.lists(st.floats(0, 40_000), max_size=10))
def test_each_key_is_told_once_by_the_first_look_after_it(
    instants: list[float], looks: list[float]
) -> None:
    due = Due()
    for number, at in enumerate(instants):
        due.expect(str(number), at)
    told: list[str] = []
    for watermark in [*sorted(looks), 50_000.0]:
        told += due.take(watermark)
        # Whole minutes: what is due in a minute is told when the next one has begun.
        passed = {str(n) for n, at in enumerate(instants) if at // 60 < watermark // 60}
        assert set(told) == passed
    assert len(told) == len(instants)
