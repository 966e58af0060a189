"""How much each source told of: by the time of what happened, and where it belongs."""

from schemas.roster import Queue, Rep, Roster, Site, Team
from streams.baseline.sources import SourceReader
from streams.facts import Dims, Fact
from streams.roster import RosterIndex
from tests.streams.lives import T0, new_fold

ROSTER = RosterIndex(
    Roster(
        sites=(Site(id="hq", zone="UTC"),),
        teams=(Team(id="red", site="hq"),),
        reps=(Rep(id="mai", team="red"),),
        queues=(Queue(id="sales", site="hq"),),
    )
)
MINUTE = int(T0 // 60 * 60)
CALL = Dims("sales", "mai", "inbound", "", "pbx/1")


def filled() -> tuple[SourceReader, object]:
    fold = new_fold("ringside.calls")
    count = fold.grains.count
    count([Fact(MINUTE, CALL, (("calls_offered", 2), ("call_wait_seconds", 40.0)))])
    count([Fact(MINUTE - 600, CALL, (("calls_offered", 3),))])
    count([Fact(MINUTE, Dims("", "who", "", "", "crm"), (("activities_logged", 1),))])
    return SourceReader(), fold


def test_everything_counted_is_added_up_and_durations_are_not() -> None:
    reader, fold = filled()
    read = reader.read([fold], ROSTER, MINUTE + 30).windows  # type: ignore[list-item]
    assert read["5m"] == {("pbx/1", "hq"): 2, ("crm", "unknown"): 1}
    assert read["15m"] == {("pbx/1", "hq"): 5, ("crm", "unknown"): 1}


def test_what_is_filled_in_later_is_seen_at_the_next_look() -> None:
    reader, fold = filled()
    reader.read([fold], ROSTER, MINUTE + 30)  # type: ignore[list-item]
    fold.grains.count([Fact(MINUTE, CALL, (("calls_offered", 1),))])  # type: ignore[attr-defined]
    assert reader.read([fold], ROSTER, MINUTE + 31).windows["5m"]["pbx/1", "hq"] == 3  # type: ignore[list-item]


def test_a_source_that_told_of_nothing_has_no_count() -> None:
    reader, fold = filled()
    read = reader.read([fold], ROSTER, MINUTE + 4000)  # type: ignore[list-item]
    assert read.windows == {"5m": {}, "15m": {}, "1h": {}}


def test_the_age_of_a_source_counts_from_the_end_of_its_last_minute() -> None:
    reader, fold = filled()
    ages = reader.read([fold], ROSTER, MINUTE + 90).age_seconds  # type: ignore[list-item]
    assert ages == {"pbx/1": 30, "crm": 30}


def test_a_source_that_records_calls_at_their_end_is_heard_though_it_tells_of_the_past() -> None:
    reader, fold = filled()
    heard_at = {"pbx/1": MINUTE + 290.0, "crm": MINUTE - 900.0, "quiet": MINUTE - 7200.0}
    ages = reader.read([fold], ROSTER, MINUTE + 300, heard_at).age_seconds  # type: ignore[list-item]
    assert ages == {"pbx/1": 10, "crm": 240, "quiet": 7500}
