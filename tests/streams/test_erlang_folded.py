"""The simulated floor through our own counting is Erlang's, within its interval.

The worked figures: 100 calls in 30 minutes, 180 s each. The long run is `make verify-erlang`.
"""

import pytest

from tests.worked.erlang import folded, through
from tests.worked.erlang.theory import Figures, erlang_c

WORKED = {14: Figures(0.1741, 0.8884, 7.84, 0.7143), 13: Figures(0.2853, 0.7956, 17.12, 0.7692)}


@pytest.mark.parametrize("reps", WORKED)
def test_the_formula_gives_the_worked_figures(reps: int) -> None:
    found = erlang_c(calls_per_hour=200, service_seconds=180, reps=reps, target_seconds=20)
    for name, of in folded.NAMES:
        assert of(found) == pytest.approx(of(WORKED[reps]), abs=0.005 if "ASA" in name else 5e-5)


def test_a_short_run_through_the_core_holds_them_in_its_interval() -> None:
    hours = 150
    events = folded.events_of(reps=13, hours=hours, seed=2)
    batches = folded.measured(events, roster=through.roster(13), hours=hours)
    widest = {"P(wait)": 0.1, "SL(20 s)": 0.1, "ASA, s": 15, "occupancy": 0.05}
    for name, of in folded.NAMES:
        found = folded.interval(map(of, batches))
        assert found.half_width < widest[name], "the interval is too wide to show anything"
        assert found.holds(of(WORKED[13])), (name, found)
