"""The customers' key is exchanged while calls are under way: nothing is refused, lost, doubled.

And what a customer did before meets what the same one does after.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from schemas import events as e
from schemas.customers import Tokeniser
from schemas.events import Event
from tests.faults.refusing import refused
from tests.integration.floor_events import call, event
from tests.integration.installation import CUSTOMER_KEY
from tests.integration.pipeline import Pipeline, wait_until

pytestmark = pytest.mark.long
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


def test_what_reached_a_customer_before_and_after_an_exchange_is_of_the_same_deals(
    pipeline: Pipeline, now: Now
) -> None:
    at = now() - 600
    made = e.DealCreated("mai", "sales", "new", 500, "USD", NUMBER)
    before = [
        event("deal.created", "moves", at, made),
        event("deal.created", "stays", at, made),
        _mail("a-before", at + 60),
    ]
    after = [
        _mail("a-after", at + 120),
        *call("c-after", at + 180, wait_seconds=5, talk_seconds=6),
        event("deal.stage_changed", "moves", at + 240, e.DealStageChanged("trial")),
        _mail("a-late", at + 300),
    ]
    file = pipeline.folder / "pipelines.yaml"
    file.write_text("pipelines: [{id: sales, stages: [{id: new}, {id: trial}]}]", encoding="utf-8")
    pipeline.run("pipelines", "apply", str(file))
    first = pipeline.start_worker()
    pipeline.publish(before)
    pipeline.wait_until_written(len(before))
    first.process.stop(60)
    pipeline.start_worker(customer_key=BOTH)
    pipeline.publish(after)
    pipeline.wait_until_written(len(before) + len(after))
    # The deal that has moved since, and what came since, have the newer token; the others wait.
    ids = ["a-before", "a-after", "c-after#1", "a-late"]
    assert _touches(pipeline) == [
        *(("moves", "new", "a-after"), ("moves", "new", "c-after#1"), ("moves", "trial", "a-late")),
        ("stays", "new", "a-before"),
    ]

    pipeline.env = {**pipeline.env, "RINGSIDE_CUSTOMER_KEY": BOTH}
    pipeline.run("privacy", "renew")
    assert _touches(pipeline) == [
        *(("moves", "trial" if id_ == "a-late" else "new", id_) for id_ in ids),
        *(("stays", "new", id_) for id_ in ids),
    ]


def _mail(id_: str, at: float) -> Event:
    return event("activity.logged", id_, at, e.ActivityLogged("mai", "e-mail", NUMBER))


def _touches(pipeline: Pipeline) -> list[tuple[str, str, str]]:
    """Return deal, stage and touch, in the order of time."""
    return pipeline.rows(  # type: ignore[return-value]
        "SELECT deal_id, stage, touch_id FROM ringside.deal_touches('-infinity')"
        " ORDER BY deal_id, at"
    )


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
    said = pipeline.run("privacy", "token", given=f"{NUMBER}\n").stdout
    assert said.split() == [SECOND, FIRST]
    pipeline.run("privacy", "erase", "--number", given=f"{NUMBER}\n")
    assert set(tokens(pipeline).values()).isdisjoint({FIRST, SECOND})
    pipeline.env = {**pipeline.env, "RINGSIDE_CUSTOMER_KEY": CUSTOMER_KEY}
