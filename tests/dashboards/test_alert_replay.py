"""The rule that was measured is the rule that Prometheus evaluates: both over a real day's counts.

`benchmarks.alerts` measures `streams.baseline.drop`; Prometheus evaluates what
`dashboards.alerts` makes of the same settings. Here promtool evaluates every minute of a day of
`bank_calls`, what is expected of it included, and must fire in the very same minutes.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from benchmarks.alerts.bank import Bank, bank
from benchmarks.alerts.rules import OPEN, bands_of, known_days, windows_of
from schemas.alerting import Drop, Rules
from streams.baseline.bands import Band
from streams.baseline.drop import Seen, firing
from tests.dashboards.promtool import Case, check, needs_promtool

pytestmark = needs_promtool
CLOSE = OPEN + 240
TEAM = {"team": "bank", "site": "hq"}


@pytest.fixture(scope="module")
def centre() -> Bank:
    return bank(seed=1)


def series(counts: Sequence[dict[str, float]], bands: Sequence[dict[str, Band]]) -> dict[str, str]:
    """The live windows and what is expected of them, from opening on, a sample a minute."""
    found = {}
    for window in ("5m", "15m", "1h"):
        of = f'team="bank", site="hq", window="{window}"'
        values = " ".join(f"{held[window]:.0f}" for held in counts[OPEN:CLOSE])
        found[f'ringside_activity_volume{{{of}, team_site="hq"}}'] = values
        for bound in Band._fields:
            values = " ".join(repr(getattr(each[window], bound)) for each in bands[OPEN:CLOSE])
            name = f'ringside_activity_expected{{{of}, kind="activity_volume", bound="{bound}"}}'
            found[name] = values
    return found


def test_promtool_fires_in_the_same_minutes_as_the_replay(centre: Bank, tmp_path: Path) -> None:
    drop = Drop()
    day = date(2003, 6, 10)
    history = [past for past in known_days(centre) if past.day < day]
    bands = bands_of(centre, history, day)
    start = centre.day_start(day)
    counts = centre.minutes[start : start + CLOSE].copy()
    # A dip of two minutes, half of the calls missing for 20 minutes, then nearly all for 12.
    rng = np.random.default_rng(5)
    for first, minutes, missing in ((40, 2, 1.0), (80, 20, 0.5), (160, 12, 0.9)):
        lost = slice(OPEN + first, OPEN + first + minutes)
        counts[lost] = rng.binomial(counts[lost], 1 - missing)
    held = windows_of(counts)
    seen = [
        Seen(minute * 60.0, held[OPEN + minute], bands[OPEN + minute])
        for minute in range(CLOSE - OPEN)
    ]
    fires = [is_firing for _, is_firing in firing(seen, drop)]
    # The test would prove nothing if nothing fired, or all the time; the dip must not.
    assert not any(fires[:80])
    assert any(fires[80:100])
    assert not fires[150]
    assert any(fires[160:175])
    expected = {
        minute: [("ActivityDropped", TEAM)] if is_firing else []
        for minute, is_firing in enumerate(fires)
    }
    check(tmp_path, [Case("a day at the bank", series(held, bands), expected)], Rules(drop=drop))
