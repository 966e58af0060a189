"""Two installations are told apart by their database and their customers' key."""

import msgspec
import pytest

from agents.kafka.installation import (
    Identity,
    difference,
    fingerprint,
    identity_of,
    is_behind,
)
from agents.settings import Settings

MINE = Identity("1/5", (fingerprint(b"my key"),))


@pytest.mark.parametrize(
    ("theirs", "told"),
    [
        (MINE, None),
        (Identity("1/6", MINE.customer_keys), "another database"),
        (Identity(None, MINE.customer_keys), None),  # the database was added since
        (Identity("1/5", (fingerprint(b"their key"),)), "another RINGSIDE_CUSTOMER_KEY"),
        # A key is being exchanged: the older is still known.
        (Identity("1/5", (fingerprint(b"new key"), *MINE.customer_keys)), None),
    ],
)
def test_what_tells_them_apart_is_named(theirs: Identity, told: str | None) -> None:
    assert difference(MINE, theirs, database_known=True) == told


def test_a_worker_without_a_database_is_no_part_of_an_installation_with_one() -> None:
    without = Identity(None, MINE.customer_keys)
    assert difference(without, MINE, database_known=True) == "a database, and this has none"


def test_a_database_that_cannot_be_asked_is_not_held_against_anybody() -> None:
    unknown = Identity(None, MINE.customer_keys)
    assert difference(unknown, MINE, database_known=False) is None
    other_key = Identity(None, (fingerprint(b"their key"),))
    assert difference(other_key, MINE, database_known=False) is not None


def test_a_fingerprint_gives_nothing_of_the_key_away() -> None:
    assert fingerprint(b"my key") != fingerprint(b"my kez")
    assert len(fingerprint(b"my key")) == 16
    assert "my" not in fingerprint(b"my key")


OLD, NEW = "the key of the first year", "the key of the second year"


def identity(text: str) -> Identity:
    return identity_of(Settings.from_env({"RINGSIDE_CUSTOMER_KEY": text}), "1/5")


@pytest.mark.parametrize(
    ("mine", "theirs", "told"),
    [
        # Each step of an exchange, against what those before it have written down.
        (f"{OLD}\nv2:{NEW}", OLD, None),
        (OLD, f"{OLD}\nv2:{NEW}", None),  # not restarted with the new one yet
        (f"v2:{NEW}", f"{OLD}\nv2:{NEW}", "another RINGSIDE_CUSTOMER_KEY"),  # it needs the first
        (OLD, f"v2:{NEW}", "another RINGSIDE_CUSTOMER_KEY"),
        (f"v2:{NEW}", OLD, "another RINGSIDE_CUSTOMER_KEY"),
    ],
)
def test_an_installation_stays_itself_while_its_key_is_exchanged(
    mine: str, theirs: str, told: str | None
) -> None:
    assert difference(identity(mine), identity(theirs), database_known=True) == told


def test_a_worker_that_does_not_know_the_newest_key_is_behind() -> None:
    both = identity(f"{OLD}\nv2:{NEW}")
    assert is_behind(identity(OLD), both)
    assert not is_behind(identity(f"v2:{NEW}"), both)
    assert not is_behind(both, identity(OLD))


def test_an_installation_of_an_earlier_release_is_in_one_piece() -> None:
    written = b'{"database":"1/5","customer_keys":["0123456789abcdef"]}'
    assert not msgspec.json.decode(written, type=Identity).is_half_taken
