"""The checks: what a pipeline shows, against what the oracle says; the same for every agent."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator

from agents.kafka.deadletters import DeadLetter
from tests.faults.oracle import MEASURES, Quarters, Truth, truth_of
from tests.integration.pipeline import Pipeline

PATIENCE_SECONDS = 90.0
_LOOK_SECONDS = 0.3


def check(pipeline: Pipeline, *, seconds: float | None = None) -> Truth:
    """Return what is true, once PostgreSQL, the pages, and the dead letters all say so.

    They have PATIENCE_SECONDS for it, or as long as is said.

    Raises:
        AssertionError: some do not in that time; says which, and the ends of the workers' logs.
    """
    truth = truth_of(pipeline.bootstrap)
    assert truth.ledger["consumed"] == sum(truth.ends.values()), "the log has holes"
    assert truth.ledger["applied"], "nothing was produced: nothing is checked"
    seconds = PATIENCE_SECONDS if seconds is None else seconds
    deadline = time.monotonic() + seconds
    kept: list[DeadLetter] = []
    while wrong := _wrong(pipeline, truth, kept):
        if time.monotonic() > deadline:
            logs = "\n".join(worker.log()[-2000:] for worker in pipeline.workers)
            raise AssertionError("\n".join([f"not within {seconds:g} s:", *wrong, logs]))
        time.sleep(_LOOK_SECONDS)
    letters(kept, truth)
    return truth


def _wrong(pipeline: Pipeline, truth: Truth, kept: list[DeadLetter]) -> list[str]:
    """Return what is wrong; the dead letters are read, into *kept*, when nothing else is."""
    found = list(differences(pipeline, truth))
    if not found:
        kept[:] = pipeline.dead_letters()
        found = list(misplaced(kept, truth))
    return found


def first_wrong(found: AssertionError) -> str:
    """Return the beginning of what the checks said first, or of what was waited for in vain."""
    lines = str(found).split("\n")
    said = [line for line in lines if ": " in line and ", not " in line]
    return (said or lines)[0][:160]


def differences(pipeline: Pipeline, truth: Truth) -> Iterator[str]:
    """Yield a sentence for each thing that is not as it should be."""
    yield from _differs("the ledger in PostgreSQL", pipeline.ledger(), truth.ledger)
    yield from _differs("the ledger on the pages", pipeline.results(), truth.ledger)
    yield from _differs("the offsets in PostgreSQL", offsets(pipeline), truth.ends)
    yield from _differs("the quarters in PostgreSQL", quarters(pipeline), truth.quarters)
    yield from _differs("the totals on the pages", totals(pipeline), truth.totals)
    calls = pipeline.row("SELECT count(*) FROM ringside.call")[0]
    yield from _differs("the calls in PostgreSQL", calls, truth.calls)


def offsets(pipeline: Pipeline) -> dict[tuple[str, int], int]:
    """Return up to where each partition is counted in PostgreSQL."""
    found = pipeline.rows("SELECT topic, partition, next_offset FROM ringside.ledger")
    # Without the topic that workers write themselves: what counts there is no event of a source.
    return {
        (topic, partition): offset
        for topic, partition, offset in found
        if offset and topic != "ringside.customers"
    }


def totals(pipeline: Pipeline) -> dict[str, float]:
    """Return the measures on the pages of all workers, over the last hour."""
    found = dict.fromkeys(MEASURES, 0.0)
    for worker in pipeline.running:
        for sample in worker.samples():
            name = sample.name.removeprefix("ringside_")
            if name in found and sample.labels.get("window") == "1h":
                found[name] += sample.value
    return found


def quarters(pipeline: Pipeline) -> Quarters:
    """Return the measures in PostgreSQL by quarter of an hour."""
    sums = ", ".join(f"sum({name})::float8" for name in MEASURES)
    rows = pipeline.rows(
        f"SELECT extract(epoch FROM start_at)::bigint, {sums} FROM ringside.pane GROUP BY 1"  # noqa: S608
    )
    return {
        (start_at, name): amount
        for start_at, *amounts in rows
        for name, amount in zip(MEASURES, amounts, strict=True)
        if amount
    }


def misplaced(kept: Iterable[DeadLetter], truth: Truth) -> Iterator[str]:
    """Yield a sentence if the dead letters are not exactly what was refused, each once."""
    places = Counter((one.origin.topic, one.origin.partition, one.origin.offset) for one in kept)
    yield from _differs("the dead letters", dict(places), dict.fromkeys(truth.refused, 1))


def letters(kept: Iterable[DeadLetter], truth: Truth) -> None:
    """Compare the dead letters, byte for byte, with what was refused."""
    for letter in kept:
        origin = letter.origin
        sent = truth.refused[origin.topic, origin.partition, origin.offset]
        original = letter.message
        assert (original.key, original.value) == (sent.key, sent.value), origin
        assert tuple(original.headers) == sent.headers, origin


def _differs(what: str, found: object, expected: object) -> Iterator[str]:
    if found != expected:
        if isinstance(found, dict) and isinstance(expected, dict):
            keys = sorted({*found, *expected}, key=str)
            pairs = [(key, found.get(key), expected.get(key)) for key in keys]
            told = "; ".join(
                f"{key}: {is_}, not {should}" for key, is_, should in pairs if is_ != should
            )
            yield f"{what}: {told[:1000]}"
        else:
            yield f"{what}: {found}, not {expected}"
