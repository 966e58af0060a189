"""With exponential service and patient callers the floor is an M/M/n queue, and Erlang is right.

The worked figures (100 calls in 30 minutes, 180 s each, 14 reps) are those of Erlang C: P(wait)
0.1741, within 20 s 0.8884, mean wait 7.84 s, occupancy 0.7143. Each simulated figure is the mean of
20 batches; the stated interval is Student's t at 99.9 % (3.883 standard errors at 19 degrees of
freedom), and the seed is fixed, so these tests do not come and go.
"""

import statistics
from collections.abc import Callable
from itertools import pairwise

import pytest
from simulation_checks import Queueing

from streams.simulation import FloorPlan, simulate

HOURS = 700
BATCHES = 20
T_999 = 3.883
REPS = 14


@pytest.fixture(scope="module")
def run() -> Queueing:
    plan = FloorPlan.erlang(calls_per_hour=200, service_seconds=180, reps=REPS)
    return Queueing.of(simulate(plan, seed=5, start_at=0, end_at=HOURS * 3600))


def assert_within_interval(values: list[float], expected: float, most_half_width: float) -> None:
    mean = statistics.fmean(values)
    half_width = T_999 * statistics.stdev(values) / len(values) ** 0.5
    assert half_width < most_half_width, "the interval is too wide to show anything"
    assert abs(mean - expected) < half_width, f"{mean:.4f} +- {half_width:.4f}, not {expected}"


def in_batches(waits: list[float], measure: Callable[[list[float]], float]) -> list[float]:
    # The floor began empty; after 300 calls, 30 service times, that is forgotten.
    waits = waits[300:]
    size = len(waits) // BATCHES
    return [measure(waits[size * batch : size * (batch + 1)]) for batch in range(BATCHES)]


def share(condition: Callable[[float], bool]) -> Callable[[list[float]], float]:
    return lambda waits: sum(map(condition, waits)) / len(waits)


def test_the_share_of_callers_who_wait_is_erlangs(run: Queueing) -> None:
    values = in_batches(run.waits, share(lambda wait: wait > 0))
    assert_within_interval(values, 0.1741, most_half_width=0.02)


def test_the_share_answered_within_twenty_seconds_is_erlangs(run: Queueing) -> None:
    values = in_batches(run.waits, share(lambda wait: wait <= 20))
    assert_within_interval(values, 0.8884, most_half_width=0.02)


def test_the_mean_wait_is_erlangs(run: Queueing) -> None:
    assert_within_interval(in_batches(run.waits, statistics.fmean), 7.84, most_half_width=1.6)


def test_occupancy_is_offered_load_by_reps(run: Queueing) -> None:
    # 200 calls of 180 s an hour are 10 reps' full work; 10 / 14.
    size = len(run.services) // BATCHES
    seconds = HOURS * 3600 * size / len(run.services)
    batches = [run.services[size * batch : size * (batch + 1)] for batch in range(BATCHES)]
    values = [sum(batch) / (REPS * seconds) for batch in batches]
    assert_within_interval(values, 0.7143, most_half_width=0.02)


def test_the_number_waiting_obeys_littles_law(run: Queueing) -> None:
    # L = lambda W holds on every path but for the calls cut off at its end.
    arrivals_per_second = len(run.offered_at) / (HOURS * 3600)
    mean_waiting = run.queue_seconds / (HOURS * 3600)
    assert mean_waiting == pytest.approx(
        arrivals_per_second * statistics.fmean(run.waits), rel=0.001
    )
    # 200 / 3600 * 7.84
    assert mean_waiting == pytest.approx(0.4356, abs=0.06)


def test_arrivals_are_poisson_and_service_is_exponential(run: Queueing) -> None:
    # Both have a coefficient of variation of 1; mean gap 18 s, mean service 180 s. The standard
    # error of such a mean over 140,000 is 0.3 %.
    offered = run.offered_at
    gaps = [after - before for before, after in pairwise(offered)]
    for values, mean in ((gaps, 18), (run.services, 180)):
        assert statistics.fmean(values) == pytest.approx(mean, rel=0.015)
        assert statistics.stdev(values) / statistics.fmean(values) == pytest.approx(1, abs=0.02)


def test_first_come_is_first_served() -> None:
    plan = FloorPlan.erlang(calls_per_hour=200, service_seconds=180, reps=10)  # always full
    events = list(simulate(plan, seed=3, start_at=0, end_at=20_000))
    offered = [event.subject for event in events if event.type == "call.offered"]
    answered = [event.subject for event in events if event.type == "call.answered"]
    assert len(answered) > 900
    assert answered == offered[: len(answered)]
