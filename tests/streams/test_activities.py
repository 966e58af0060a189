"""Logged activities and leads, each counted once."""

from itertools import permutations

import msgspec

from schemas import events as e
from schemas.events import Fact
from streams import activities
from tests.streams.lives import T0, apply, event, new_fold, quarter

TOPIC = "ringside.activities"


def test_an_activity_counts_by_its_kind_and_its_rep() -> None:
    fold = apply(
        new_fold(TOPIC),
        [
            event("a1", T0, e.ActivityLogged("linh", "demo")),
            event("a2", T0, e.ActivityLogged("linh", "e-mail")),
            event("a2", T0, e.ActivityLogged("linh", "e-mail")),
        ],
    )
    assert quarter(fold, kind="demo", rep="linh") == {"activities_logged": 1}
    assert quarter(fold, kind="e-mail", rep="linh") == {"activities_logged": 1}
    assert (fold.ledger.applied, fold.ledger.duplicate) == (2, 1)


def test_a_lead_is_created_once_and_qualified_once() -> None:
    told: list[Fact] = [
        e.LeadCreated(),
        e.LeadQualified("linh"),
        e.LeadCreated(),
        e.LeadQualified("minh"),
    ]
    events = [event("l1", T0 + at, data) for at, data in enumerate(told)]
    fold = apply(new_fold(TOPIC), events)
    assert quarter(fold) == {"leads_created": 1, "leads_qualified": 1}
    assert quarter(fold, rep="linh") == {"leads_qualified": 1}
    assert fold.ledger.duplicate == 2


def test_a_lead_and_an_activity_may_have_the_same_id() -> None:
    events = [event("7", T0, e.ActivityLogged("linh", "demo")), event("7", T0, e.LeadCreated())]
    fold = apply(new_fold(TOPIC), events)
    assert quarter(fold) == {"activities_logged": 1, "leads_created": 1}


def test_a_lead_is_remembered_for_weeks_and_an_activity_while_it_may_be_repeated() -> None:
    events = [event("a1", T0, e.ActivityLogged("linh", "demo")), event("l1", T0, e.LeadCreated())]
    fold = apply(new_fold(TOPIC), events)
    fold.idle(86_400.0, now=T0 + 86_400.0)
    fold.release(fold.ledger.next_offset)
    assert list(fold.entities) == ["lead/l1"]


def test_a_heartbeat_counts_nowhere_and_its_source_is_remembered_while_it_may_be_repeated() -> None:
    beats = [event("pbx/1", T0 + at, e.SourceHeartbeat()) for at in (0, 60, 60, 30)]
    fold = apply(new_fold(TOPIC), beats)
    assert quarter(fold) == {}
    # One a minute; the same again, and one that was overtaken, tell nothing new.
    assert (fold.ledger.applied, fold.ledger.duplicate) == (2, 2)
    assert list(fold.entities) == ["source/pbx/1"]
    fold.idle(86_400.0, now=T0 + 60 + 86_400.0)
    fold.release(fold.ledger.next_offset)
    assert fold.entities == {}


def test_nothing_brings_the_end_of_a_lead_nearer() -> None:
    """So a lead need not be looked at each hour: it is over in 90 days, or later (Expiry)."""
    told = [
        event("l1", T0, e.LeadCreated()),
        event("l1", T0 + 60, e.LeadQualified("linh")),
        msgspec.structs.replace(event("l1", T0 + 9, e.LeadCreated("an")), causation_id=f"l1/{T0}"),
        msgspec.structs.replace(event("l1", T0 + 90, e.LeadRetracted()), causation_id=""),
    ]
    for order in permutations(told):
        lead, end_at = None, 0.0
        for one in order:
            lead, _ = activities.step(lead, one)
            assert activities.expires_at(lead) >= end_at
            end_at = activities.expires_at(lead)
        assert end_at == T0 + 90 + 90 * 86_400


def test_a_lead_is_looked_at_seldom_while_it_is_kept() -> None:
    fold = new_fold(TOPIC)
    looked: list[float] = []

    def expires_at(lead: activities.Activity) -> float:
        looked.append(lead.last_at)
        return activities.expires_at(lead)

    fold._expiry = type(fold._expiry)(expires_at, look_seconds=fold.machine.kept_seconds)
    apply(fold, [event("l1", T0, e.LeadCreated())])
    for day in range(1, 90):
        fold.idle(86_400.0, now=T0 + day * 86_400.0)
    assert list(fold.entities) == ["lead/l1"]
    # When it came, and when the minute came that its key has in the 90 days.
    assert 1 <= len(looked) <= 2
