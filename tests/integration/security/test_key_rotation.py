"""The customers' key is exchanged while calls are under way: nothing is refused, lost, doubled.

And what a customer did before meets what the same one does after.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from schemas.customers import Tokeniser
from tests.faults.refusing import refused
from tests.integration.floor_events import call
from tests.integration.installation import CUSTOMER_KEY
from tests.integration.pipeline import Pipeline, wait_until

pytestmark = [pytest.mark.long, pytest.mark.timeout(400)]
Now = Callable[[], float]
NUMBER = "+84901234567"
NEW_KEY = "a newer key for the tests"
BOTH = f"{CUSTOMER_KEY}\nv2:{NEW_KEY}"
ONLY_NEW = f"v2:{NEW_KEY}"
FIRST = Tokeniser(CUSTOMER_KEY.encode()).token(NUMBER)
SECOND = Tokeniser(NEW_KEY.encode(), version=2, older={1: CUSTOMER_KEY.encode()}).token(NUMBER)
MET = """
SELECT sum(contacts)::int, sum(contacts_preceded_24h)::int, sum(contacts_followed_24h)::int
FROM ringside.pane
"""


def tokens(pipeline: Pipeline) -> dict[str, str]:
    """Return the customer of each call, by the call's id."""
    return dict(pipeline.rows("SELECT call_id, customer FROM ringside.call"))  # type: ignore[arg-type]


def test_each_step_of_an_exchange_counts_each_call_once(pipeline: Pipeline, now: Now) -> None:
    at = now() - 120
    before = call("before", at, wait_seconds=5, talk_seconds=6)
    meanwhile = call("meanwhile", at + 1, wait_seconds=5, talk_seconds=6)
    first, second = pipeline.start_worker(), pipeline.start_worker()
    pipeline.publish([*before, meanwhile[0]])
    pipeline.wait_until_written(4)

    # One worker after the other learns of the new key; one of the old key may still be started.
    first.process.stop()
    pipeline.start_worker(customer_key=BOTH)
    second.process.stop()
    straggler = pipeline.start_worker()
    straggler.process.stop()
    pipeline.start_worker(customer_key=BOTH)
    # Repeated, and gone on with, under the new key; and the customer calls once more.
    pipeline.publish([*before, *meanwhile, *call("after", at + 60, wait_seconds=5)])
    pipeline.wait_until_written(12)
    assert pipeline.ledger()["applied"] == 8
    assert pipeline.ledger()["duplicate"] == 4
    # Whoever takes a partition over with both keys renews what is known there, and writes it with
    # the next change.
    assert tokens(pipeline) == {"before": FIRST, "meanwhile": SECOND, "after": SECOND}
    assert pipeline.row("SELECT sum(calls_offered)::int FROM ringside.pane") == (3,)

    # Three contacts of one customer: all but the first had one before, all but the last one after.
    wait_until(lambda: pipeline.row(MET) == (3, 2, 2), lambda: str(pipeline.row(MET)))

    _renews_rows(pipeline)
    _forgets_both(pipeline)

    # The newest key makes tokens of the older one's tokens: without that one it is another.
    said = refused(pipeline, customer_key=ONLY_NEW)
    assert "one with another RINGSIDE_CUSTOMER_KEY" in said


def _renews_rows(pipeline: Pipeline) -> None:
    """`privacy renew` is for the rows of what does not change any more."""
    pipeline.env = {**pipeline.env, "RINGSIDE_CUSTOMER_KEY": BOTH}
    assert "call: 1 rows" in pipeline.run("privacy", "renew").stdout
    assert set(tokens(pipeline).values()) == {SECOND}
    assert "call: 0 rows" in pipeline.run("privacy", "renew").stdout
    pipeline.env = {**pipeline.env, "RINGSIDE_CUSTOMER_KEY": CUSTOMER_KEY}


def _forgets_both(pipeline: Pipeline) -> None:
    """`privacy erase --number` knows both tokens of a number, as long as both keys are there."""
    pipeline.env = {**pipeline.env, "RINGSIDE_CUSTOMER_KEY": BOTH}
    pipeline.run("privacy", "erase", "--number", given=f"{NUMBER}\n")
    assert set(tokens(pipeline).values()).isdisjoint({FIRST, SECOND})
    pipeline.env = {**pipeline.env, "RINGSIDE_CUSTOMER_KEY": CUSTOMER_KEY}
