"""Two installations are told apart by their database and their customers' key."""

import pytest

from agents.kafka.installation import Identity, difference, fingerprint

MINE = Identity("1/5", (fingerprint("my key"),))


@pytest.mark.parametrize(
    ("theirs", "told"),
    [
        (MINE, None),
        (Identity("1/6", MINE.customer_keys), "another database"),
        (Identity(None, MINE.customer_keys), None),  # the database was added since
        (Identity("1/5", (fingerprint("their key"),)), "another RINGSIDE_CUSTOMER_KEY"),
        # A key is being exchanged: the older is still known.
        (Identity("1/5", (fingerprint("new key"), *MINE.customer_keys)), None),
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
    other_key = Identity(None, (fingerprint("their key"),))
    assert difference(other_key, MINE, database_known=False) is not None


def test_a_fingerprint_gives_nothing_of_the_key_away() -> None:
    assert fingerprint("my key") != fingerprint("my kez")
    assert len(fingerprint("my key")) == 16
    assert "my" not in fingerprint("my key")
