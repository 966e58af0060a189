"""The baselines of a whole installation: own ones, inherited ones, none."""

from datetime import UTC, datetime

import pytest

from schemas.roster import Rep, Roster, Site, Team
from streams.baseline.build import Counts, Series, Span, build
from streams.roster import RosterIndex

MONDAY = int(datetime(2026, 1, 5, tzinfo=UTC).timestamp())
WEEK = 7 * 86_400
TEN = 10 * 3600
SLOT = 40
"""Monday 10:00, which is SLOT quarters after Monday 00:00."""
SPAN = Span(MONDAY, MONDAY + 6 * WEEK)
ROSTER = RosterIndex(
    Roster(
        sites=(Site(id="hq", zone="UTC", working_hours={"mon": "10:00-10:15"}),),
        teams=(Team(id="red", site="hq"), Team(id="blue", site="hq"), Team(id="new", site="hq")),
        reps=(
            *(Rep(id=f"red{n}", team="red") for n in range(6)),
            *(Rep(id=f"blue{n}", team="blue") for n in range(2)),
            *(Rep(id=f"new{n}", team="new") for n in range(2)),
        ),
    )
)


def team(name: str) -> Series:
    return Series("team", name, "hq", "calls_answered")


def mondays(*counts: float, first: int = 0) -> Counts:
    """Counts of Mondays at 10:00, from the week *first* on."""
    return Counts(
        {MONDAY + (first + n) * WEEK + TEN: count for n, count in enumerate(counts)}, 60.0
    )


def test_a_team_with_weeks_of_its_own_has_its_own() -> None:
    found = build({team("red"): mondays(60, 60, 60, 60, 60, 60)}, ROSTER, SPAN)
    assert found[team("red")].slots[SLOT].expected == pytest.approx(60)
    assert found[team("red")].weeks == 6
    assert found[team("red")].delay_seconds == 60


def test_a_new_team_gets_the_part_of_its_site_that_it_had_so_far() -> None:
    # The site does 90 in the weeks before and 120 in the last two, of which blue does 30 in each.
    history = {
        team("red"): mondays(90, 90, 90, 90, 90, 90),
        team("blue"): mondays(30, 30, first=4),
    }
    blue = build(history, ROSTER, SPAN)[team("blue")]
    # The site's median week is 90, the median of its last three is 120 (90, 120, 120): 30 of it.
    assert blue.slots[SLOT].expected == pytest.approx(30)
    assert blue.weeks == 0


def test_a_team_that_did_nothing_yet_gets_its_part_of_the_reps() -> None:
    # Two of ten reps: a fifth of 100.
    found = build({team("red"): mondays(100, 100, 100, 100, 100, 100)}, ROSTER, SPAN)
    assert found[team("new")].slots[SLOT].expected == pytest.approx(20)


def test_who_is_in_no_team_of_the_roster_is_expected_nothing_of() -> None:
    unknown = Series("team", "unknown", "unknown", "calls_answered")
    assert build({unknown: mondays(9, 9, 9, 9, 9, 9)}, ROSTER, SPAN) == {}


def test_a_source_has_a_baseline_for_each_site() -> None:
    pbx = Series("source", "pbx/1", "hq", "")
    found = build({pbx: mondays(50, 50, 50, 50, 50, 50)}, ROSTER, SPAN)
    assert found[pbx].slots[SLOT].expected == pytest.approx(50)


def test_what_belongs_to_no_site_counts_only_for_a_source_that_has_none() -> None:
    weeks = mondays(50, 50, 50, 50, 50, 50)
    here, nowhere = (Series("source", "pbx/1", site, "") for site in ("hq", ""))
    leads = Series("source", "web", "", "")
    found = build({here: weeks, nowhere: weeks, leads: weeks}, ROSTER, SPAN)
    assert set(found) == {here, leads}


def test_the_weeks_before_a_team_existed_are_no_zeros() -> None:
    found = build({team("red"): mondays(60, 60, 60, first=3)}, ROSTER, SPAN)
    assert found[team("red")].slots[SLOT].expected == pytest.approx(60)
    assert found[team("red")].weeks == 3
