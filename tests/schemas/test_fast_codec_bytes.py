"""The compiled codec and bytes of all kinds: it reads them as Python does, or leaves them to it."""

import json
import random
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codec import Message
from tests.fuzz.case import unpack
from tests.fuzz.mutate import mutated
from tests.fuzz.seeds import cases
from tests.schemas.alike import SMALLEST, is_accepted, message_of, with_value
from tests.schemas.wires import wire

pytest.importorskip("schemas.fast_codec")

EARLIEST_AT = 946_684_800.0  # 2000-01-01
BASES = [unpack(case) for case in cases()]
PIECES = (
    *(b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b" ", b"\n", b"\t\r", b"\x00", b"\x7f"),
    *(b"\x0b", b"\xc3\xa9", b"\xff", b"\\u0041", b"null", b"0", b"00", b"-0", b"1.0", b"1e400"),
    *(b"1e1", b".5", b"5.", b"9" * 19, b"9" * 400, b"0.1", b'"leg":2,', b'"type":"call.held",'),
    *(b'"data":{},', b'"id":"2",', b'"x":"y",', b'"x":1,', b'"sequence":7,', b'"time":"",'),
)


@settings(max_examples=400)
@given(
    st.sampled_from(BASES),
    st.lists(
        st.tuples(st.integers(0, 2000), st.integers(0, 3), st.sampled_from(PIECES)), max_size=3
    ),
)
def test_whatever_is_done_to_the_bytes_they_are_read_alike(
    message: Message, changes: list[tuple[int, int, bytes]]
) -> None:
    value = message.value or b""
    for at, cut, piece in changes:
        place = at % (len(value) + 1)
        value = value[:place] + piece + value[place + cut :]
    is_accepted(Message(message.topic, message.key, value, message.headers))


@pytest.mark.parametrize("place", [b'"id": "', b'"queue": "', b'"specversion": "', b'"specver'])
def test_texts_are_printable_ascii_without_escapes(place: bytes) -> None:
    value = json.dumps(wire()).encode()
    assert place in value
    read = {
        byte
        for byte in range(256)
        if is_accepted(
            Message("ringside.calls", b"call-1", value.replace(place, place + bytes([byte])))
        )
    }
    assert read == set(range(0x20, 0x7F)) - set(b'"\\')


def test_mutations_that_know_json_are_read_alike_and_not_too_few_of_them() -> None:
    rng, seeds = random.Random(5), list(cases())  # noqa: S311 - not for secrets
    accepted = sum(is_accepted(unpack(mutated(rng.choice(seeds), rng, seeds))) for _ in range(4000))
    assert accepted > 100


@pytest.mark.parametrize("type_", ["call.completed", "deal.created", "rep.state_changed"])
def test_a_message_that_ends_anywhere_is_left(type_: str) -> None:
    (message,) = (one for one in BASES if f'"type":"{type_}"'.encode() in (one.value or b""))
    value = message.value or b""
    assert is_accepted(message)
    for length in range(len(value)):
        assert not is_accepted(Message(message.topic, message.key, value[:length]))


def test_white_space_may_be_between_everything() -> None:
    (message, *_) = BASES
    value = message.value or b""
    for structural in (b"{", b"}", b",", b'":'):
        for space in (b" ", b"\n", b"\t", b"\r\n  "):
            spread = value.replace(structural, space + structural + space)
            if structural == b'":':
                spread = value.replace(structural, b'"' + space + b":" + space)
            assert is_accepted(Message(message.topic, message.key, spread)), spread
    for other in (b"\x0b", b"\x0c", b"\xa0", b"\x00", b"\xef\xbb\xbf"):
        assert not is_accepted(Message(message.topic, message.key, value + other))
        assert not is_accepted(Message(message.topic, message.key, other + value))


def test_what_is_said_twice_is_left() -> None:
    good, data = json.dumps(wire()), json.dumps(wire()["data"])
    for name in ("id", "source", "type", "subject", "time"):
        again = json.dumps({name: wire()[name]})[1:-1]
        raw = f"{{{again}, {good[1:]}".encode()
        assert not is_accepted(Message("ringside.calls", b"call-1", raw)), name
    for raw in (f'{good[:-1]}, "data": {data}}}', good.replace(data, f"{data[:-1]}, {data[1:]}")):
        assert not is_accepted(Message("ringside.calls", b"call-1", raw.encode()))


def test_braces_within_texts_end_nothing() -> None:
    # Twice: then what was kept of the first ones is there.
    for reason in ["a}b", "a}c", "a}", "}", "{", "a}}", "a},b"] * 2:
        data = {"reason": reason, "state": "paused"}
        assert is_accepted(message_of("rep.state_changed", data)), reason


@pytest.mark.parametrize("currency", ["usd", "US", "USDX", "US1", "", "USD "])
def test_what_does_not_match_its_pattern_is_left(currency: str) -> None:
    amount = {"amount_minor": 1, "currency": "USD"}
    assert is_accepted(message_of("deal.amount_changed", amount))
    assert not is_accepted(message_of("deal.amount_changed", amount | {"currency": currency}))


