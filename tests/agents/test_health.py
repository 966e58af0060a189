"""Liveness asks for progress where there is work; readiness for state besides."""

import pytest

from agents.health import LOOK_SECONDS, Health

STALL_SECONDS = 10.0
CALLS = ("ringside.calls", 0)
DEALS = ("ringside.deals", 3)


class Process:
    """A process under observation, in simulated time."""

    def __init__(self) -> None:
        self.now = 100.0
        self.health = Health(stall_seconds=STALL_SECONDS, monotonic=lambda: self.now)

    def live(
        self, seconds: float, consumed: int = 0, lag: int = 0, *, joined: bool = True
    ) -> str | None:
        """Let time go on and look each second; return what is wrong then."""
        until = self.now + seconds
        while self.now < until:
            self.now += LOOK_SECONDS
            partitions = {CALLS: (consumed, lag), DEALS: (0, 0)}
            self.health.look(partitions, joined=joined)
        return self.health.live()


@pytest.fixture
def process() -> Process:
    return Process()


def test_a_partition_with_work_that_does_not_move_is_not_live(process: Process) -> None:
    assert process.live(100, consumed=5, lag=0) is None
    assert process.live(STALL_SECONDS, consumed=5, lag=3) is None
    found = process.live(1, consumed=5, lag=3)
    assert found == "ringside.calls/0 has work and has not moved for 11 s"


def test_a_partition_that_moves_however_slowly_is_live(process: Process) -> None:
    for count in range(20):
        assert process.live(STALL_SECONDS, consumed=count, lag=1000) is None


def test_nobody_is_expected_to_move_while_kafka_is_away(process: Process) -> None:
    assert process.live(5, consumed=5, lag=3) is None
    for _ in range(3600):
        process.now += LOOK_SECONDS
        process.health.look({CALLS: (5, 3)}, joined=False, excused=True)
        assert process.health.live() is None
    assert process.live(STALL_SECONDS, consumed=5, lag=3) is None
    assert process.live(1, consumed=5, lag=3) is not None


def test_an_event_loop_that_stands_still_is_not_live(process: Process) -> None:
    assert process.live(5) is None
    process.now += STALL_SECONDS + 1
    assert process.health.live() == "the event loop has not moved for 11 s"


def test_a_process_that_slept_is_live_again_when_it_wakes(process: Process) -> None:
    assert process.live(STALL_SECONDS - 2, consumed=5, lag=3) is None
    process.now += 3600
    assert process.live(1, consumed=5, lag=3) is None
    # Seven seconds since the first look, and one since it woke; ten may pass.
    assert process.live(2, consumed=5, lag=3) is None
    assert process.live(1, consumed=5, lag=3) is not None


def test_a_worker_may_be_out_of_its_group_for_twice_as_long(process: Process) -> None:
    assert process.live(2 * STALL_SECONDS, joined=False) is None
    assert process.live(1, joined=False) == "out of the consumer group for 21 s"
    assert process.live(1, joined=True) is None


def test_a_worker_is_ready_once_it_waits_for_nothing_and_is_live(process: Process) -> None:
    assert process.health.ready() == "the first partitions are not assigned yet"
    process.health.waits_for = ""
    assert process.health.ready() is None
    process.now += STALL_SECONDS + 1
    assert process.health.ready() == "the event loop has not moved for 11 s"
