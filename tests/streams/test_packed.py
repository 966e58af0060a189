"""Deals at rest: bytes that unpack into what was packed, whatever was said of the deal."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.deal_load import YEAR_SECONDS, lived
from schemas import events as e
from schemas.events import Event
from schemas.topics import DEALS
from streams.deal_state import Deal
from streams.deals import step
from streams.fold import Fold
from streams.ledger import Ledger
from streams.packed import Packed
from tests.streams.lives import T0, event

TOKEN = "ct1_" + 32 * "a"

FACTS: list[e.Fact] = [
    e.DealCreated("linh", "sales", "new", 5_000, "USD", TOKEN, "smb"),
    e.DealCreated("mai", "upsell", "trial", segment="ent"),
    e.DealStageChanged("trial", "new"),
    e.DealStageChanged("ünbekannt"),
    e.DealAmountChanged(2**53, "VND"),
    e.DealOwnerChanged("mai"),
    e.DealWon(6_000, "EUR"),
    e.DealLost("price\0"),
    e.DealReopened("trial"),
    e.DealMerged("d2"),
    e.DealDeleted(),
]
TOLD = st.lists(st.tuples(st.integers(0, 3 * 1024), st.sampled_from(FACTS)), max_size=12)


def deal(told: list[tuple[int, e.Fact]], *, is_corrected: bool = False) -> Deal:
    events = [event("d1", T0 + at / 1024, data, "crm") for at, data in told]
    if is_corrected and events:
        first = events[0]
        at, data = T0 + 1.5, e.DealStageChanged("offer")
        fixed = Event("fix", "crm", "d1", "deal.stage_changed", at, data, "", first.id)
        events.append(fixed)
    found = Deal()
    for one in events:
        found, _ = step(found, one)
    return found


@given(TOLD, st.booleans())
def test_a_deal_comes_back_as_it_went_in(
    told: list[tuple[int, e.Fact]], is_corrected: bool
) -> None:
    packed, one = Packed(Deal), deal(told, is_corrected=is_corrected)
    packed["d1"] = one
    assert packed["d1"] == packed.get("d1") == one
    assert packed == {"d1": one}


def test_it_is_a_mapping_in_the_order_in_which_keys_came() -> None:
    packed = Packed(Deal)
    packed.update({"b": Deal("crm/b"), "a": Deal("crm/a")})
    packed["b"] = Deal("crm/c")
    assert list(packed.items()) == [("b", Deal("crm/c")), ("a", Deal("crm/a"))]
    assert "a" in packed
    assert packed.pop("a") == Deal("crm/a")
    assert (len(packed), packed.get("a"), "a" in packed) == (1, None, False)


def test_a_copy_does_not_change_with_what_it_was_copied_from() -> None:
    packed = Packed(Deal)
    packed["d1"] = Deal("crm/1")
    copied = packed.copy()
    packed["d1"] = Deal("crm/2")
    packed["d2"] = Deal()
    assert copied == {"d1": Deal("crm/1")}


def test_those_that_may_name_a_customer_are_found_wherever_the_token_stands() -> None:
    packed, others = Packed(Deal), [FACTS[1], FACTS[2]]
    packed["by creation"] = deal([(0, FACTS[0])])
    # The later creation does not count, but it is kept, and names the customer as well.
    packed["by another creation"] = deal([(0, FACTS[1]), (5, FACTS[0])])
    packed["not at all"] = deal([(n, fact) for n, fact in enumerate(others)])
    assert set(packed.naming(TOKEN)) == {"by creation", "by another creation"}


def test_a_year_of_deals_rests_in_a_few_hundred_bytes_each() -> None:
    """An object with its parts takes about 1.4 KiB; see docs/benchmarks.md."""
    fold = Fold(DEALS.name, 0, ledger=Ledger(1), lateness_seconds=YEAR_SECONDS)
    end_at = T0 + timedelta(days=365).total_seconds()
    for offset, one in enumerate(lived(200, end_at=end_at)):
        assert fold.apply(one, offset) is None
    assert isinstance(fold.entities, Packed)
    sizes = [len(raw) for raw in fold.entities._packed.values()]
    assert 100 < sum(sizes) / len(sizes) < 400
