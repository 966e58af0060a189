"""What is wrong is said: of messages in the dead-letter topic, of servers to the operator."""

from __future__ import annotations

import re
import socket
from collections import Counter
from collections.abc import Callable

import pytest
from confluent_kafka.admin import AdminClient, NewPartitions

from agents.__main__ import run
from agents.embedded.ports import HOST, free_port
from schemas.codec import encode
from schemas.topics import changelog
from tests.integration.floor_events import activity, call
from tests.integration.pipeline import PATIENCE_SECONDS, Pipeline, Raw, Worker, wait_until

Now = Callable[[], float]
Refusal = Callable[..., str]


def test_refused_messages_are_kept_byte_for_byte_and_numbers_are_hidden(
    pipeline: Pipeline, now: Now
) -> None:
    good = call("c-1", now() - 60, wait_seconds=5, talk_seconds=6)
    old = encode(call("c-1", now() - 9000, wait_seconds=1)[0])
    wrong_clock = encode(activity("a-1", now() + 3600))
    poison = {
        "not_json": Raw("ringside.calls", b"\x00k", b"\xff\xfe{", (("trace", b"\x00\xff"),)),
        "unknown_type": Raw("ringside.calls", b"k", b'{"specversion":"1.0","type":"call.sung"}'),
        "wrong_topic": Raw("ringside.deals", b"c-1", encode(good[0])),
        "wrong_key": Raw("ringside.calls", None, encode(good[0]), (("a", b"1"), ("a", b"2"))),
        "time_in_future": Raw("ringside.activities", b"a-1", wrong_clock),
        "too_large": Raw("ringside.calls", b"big", b"[" * 70_000),
        "invalid": Raw("ringside.calls", b"gone", None),
        "too_late": Raw("ringside.calls", b"c-1", old),
    }
    worker = pipeline.start_worker()
    pipeline.publish(good)
    pipeline.publish(poison.values())
    pipeline.wait_until_written(3 + len(poison))

    # One key, one partition: the old call comes to where the new one has been.
    ledger = Counter(consumed=11, applied=3, duplicate=0, late=1, dead_lettered=7)
    assert pipeline.results() == pipeline.ledger() == ledger
    letters = {letter.reason: letter for letter in pipeline.dead_letters()}
    assert letters.keys() == poison.keys()
    for reason, sent in poison.items():
        kept = letters[reason].message
        assert (kept.topic, kept.key, kept.value) == (sent.topic, sent.key, sent.value), reason
        assert tuple(kept.headers) == sent.headers, reason
        assert worker.total("ringside_dead_letters_total", reason=reason) == 1

    _no_number_is_seen(pipeline, worker)


def _no_number_is_seen(pipeline: Pipeline, worker: Worker) -> None:
    printed = worker.process.program.log.read_text()
    labels = [value for sample in worker.samples() for value in sample.labels.values()]
    # More digits than a time of the log has behind its point: they may be any.
    number = re.compile("123 ?4567")
    assert not number.search(printed)
    assert not [value for value in labels if number.search(value)]
    (customer,) = pipeline.row("SELECT customer FROM ringside.call")
    assert customer.startswith("ct1_")


def test_bad_input_of_one_source_is_named_and_does_not_stop_the_others(
    pipeline: Pipeline, now: Now
) -> None:
    worker = pipeline.start_worker()
    bad = b'{"source":"/crm/broken","type":"call.offered"}'
    pipeline.publish([Raw("ringside.calls", b"x", bad)] * 120)
    pipeline.publish(call("c-1", now() - 60, wait_seconds=5, talk_seconds=6))
    pipeline.wait_until_consumed(123)

    assert worker.total("ringside_source_over_limit", source="/crm/broken") == 1
    assert worker.total("ringside_source_over_limit") == 1
    assert pipeline.results()["applied"] == 3


@pytest.fixture
def refusal(pipeline: Pipeline, capsys: pytest.CaptureFixture[str]) -> Refusal:
    """Runs `ringside worker`, which must end by itself, and returns what it said."""

    def refused(*arguments: str, **settings: str) -> str:
        changed = {f"RINGSIDE_{name.upper()}": value for name, value in settings.items()}
        folder = {"RINGSIDE_DATA_DIR": str(pipeline.folder)}
        assert run(["worker", *arguments], {**pipeline.env, **folder, **changed}) in {1, 2}
        said = " ".join(capsys.readouterr().err.split())
        assert "Traceback" not in said
        return said

    return refused


