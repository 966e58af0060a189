"""Who slept longer than the group waits is in doubt, until the group has answered after that."""

import pytest

from agents.membership import SESSION_SECONDS, Membership


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def membership(clock: Clock) -> Membership:
    return Membership(monotonic=clock)


def test_who_runs_is_sure_whether_kafka_answers_or_not(
    membership: Membership, clock: Clock
) -> None:
    for _ in range(100):
        clock.now += 1
        membership.beat()
        assert membership.is_sure()


def test_who_slept_too_long_is_in_doubt_before_anything_of_it_has_run(
    membership: Membership, clock: Clock
) -> None:
    clock.now += SESSION_SECONDS
    assert not membership.is_sure()
    membership.beat()
    assert not membership.is_sure()


def test_the_group_ends_the_doubt_if_it_was_asked_after_the_sleep(
    membership: Membership, clock: Clock
) -> None:
    asked_before_at = clock.now
    clock.now += SESSION_SECONDS
    membership.confirm(asked_before_at)
    assert not membership.is_sure()
    clock.now += 1
    membership.confirm(clock.now)
    assert membership.is_sure()


def test_a_short_nap_is_no_reason_for_doubt(membership: Membership, clock: Clock) -> None:
    clock.now += 5
    assert membership.is_sure()
    membership.beat()
    assert membership.is_sure()
