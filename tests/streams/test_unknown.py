"""Names that events bring and the roster does not have."""

from schemas import events as e
from schemas.roster import Queue, Rep, Roster, Site, Team
from streams.roster import EMPTY, RosterIndex
from streams.unknown import Unknown, unknown
from tests.streams.lives import T0, apply, event, new_fold

ROSTER = RosterIndex(
    Roster(
        sites=(Site(id="hanoi", zone="Asia/Ho_Chi_Minh"),),
        teams=(Team(id="north", site="hanoi"),),
        reps=(Rep(id="linh", team="north"), Rep(id="left", team=None)),
        queues=(Queue(id="loans", site="hanoi"),),
    )
)


def test_reps_and_queues_that_the_roster_lacks_are_listed() -> None:
    calls = apply(
        new_fold("ringside.calls"),
        [
            event("c1", T0, e.CallOffered("loans")),
            event("c1", T0 + 1, e.CallAnswered("linh")),
            event("c2", T0, e.CallOffered("laons")),
            event("c2", T0 + 1, e.CallAnswered("stranger")),
        ],
    )
    deals = apply(new_fold("ringside.deals"), [event("d1", T0, e.DealCreated("left", "s", "new"))])
    # Who has left is in no team, and should not win deals any more.
    found = unknown([calls, deals], ROSTER, T0 + 60)
    assert found == Unknown(frozenset({"stranger", "left"}), frozenset({"laons"}))


def test_without_a_roster_everybody_is_unknown_and_nobody_without_events() -> None:
    fold = apply(new_fold("ringside.calls"), [event("c1", T0, e.CallOffered("loans"))])
    assert unknown([fold], EMPTY, T0) == Unknown(frozenset(), frozenset({"loans"}))
    assert unknown([new_fold("ringside.calls")], EMPTY, T0) == Unknown(frozenset(), frozenset())
