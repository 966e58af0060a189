"""A watchdog ends a process that hangs, and none that works, stops in time, or was frozen."""

import pytest

from agents.health import Health
from agents.watchdog import FROZEN_SECONDS, LOOK_SECONDS, Watchdog

STALL_SECONDS = 10.0


class Process:
    """A process under a watchdog, in simulated time."""

    def __init__(self) -> None:
        self.now = 100.0
        self.ended: list[str] = []
        self.health = Health(stall_seconds=STALL_SECONDS, monotonic=lambda: self.now)
        self.watchdog = Watchdog(
            self.health.hangs, monotonic=lambda: self.now, end=self.ended.append
        )

    def live(self, seconds: float, *, beats: bool) -> None:
        """Let time go on; its event loop beats, or hangs."""
        until = self.now + seconds
        while self.now < until and not self.ended:
            self.now += LOOK_SECONDS
            if beats:
                self.health.look({}, joined=True)
            self.watchdog.look()


@pytest.fixture
def process() -> Process:
    return Process()


def test_a_process_whose_event_loop_hangs_is_ended(process: Process) -> None:
    process.live(60, beats=True)
    assert not process.ended
    process.live(60, beats=False)
    # Beyond ten seconds, and so at the eleventh look.
    assert process.now == 100 + 60 + 11
    assert process.ended == ["the event loop has not moved for 11 s"]


def test_a_process_that_was_frozen_is_given_time_to_show_that_it_lives(process: Process) -> None:
    process.live(5, beats=True)
    process.now += 3600
    process.watchdog.look()
    process.live(FROZEN_SECONDS - 2, beats=False)
    process.live(60, beats=True)
    assert not process.ended


def test_a_process_that_hangs_after_it_was_frozen_is_ended(process: Process) -> None:
    process.now += 3600
    process.live(60, beats=False)
    assert len(process.ended) == 1


def test_a_stop_may_take_its_time_and_no_longer(process: Process) -> None:
    process.watchdog.stop_within(28)
    process.live(28, beats=False)
    assert not process.ended
    process.live(1, beats=False)
    assert process.ended == ["the stop took too long"]