NUMBERS = (
    *("0", "1", "99", "100", "0.0", "1.0", "0.5", "604800", "604800.0", "604800.001", "0.1"),
    *("2.009", "56.295", "1.10", "0.000001", "123456.789012345", "123456.78901234", "0.3"),
    *("0.30000000000000004", "99999.9999999999", "9007199254740993", "9" * 15, "9" * 18),
    *(f"1{'0' * 15}", f"1{'0' * 14}1", "1 ", " 1", "\t1\n"),
)
NO_NUMBERS = (
    *("-0", "-1", "00", "01", "1.", ".5", "1e0", "1E2", "1e400", "-1e400", "9" * 19, "9" * 400),
    *("18446744073709551617", "NaN", "Infinity", "true", '"1"', "+1", "0x1", "1_0", "1.5.5"),
    *("1..5", "--1", "", "[1]", "{}", "1 1", "1\x00", "1\x0b", "nul", "nulll", "0." + "0" * 400),
)


@pytest.mark.parametrize(
    ("type_", "field"),
    [
        ("call.held", "leg"),
        ("call.completed", "wait_seconds"),
        ("deal.amount_changed", "amount_minor"),
        ("pbx.counters", "service_level"),
    ],
)
def test_numbers_are_read_alike(type_: str, field: str) -> None:
    message = message_of(type_, SMALLEST[type_])
    read = {number for number in NUMBERS if is_accepted(with_value(message, field, number))}
    assert read >= {"1", "1 ", " 1"}
    for number in NO_NUMBERS:
        assert not is_accepted(with_value(message, field, number)), number


@pytest.mark.parametrize("seed", range(3))
def test_decimals_are_read_to_the_last_bit(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - not for secrets
    message = message_of("call.completed", SMALLEST["call.completed"])
    for _ in range(300):
        number = f"{rng.uniform(0, 10 ** rng.randrange(-3, 5)):.{rng.randrange(1, 14)}f}"
        is_exact = sum(map(str.isdigit, number)) <= 15  # as many digits as a double always holds
        assert is_accepted(with_value(message, "talk_seconds", number)) == is_exact, number


TIMES = {
    "2026-09-01T09:59:00Z": True,
    "2026-09-01T09:59:00.1Z": True,
    "2026-09-01T09:59:00.123456Z": True,
    "2026-09-01T09:59:59.999999Z": True,
    "2026-09-01T16:59:00+07:00": True,
    "2026-09-01T04:29:00.000001-05:30": True,
    "2026-09-01T09:59:00+00:00": True,
    "2024-02-29T00:00:00Z": True,
    "2000-01-01T00:00:00Z": True,
    "1999-12-31T23:59:00-00:01": True,
    "1999-12-31T23:59:59.999999Z": False,
    "2000-01-01T00:00:00+00:01": False,
    "2026-09-01T10:05:00Z": True,  # five minutes ahead
    "2026-09-01T10:05:00.000001Z": False,
    **dict.fromkeys(
        (
            *("2026-09-01T09:59:00.1234567Z", "2026-09-01T09:59:00.Z", "2026-09-01t09:59:00z"),
            *("2026-09-01 09:59:00Z", "2026-09-01T09:59:00", "2026-09-01T09:59:00+24:00"),
            *("2026-09-01T09:59:00+0700", "2026-09-01T09:59:00+07:60", "2026-09-01T09:59:60Z"),
            *("2026-09-01T24:00:00Z", "2026-09-01T09:60:00Z", "2026-09-00T09:59:00Z"),
            *("2026-09-31T09:59:00Z", "2026-13-01T09:59:00Z", "2026-00-01T09:59:00Z"),
            *("2025-02-29T09:59:00Z", "1900-02-29T09:59:00Z", "0000-01-01T00:00:00Z"),
            *("9999-12-31T23:59:59Z", "2026-09-01T09:59Z", "2026-9-01T09:59:00Z", "1788256740"),
            *("+026-09-01T09:59:00Z", "2026-09-01T09:59:00ZZ", "2026-09-01T09:59:00Z ", ""),
        ),
        False,
    ),
}


@pytest.mark.parametrize("time", TIMES)
def test_times_are_read_alike(time: str) -> None:
    assert is_accepted(message_of("call.held", {}, time=time)) == TIMES[time]
    # In data the zone counts as well; only Z is read.
    is_read = is_accepted(message_of("meeting.rescheduled", {"starts_at": time}))
    assert not is_read or time.endswith("Z")


@settings(max_examples=200)
@given(st.datetimes(), st.integers(-1439, 1439))
def test_any_time_is_read_to_the_last_bit(local: datetime, minutes: int) -> None:
    zone = timezone(timedelta(minutes=minutes))
    time = local.replace(tzinfo=zone)
    # From 2**53 microseconds on, in the year 2255, not each of them is a number that a double has.
    is_exact = EARLIEST_AT <= time.timestamp() <= 2**53 / 1e6
    message = message_of("call.held", {}, time=time.isoformat())
    assert is_accepted(message, now=1e12) == is_exact
