"""What a live window is expected to hold now, and when activity counts as dropped."""

from datetime import UTC, datetime
from math import exp

import pytest

from schemas.alerting import Drop
from schemas.roster import Roster, Site
from streams.baseline.bands import Band, band
from streams.baseline.drop import Seen, firing, has_dropped
from streams.baseline.profile import Profile, Slot
from streams.roster import RosterIndex

HOURS = {"mon": "09:00-17:00"}
ROSTER = RosterIndex(Roster(sites=(Site(id="hq", zone="UTC", working_hours=HOURS),)))  # type: ignore[arg-type]
NINE = datetime(2026, 3, 2, 9, tzinfo=UTC).timestamp()
# Each quarter from 09:00 on has 90 calls, from 12:00 on 180.
PROFILE = Profile({slot: Slot(90.0 if slot < 48 else 180.0, 9.5) for slot in range(36, 68)}, 8)
DROP = Drop()


def expected(now: float, seconds: int = 900, profile: Profile = PROFILE) -> Band | None:
    return band(profile, "hq", ROSTER, window_seconds=seconds, now=now)


def test_a_window_is_expected_to_hold_the_minutes_that_it_shows() -> None:
    # At 10:00:30 the window of 5 minutes shows the minutes from 09:56 on: 4.5 of 6 calls each.
    now = expected(NINE + 3630, 300)
    assert now is not None
    assert now.expected == pytest.approx(27)


def test_a_window_that_spans_two_quarters_has_its_part_of_each() -> None:
    # At 12:05:00 it shows 11:51 to 12:05: nine minutes of 6 calls and five of 12.
    now = expected(NINE + 3 * 3600 + 300)
    assert now is not None
    assert now.expected == pytest.approx(9 * 6 + 5 * 12)


def test_after_opening_only_working_minutes_are_expected() -> None:
    now = expected(NINE + 120)
    assert now is not None
    assert now.expected == pytest.approx(12)


@pytest.mark.parametrize("now", [NINE - 1, NINE + 8 * 3600, NINE + 86_400])
def test_nothing_is_expected_while_the_site_is_closed(now: float) -> None:
    assert expected(now) is None


def test_bounds_lie_three_deviations_away_and_never_below_zero() -> None:
    # 84 calls; chance sqrt(84), and sqrt(9.5 ** 2 - 90) = 0.5 more for each full quarter.
    now = expected(NINE + 3600, 900)
    assert now is not None
    around = 3 * (84 + (0.5 * 14 / 15) ** 2) ** 0.5
    assert now.lower == pytest.approx(84 - around)
    assert now.upper == pytest.approx(84 + around)
    few = expected(NINE + 30, 300)
    assert few is not None
    assert few.lower == 0


def test_what_is_told_late_is_expected_late() -> None:
    # Calls are answered two minutes after they come in, on average: of the minutes that are up to
    # 840 s old a share of 1 - exp(-age / 120) is known.
    late = Profile(PROFILE.slots, 8, 0, 120.0)
    now = expected(NINE + 3600, 900, late)
    assert now is not None
    assert now.expected == pytest.approx((840 - 120 * (1 - exp(-7))) * 0.1)


def seen(minute: float, *, short: float, long: float, hour: float = 240.0) -> Seen:
    bands = {"5m": Band(20, 8, 32), "15m": Band(60, 40, 80), "1h": Band(240, 190, 290)}
    return Seen(minute * 60, {"5m": short, "15m": long, "1h": hour}, bands)


def test_a_short_dip_is_no_drop_because_the_longer_window_knows_better() -> None:
    assert not has_dropped(seen(0, short=2, long=46), DROP)


def test_a_drop_that_is_over_is_none_because_the_shorter_window_knows_better() -> None:
    assert not has_dropped(seen(0, short=20, long=30), DROP)


def test_far_under_both_is_a_drop() -> None:
    # Under 0.65 * 20 = 13 and the bound of 8; under 0.75 * 60 = 45 and the bound of 40.
    assert has_dropped(seen(0, short=7, long=39), DROP)
    assert not has_dropped(seen(0, short=9, long=39), DROP)
    assert not has_dropped(seen(0, short=7, long=41), DROP)


def test_a_quiet_team_is_judged_by_the_hour() -> None:
    # Of three calls in a quarter none at all may be chance; of twelve in an hour one is not.
    bands = {"5m": Band(1, 0, 4), "15m": Band(3, 0, 8), "1h": Band(12, 1.6, 22)}
    assert has_dropped(Seen(0, {"1h": 1}, bands), DROP)
    assert not has_dropped(Seen(0, {"1h": 2}, bands), DROP)


def test_where_nothing_is_expected_nothing_can_drop() -> None:
    assert not has_dropped(Seen(0, {}, {}), DROP)


def test_it_fires_after_it_has_lasted_and_until_it_has_been_over_for_long() -> None:
    low, fine = {"short": 0, "long": 0}, {"short": 20, "long": 60}
    told = [seen(minute, **(low if 1 <= minute <= 5 else fine)) for minute in range(20)]
    # For two minutes from the first minute on; over in minute 6, and for ten minutes in 16.
    fires = [at / 60 for at, is_firing in firing(told, DROP) if is_firing]
    assert fires == list(range(3, 16))


def test_what_does_not_last_never_fires() -> None:
    low, fine = {"short": 0, "long": 0}, {"short": 20, "long": 60}
    told = [seen(minute, **(low if minute in {1, 2, 4, 5} else fine)) for minute in range(10)]
    assert not any(is_firing for _, is_firing in firing(told, DROP))
