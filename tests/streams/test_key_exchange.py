"""A statement that is repeated after the customers' key was exchanged names another token."""

from datetime import UTC, datetime
from itertools import permutations

import pytest

from schemas import events as e
from schemas.customers import may_be_one
from schemas.events import Fact
from tests.streams.lives import T0, apply, event, new_fold, panes

OLD, NEW, STRANGER = "ct1_" + "a" * 32, "ct2_" + "0" * 32, "ct1_" + "b" * 32


def record(customer: str) -> Fact:
    """Return a record of a whole call: 10 s of waiting, 50 s of talk."""
    at = datetime.fromtimestamp(T0, UTC)
    return e.CallCompleted(
        at, "answered", "loans", rep="linh", wait_seconds=10, talk_seconds=50, customer=customer
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (e.CallOffered("loans", OLD), e.CallOffered("loans", NEW)),
        (e.CallDialled("linh", "loans", OLD), e.CallDialled("linh", "loans", NEW)),
        (record(OLD), record(NEW)),
    ],
)
def test_the_same_said_under_both_keys_is_said_once_and_no_contradiction(
    before: Fact, after: Fact
) -> None:
    at = T0 + 60
    once = apply(new_fold("ringside.calls"), [event("c1", at, before)])
    for order in permutations([before, after]):
        fold = apply(new_fold("ringside.calls"), [event("c1", at, one) for one in order])
        assert panes(fold) == panes(once)
        assert [call.customer for call in fold.entities.values()] == [OLD], "the older key's"
    repeated = apply(new_fold("ringside.calls"), [event("c1", at, one) for one in (before, after)])
    assert (repeated.ledger.applied, repeated.ledger.duplicate) == (1, 1)


def test_another_customer_of_the_same_key_is_a_contradiction_still() -> None:
    said = [event("c1", T0, e.CallOffered("loans", token)) for token in (OLD, STRANGER)]
    counted = panes(apply(new_fold("ringside.calls"), said)).values()
    assert all(cells["calls_contradicted"] == 1 for cells in counted)


def test_only_tokens_of_different_keys_can_be_one_customer() -> None:
    assert may_be_one(OLD, NEW)
    assert may_be_one(OLD, OLD)
    assert may_be_one(None, None)
    assert not may_be_one(OLD, STRANGER)
    assert not may_be_one(OLD, None)
    assert not may_be_one("somebody", NEW)
