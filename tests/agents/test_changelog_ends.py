"""A changelog that is shorter than the ledger says was deleted or cut."""

import pytest

from agents.changelog_ends import Ends, StateLostError


def promise(**ends: int) -> list[tuple[str, bytes | None]]:
    """Return the headers of a ledger's record that was written when the changelogs ended there."""
    writer = Ends()
    for table, end in ends.items():
        writer.note(table, end)
    return [("trace", None), writer.header()]


def read(promised: list[tuple[str, bytes | None]] | None, **ends: int) -> Ends:
    reader = Ends()
    reader.promised(promised)
    for table, end in ends.items():
        reader.note(table, end)
    return reader


def test_changelogs_that_go_on_from_where_they_were_are_whole() -> None:
    read(promise(entities=7, panes=9), entities=7, panes=12, ledger=3).check(0, "app")


def test_a_ledger_of_an_older_release_promises_nothing() -> None:
    read(None, entities=0, panes=0, ledger=3).check(0, "app")


def test_a_changelog_that_was_made_again_is_missed() -> None:
    with pytest.raises(StateLostError) as refused:
        read(promise(entities=7, panes=9), entities=7, panes=2, ledger=3).check(5, "app")
    said = str(refused.value)
    assert "the changelog of panes ends at 2 in partition 5, and had come to 9" in said
    assert "delete the three changelog topics and the consumer group app" in said


def test_the_last_promise_counts() -> None:
    reader = read(promise(panes=9), panes=10)
    reader.promised(promise(panes=11))
    with pytest.raises(StateLostError):
        reader.check(0, "app")