def test_a_worker_does_not_start_without_its_topics(pipeline: Pipeline, refusal: Refusal) -> None:
    entities = changelog(pipeline.settings.app_id, "entities").name
    _delete(pipeline, entities)

    said = refusal()

    assert f"these topics do not exist: {entities}. Run `ringside topics apply`" in said


def test_a_worker_does_not_start_on_wrong_partition_counts(
    pipeline: Pipeline, refusal: Refusal
) -> None:
    admin = AdminClient({"bootstrap.servers": pipeline.bootstrap})
    for answer in admin.create_partitions([NewPartitions("ringside.deals", 5)]).values():
        answer.result()
    deals = "ringside.deals"
    wait_until(
        lambda: len(admin.list_topics(deals, timeout=60).topics[deals].partitions) == 5,
        "the broker to show the fifth partition",
    )

    said = refusal()

    assert "topic ringside.deals has 5 partitions and should have 4" in said


def test_a_worker_waits_for_a_broker_and_then_says_that_there_is_none(refusal: Refusal) -> None:
    address = f"{HOST}:{free_port()}"

    said = refusal("--wait", "2", kafka_bootstrap=address)

    assert address in said


def test_a_worker_names_an_occupied_port(refusal: Refusal) -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        said = refusal(metrics_port=str(port))

    assert f"the metrics cannot be served on {HOST}:{port} (Address already in use)" in said
    assert "RINGSIDE_METRICS_PORT" in said


def test_a_worker_names_a_folder_that_it_cannot_write(pipeline: Pipeline, refusal: Refusal) -> None:
    # A file, since nothing is unwritable for root.
    file = pipeline.folder / "file"
    file.touch()

    said = refusal(data_dir=str(file / "below"))

    assert f"RINGSIDE_DATA_DIR='{file / 'below'}' cannot be written" in said


def test_a_worker_does_not_start_without_the_customers_key(refusal: Refusal) -> None:
    said = refusal(customer_key="")

    assert "RINGSIDE_CUSTOMER_KEY (or RINGSIDE_CUSTOMER_KEY_FILE) is not set" in said


def test_a_worker_whose_changelog_is_gone_does_not_count_on_as_if_nothing_were(
    pipeline: Pipeline, now: Now
) -> None:
    first = pipeline.start_worker()
    pipeline.publish(call("c-1", now() - 60, wait_seconds=5, talk_seconds=6))
    pipeline.wait_until_written(3)
    first.process.stop(30)
    for table in ("entities", "panes", "ledger"):
        _delete(pipeline, changelog(pipeline.settings.app_id, table).name)
    pipeline.run("topics", "apply")

    second = pipeline.start_worker(ready=False)
    assert second.process.wait(PATIENCE_SECONDS) == 1
    said = " ".join(second.log().split())
    # Of the calls or of what follows from them: whichever is looked at first.
    assert re.search(r"ringside\.\w+ was processed up to offset \d", said)
    assert "a changelog topic was deleted or cut" in said


def test_a_database_without_a_schema_is_named_while_counting_goes_on(
    pipeline: Pipeline, now: Now
) -> None:
    pipeline.rows("DROP SCHEMA ringside CASCADE")
    worker = pipeline.start_worker()
    pipeline.publish(call("c-1", now() - 60, wait_seconds=5, talk_seconds=6))
    pipeline.wait_until_consumed(3)
    wait_until(lambda: worker.total("ringside_snapshot_failures_total") >= 1, worker.log)
    assert "ringside db migrate" in worker.log()

    pipeline.run("db", "migrate", check=True)

    pipeline.wait_until_written(3)


def _delete(pipeline: Pipeline, topic: str) -> None:
    admin = AdminClient({"bootstrap.servers": pipeline.bootstrap})
    admin.delete_topics([topic], operation_timeout=60)[topic].result()
    wait_until(lambda: topic not in admin.list_topics(timeout=60).topics, f"{topic} to go")
