"""A customer's number goes in everywhere, and comes out nowhere; a token can be forgotten."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from agents.embedded.http import get
from schemas.codec import encode
from schemas.customers import Tokeniser
from tests.integration.floor_events import call
from tests.integration.installation import CUSTOMER_KEY
from tests.integration.pipeline import ANSWER_SECONDS, Pipeline, Raw, wait_until

Now = Callable[[], float]

NUMBER = "+84901234567"
DIGITS = "84901234567"
NATIONAL = "0901234567"
PANES = "SELECT * FROM ringside.pane ORDER BY topic, partition, start_at, queue, rep"
WRITTEN = (NUMBER, DIGITS, NATIONAL, "+84 90 123 45 67", "090-123-45-67", "901234567")
TOKEN = Tokeniser(CUSTOMER_KEY.encode()).token(NUMBER)


def poison(at: float) -> Iterator[Raw]:
    """Yield messages that are refused, with the number in every place that a message has."""
    good = json.loads(encode(call("c-1", at, wait_seconds=5)[0]))
    for written in WRITTEN:
        raw = written.encode()
        yield Raw("ringside.calls", raw, b'{"customer": "' + raw)
        yield Raw("ringside.calls", raw, raw, ((written, raw), ("ce_type", raw)))
        yield Raw("ringside.deals", raw, json.dumps({**good, "subject": written}).encode())
        yield Raw("ringside.calls", b"c-1", json.dumps({**good, "type": written}).encode())
        yield Raw(
            "ringside.calls", b"c-1", json.dumps({**good, written: 1, "time": raw.hex()}).encode()
        )
        for place in ({written: 1}, {"queue": "sales", written: written}, {"queue": [written]}):
            yield Raw("ringside.calls", b"c-1", json.dumps({**good, "data": place}).encode())
        headers = [(f"ce_{name}", str(good[name]).encode()) for name in ("id", "source", "subject")]
        headers += [("ce_type", b"call.offered"), ("ce_time", raw)]
        yield Raw("ringside.calls", b"c-1", b'{"queue":"sales"}', tuple(headers))


def nothing_holds(text: str, where: str) -> None:
    for written in WRITTEN:
        assert written not in text, f"{where} holds {written}"


def every_row(pipeline: Pipeline) -> str:
    tables = pipeline.rows(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
        " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    )
    assert len(tables) > 8
    texts = [
        pipeline.row(f"SELECT coalesce(string_agg(t::text, E'\\n'), '') FROM {name} t")[0]  # noqa: S608
        for (name,) in tables
    ]
    return "\n".join(texts)


def test_no_number_gets_out_by_any_way_but_the_originals(pipeline: Pipeline, now: Now) -> None:
    at = now() - 60
    worker = pipeline.start_worker()
    messages = list(poison(at))
    pipeline.publish(call("c-1", at, wait_seconds=5, talk_seconds=6))
    pipeline.publish(messages)
    pipeline.wait_until_written(3 + len(messages))

    assert pipeline.ledger()["dead_lettered"] == len(messages), "all of them are poison"
    assert TOKEN in every_row(pipeline), "the call is there, by its token"
    nothing_holds(every_row(pipeline), "PostgreSQL")
    nothing_holds(worker.process.program.log.read_text(), "the log")
    page = get(worker.port, "/metrics", ANSWER_SECONDS)
    assert page is not None
    nothing_holds(page.body.decode(), "/metrics")
    for letter in pipeline.dead_letters():
        nothing_holds(letter.reason + letter.where + letter.origin.topic, "a reason")
    nothing_holds(pipeline.run("deadletters", "list").stdout, "deadletters list")


def erase(pipeline: Pipeline, *arguments: str, given: str = "") -> str:
    done = pipeline.run("privacy", "erase", *arguments, given=given)
    return done.stdout + done.stderr


def test_a_customer_is_forgotten_by_rows_state_and_the_next_worker(
    pipeline: Pipeline, now: Now
) -> None:
    at = now() - 60
    worker = pipeline.start_worker()
    pipeline.publish(call("c-1", at, wait_seconds=5, talk_seconds=6))
    pipeline.publish(call("c-2", at + 1, wait_seconds=9))
    pipeline.publish([Raw("ringside.calls", b"x", b"call +84 90-123 45 67 back")])
    pipeline.wait_until_written(6)
    # The partition of the customer counts, too, as soon as it has read of both calls.
    contacts = "SELECT sum(contacts)::int, sum(contacts_preceded_24h)::int FROM ringside.pane"
    wait_until(lambda: pipeline.row(contacts) == (2, 1), worker.log)
    counted = pipeline.rows(PANES)

    said = erase(pipeline, "--number", given="+84 90 123 45 67\n")
    assert "call: " in said
    assert "dead letters: 1 may hold it" in said
    nothing_holds(said, "what the command says")
    assert TOKEN not in every_row(pipeline)
    assert "dead letters: none" in erase(pipeline, TOKEN), "asked again by token, nothing is wrong"

    # What another worker restores, and writes again in whole, does not bring it back.
    worker.process.kill()
    successor = pipeline.start_worker()
    pipeline.publish([Raw("ringside.reps", b"y", b"{")])
    pipeline.wait_until_written(7)
    assert TOKEN not in every_row(pipeline)
    again = pipeline.rows(PANES)
    columns = [(row[:8], row[10:]) for row in again]
    assert columns == [(row[:8], row[10:]) for row in counted], "what was counted stays"
    assert successor.total("ringside_calls_offered", window="1h") == 2
