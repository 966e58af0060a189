"""The structs of the roster: what a file may say."""

from typing import Any

import msgspec
import pytest

from schemas.measure import Unit
from schemas.measures import ACTIVITY_VOLUME, MEASURES
from schemas.roster import TARGETS, Roster, Site, Team

GOOD: dict[str, Any] = {
    "sites": [{"id": "hanoi", "zone": "Asia/Ho_Chi_Minh", "holidays": ["2026-09-02"]}],
    "teams": [{"id": "north", "site": "hanoi"}],
    "reps": [{"id": "linh", "team": "north", "from": "2026-03-01"}, {"id": "minh", "team": None}],
    "queues": [{"id": "loans", "site": "hanoi", "target_seconds": 30}],
}


def roster(kind: str, **entry: object) -> Roster:
    return msgspec.convert(GOOD | {kind: [GOOD[kind][0] | entry]}, Roster)


def test_a_roster_says_only_what_is_not_usual() -> None:
    read = msgspec.convert(GOOD, Roster)
    assert read.sites[0].working_hours["sat"] == "08:30-17:00"
    assert "sun" not in read.sites[0].working_hours
    assert (read.queues[0].target_seconds, read.queues[0].short_abandon_seconds) == (30, 5)
    assert read.reps[0].since == "2026-03-01"
    assert read.activity_volume == tuple(measure.name for measure in ACTIVITY_VOLUME)


def test_a_team_and_a_site_without_targets_are_written_as_before_there_were_any() -> None:
    # Else every roster would be published anew, and workers of an older release not read it.
    assert msgspec.json.encode(Team(id="north", site="hanoi")) == (
        b'{"id":"north","from":null,"site":"hanoi"}'
    )
    site = Site(id="hq", zone="UTC", working_hours={})
    assert msgspec.json.encode(site) == (
        b'{"id":"hq","from":null,"zone":"UTC","working_hours":{},"holidays":[]}'
    )
    assert roster("teams", monthly_targets={"deals_won": 40}).teams[0].monthly_targets == {
        "deals_won": 40
    }


def test_targets_are_of_what_reps_do() -> None:
    counts = {measure.name for measure in MEASURES if measure.unit is Unit.COUNT}
    assert counts > TARGETS > {measure.name for measure in ACTIVITY_VOLUME}
    assert {"deals_won", "meetings_held", "calls_dialled"} <= TARGETS
    assert not {"calls_abandoned", "contacts"} & TARGETS  # a queue's


def test_what_may_be_activity_is_measured() -> None:
    assert set(ACTIVITY_VOLUME) <= set(MEASURES)


@pytest.mark.parametrize(
    ("kind", "entry"),
    [
        ("sites", {"working_hours": {"mon": "8:30-17:00"}}),
        ("sites", {"working_hours": {"mon": "08:30-24:30"}}),
        ("sites", {"working_hours": {"mon": "08:30-17:00\n"}}),
        ("sites", {"working_hours": {"mon": "0٨:30-17:00"}}),
        ("sites", {"working_hours": {"monday": "08:30-17:00"}}),
        ("sites", {"holidays": ["2026-02-30"]}),
        ("sites", {"id": ""}),
        ("reps", {"from": "yesterday"}),
        ("reps", {"from": "2026-03-01 at noon"}),
        ("reps", {"from": "2026-03-01\n"}),
        ("reps", {"from": "20٢6-03-01"}),
        ("reps", {"boss": "somebody"}),
        ("queues", {"target_seconds": "20"}),
        ("teams", {"monthly_targets": {"deals_won": 0}}),
        ("teams", {"monthly_targets": {"deals_won": 1.5}}),
        ("teams", {"monthly_targets": ["deals_won"]}),
    ],
)
def test_what_is_not_understood_is_refused(kind: str, entry: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        roster(kind, **entry)


@pytest.mark.parametrize("since", ["2026-03-01", "2026-03-01T09:00", "2026-03-01 09:00:30+07:00"])
def test_from_is_a_day_or_an_instant(since: str) -> None:
    assert roster("reps", **{"from": since}).reps[0].since == since
