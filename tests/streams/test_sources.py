"""Which sources send too much bad input: 100 in a row, or 5 % of about a thousand."""

import json

import pytest

from schemas.codec import Message
from streams.sources import MAX_SOURCES, OTHERS, SourceLimits, source_of


def bad(source: object = "pbx") -> Message:
    return Message("ringside.calls", b"c1", json.dumps({"source": source}).encode())


@pytest.mark.parametrize(
    ("message", "source"),
    [
        (bad(), "pbx"),
        (bad(7), "unknown"),
        (bad("a\nb"), "unknown"),
        (bad(""), "unknown"),
        (bad("x" * 257), "unknown"),
        (Message("t", None, None), "unknown"),
        (Message("t", None, b"\xff"), "unknown"),
        (Message("t", None, b'{"x":' + b"[" * 9999), "unknown"),
        (Message("t", None, b"{", [("ce_source", b"crm")]), "crm"),
        (Message("t", None, b"{", [("ce_source", b"\xff")]), "\ufffd"),
        (Message("t", None, b"{", [("ce_source", None)]), "unknown"),
        (Message("t", None, bad().value, [("x", None)]), "pbx"),
    ],
)
def test_the_source_is_what_the_message_says_if_it_can_be_read(
    message: Message, source: str
) -> None:
    assert source_of(message) == source


def test_a_hundred_in_a_row_are_too_many() -> None:
    limits = SourceLimits()
    for _ in range(99):
        limits.refuse(bad())
    assert limits.over_limit() == {"pbx": False}
    limits.refuse(bad())
    assert limits.over_limit() == {"pbx": True}
    limits.accept({"pbx": 1})
    assert limits.over_limit() == {"pbx": False}


@pytest.mark.parametrize(("bad_of_20", "over"), [(1, False), (2, True)])
def test_more_than_five_of_a_hundred_are_too_many(bad_of_20: int, over: bool) -> None:
    limits = SourceLimits()
    for _ in range(60):
        for _ in range(bad_of_20):
            limits.refuse(bad())
        limits.accept({"pbx": 20 - bad_of_20})
    # One of twenty is 5 %, which is not more than 5 %; two are 10 %.
    assert limits.over_limit() == {"pbx": over}


def test_a_few_messages_are_too_few_to_judge() -> None:
    limits = SourceLimits()
    for _ in range(3):
        limits.refuse(bad())
        limits.accept({"pbx": 1})
    assert limits.over_limit() == {"pbx": False}


def test_a_source_that_is_well_again_is_forgotten() -> None:
    limits = SourceLimits()
    for _ in range(150):
        limits.refuse(bad())
    for _ in range(10):
        limits.accept({"pbx": 1000})
    assert limits.over_limit() == {}


def test_a_good_source_beside_a_bad_one_is_not_named() -> None:
    limits = SourceLimits()
    limits.accept({"crm": 5})
    limits.refuse(bad())
    assert limits.over_limit() == {"pbx": False}


def test_made_up_sources_do_not_fill_the_memory() -> None:
    limits = SourceLimits()
    for index in range(5000):
        limits.refuse(bad(f"s{index}"))
    found = limits.over_limit()
    assert len(found) == MAX_SOURCES + 1
    assert found[OTHERS]
