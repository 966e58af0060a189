"""The short run: seeded mutations without a fuzzing engine. The long one is `make fuzz`."""

import random

import msgspec
import pytest

from schemas import codec
from schemas.codec import Message, Reason, Rejected, decode
from schemas.customers import Tokeniser
from schemas.events import Event
from tests.fuzz import check as checks
from tests.fuzz.case import pack, unpack
from tests.fuzz.check import check
from tests.fuzz.mutate import mutated
from tests.fuzz.seeds import cases

SEEDS = list(cases())


def test_every_seed_is_an_event_that_is_taken_in() -> None:
    assert all(isinstance(check(case), Event) for case in SEEDS)


@pytest.mark.parametrize("seed", range(8))
def test_whatever_becomes_of_an_event_it_is_counted_or_refused_with_a_reason(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - not for secrets
    outcomes = []
    for _ in range(2500):
        case = mutated(rng.choice(SEEDS), rng, SEEDS)
        try:
            outcomes.append(check(case))
        except Exception as error:
            error.add_note(f"seed {seed}, case {case[:2000]!r}")
            raise
    # Else the mutations are so wild, or so tame, that nothing is tried.
    refused = {str(one.reason) for one in outcomes if isinstance(one, Rejected)}
    assert refused >= {Reason.INVALID, Reason.NOT_JSON, Reason.UNKNOWN_TYPE}
    assert sum(isinstance(one, Event) for one in outcomes) > 100


def test_a_case_is_the_record_that_was_packed() -> None:
    headers = [("ce_type", b"deal.won"), ("x", b"a:b")]
    record = unpack(pack("ringside.deals", b'{"a": 1}', headers, key=b"k"))
    assert (record.topic, record.key, record.value) == ("ringside.deals", b"k", b'{"a": 1}')
    assert list(record.headers) == headers


def test_a_codec_that_lets_a_number_through_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(message: Message, *, now: float, tokeniser: Tokeniser) -> Event | Rejected:
        event = decode(message, now=now, tokeniser=tokeniser)
        if isinstance(event, Rejected) or getattr(event.data, "customer", None) is None:
            return event
        data = msgspec.structs.replace(event.data, customer="+84901234567")
        return msgspec.structs.replace(event, data=data)

    monkeypatch.setattr(checks, "decode", careless)
    with pytest.raises(AssertionError, match="no token"):
        check(SEEDS[0])  # an offered call, whose customer is set


def test_a_compiled_codec_that_reads_something_else_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    check(SEEDS[0])
    wrong = Rejected(Reason.INVALID)
    monkeypatch.setattr(codec, "fast", lambda records, *_: [wrong for _ in records])
    with pytest.raises(AssertionError, match="something else"):
        check(SEEDS[0])


def test_a_core_that_counts_twice_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    class Forgetful(checks.Fold):
        def apply(self, event: Event | Rejected, offset: int) -> Rejected | None:
            refused = super().apply(event, offset)
            self.entities.clear()
            return refused

    monkeypatch.setattr(checks, "Fold", Forgetful)
    with pytest.raises(AssertionError, match="counted twice"):
        check(SEEDS[0])
