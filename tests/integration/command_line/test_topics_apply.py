"""`ringside topics` against a real broker."""

import time

import pytest
from confluent_kafka.admin import AdminClient, ConfigResource, NewPartitions, NewTopic, ResourceType

from agents.__main__ import run
from agents.errors import TopicsError
from agents.kafka.admin import connect
from agents.kafka.topics import check_topics, partition_counts
from agents.settings import Settings


def admin_of(bare: dict[str, str]) -> AdminClient:
    return connect(Settings.from_env(bare), wait_seconds=10)


def retention_ms(admin: AdminClient, topic: str) -> str:
    resource = ConfigResource(ResourceType.TOPIC, topic)
    (answer,) = admin.describe_configs([resource]).values()
    return str(answer.result()["retention.ms"].value)


def test_a_dry_run_says_what_it_would_do_and_does_nothing(
    bare: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["topics", "apply", "--dry-run"], bare) == 0
    assert "+ ringside.calls: 4 partitions" in capsys.readouterr().out
    assert "ringside.calls" not in admin_of(bare).list_topics(timeout=60).topics


def test_topics_are_made_with_their_partitions_and_options_and_a_repeat_does_nothing(
    bare: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    bare["RINGSIDE_PARTITIONS"] = "3"
    assert run(["topics", "apply"], bare) == 0
    found = admin_of(bare).list_topics(timeout=60).topics
    assert len(found["ringside.calls"].partitions) == 3
    assert len(found["ringside.roster"].partitions) == 1
    assert len(found[f"{bare['RINGSIDE_APP_ID']}-panes-changelog"].partitions) == 3
    # 30 days of 86,400,000 ms
    assert retention_ms(admin_of(bare), "ringside.calls") == "2592000000"
    capsys.readouterr()
    assert run(["topics", "apply"], bare) == 0
    assert capsys.readouterr().out == "all topics are there\n"
    shorter = bare | {"RINGSIDE_KEEP_DEAD_LETTERS_DAYS": "7"}
    assert run(["topics", "apply", "--alter"], shorter) == 0
    # 7 days of 86,400,000 ms
    assert retention_ms(admin_of(bare), "ringside.deadletters") == "604800000"
    check_topics(admin_of(bare), Settings.from_env(bare))


def test_a_wrong_partition_count_is_refused_with_what_to_do(
    topics: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    other = topics | {"RINGSIDE_PARTITIONS": "6"}
    assert run(["topics", "apply"], other) == 1
    error = capsys.readouterr().err
    assert "topic ringside.calls has 4 partitions and should have 6" in error
    assert "Set RINGSIDE_PARTITIONS=4" in error
    with pytest.raises(TopicsError, match="has 4 partitions"):
        check_topics(admin_of(other), Settings.from_env(other))


def test_partitions_that_somebody_added_to_one_topic_are_seen(
    topics: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    admin = admin_of(topics)
    for answer in admin.create_partitions([NewPartitions("ringside.deals", 5)]).values():
        answer.result()
    # The controller has them at once, the broker a little later.
    deadline = time.monotonic() + 120
    while partition_counts(admin)["ringside.deals"] != 5:
        assert time.monotonic() < deadline
    assert run(["topics", "apply", "--dry-run"], topics) == 1
    error = capsys.readouterr().err
    assert "topic ringside.deals has 5 partitions and should have 4" in error
    assert "ringside.calls" not in error


def test_a_worker_is_told_which_topics_are_missing(bare: dict[str, str]) -> None:
    with pytest.raises(TopicsError, match=r"ringside\.calls.*Run `ringside topics apply`"):
        check_topics(admin_of(bare), Settings.from_env(bare))


def test_options_that_differ_are_changed_only_when_asked(
    bare: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    admin = admin_of(bare)
    mine = NewTopic("ringside.calls", 4, 1, config={"retention.ms": "60000"})
    for answer in admin.create_topics([mine]).values():
        answer.result()
    deadline = time.monotonic() + 120
    while "ringside.calls" not in partition_counts(admin):
        assert time.monotonic() < deadline
    assert run(["topics", "apply"], bare) == 0
    printed = capsys.readouterr()
    assert "! ringside.calls: retention.ms is 60000, should be 2592000000" in printed.out
    assert "--alter changes them" in printed.err
    assert retention_ms(admin, "ringside.calls") == "60000"
    assert run(["topics", "apply", "--alter"], bare) == 0
    assert retention_ms(admin, "ringside.calls") == "2592000000"


def test_more_replicas_than_brokers_is_told_by_the_setting(
    bare: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["topics", "apply"], bare | {"RINGSIDE_REPLICATION_FACTOR": "3"}) == 1
    assert "RINGSIDE_REPLICATION_FACTOR=3" in capsys.readouterr().err


def test_the_list_marks_what_is_missing(
    bare: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["topics", "list"], bare) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any("ringside.calls" in line and "missing" in line for line in lines)
