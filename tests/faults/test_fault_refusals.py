"""Row 10: what makes counting on wrong, so that a worker refuses to start, and says what to do."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import pytest
from confluent_kafka.admin import AdminClient, NewPartitions

from agents.changelog import Changelog
from agents.embedded.postgres import Postgres
from schemas.topics import DEAD_LETTERS, TABLES, changelog
from tests.faults.plugin import Figures
from tests.faults.refusing import refused
from tests.faults.verdict import check
from tests.integration.busy_floor import load
from tests.integration.installation import database_users
from tests.integration.pipeline import Pipeline, wait_until

pytestmark = pytest.mark.needs_apache_kafka
Now = Callable[[], float]
STARTED = "it started, and should have refused"


@pytest.fixture
def counted(pipeline: Pipeline, now: Now, chance: random.Random) -> Pipeline:
    """An installation that has counted something, and whose worker has been stopped."""
    pipeline.publish(load(2000, now(), seed=chance.randrange(2**32)).messages)
    worker = pipeline.start_worker()
    check(pipeline)
    worker.process.stop(60)
    return pipeline


def delete(pipeline: Pipeline, topic: str) -> None:
    admin = AdminClient({"bootstrap.servers": pipeline.bootstrap, "log_level": 0})
    admin.delete_topics([topic], operation_timeout=60)[topic].result()
    wait_until(lambda: topic not in admin.list_topics(timeout=60).topics, f"{topic} to go")


@pytest.mark.fault(row=10)
@pytest.mark.fails_without("missing what was lost", found=STARTED)
@pytest.mark.parametrize("table", TABLES)
def test_a_changelog_that_was_deleted_is_missed_even_if_it_was_made_again(
    counted: Pipeline, figures: Figures, table: str
) -> None:
    topic = changelog(counted.settings.app_id, table).name
    before = counted.rows("SELECT * FROM ringside.pane ORDER BY 1, 2, 3, 4, 5, 6, 7, 8")
    delete(counted, topic)

    said = refused(counted)
    assert f"these topics do not exist: {topic}. Run `ringside topics apply`" in said

    counted.run("topics", "apply")
    said = refused(counted)
    figures(said=said[said.index("error") :][:150])
    assert "deleted or cut" in said
    assert "count everything anew: stop all workers, delete the three changelog topics" in said
    assert counted.rows("SELECT * FROM ringside.pane ORDER BY 1, 2, 3, 4, 5, 6, 7, 8") == before


@pytest.mark.fault(row=10)
def test_what_a_worker_then_says_to_do_counts_everything_anew(
    counted: Pipeline, figures: Figures
) -> None:
    for table in TABLES:
        delete(counted, changelog(counted.settings.app_id, table).name)
    # What is counted anew is refused anew; the check looks for one letter of each.
    delete(counted, DEAD_LETTERS.name)
    admin = AdminClient({"bootstrap.servers": counted.bootstrap, "log_level": 0})
    group = counted.settings.app_id
    wait_until(lambda: _is_deleted(admin, group), "the group to be deleted")
    counted.run("topics", "apply")
    counted.start_worker()
    truth = check(counted)
    figures(**truth.ledger)


def _is_deleted(admin: AdminClient, group: str) -> bool:
    error = admin.delete_consumer_groups([group])[group].exception()
    return error is None


@pytest.mark.fault(row=10)
@pytest.mark.fails_without("comparing topics", found="has 5 partitions and should have 4")
def test_a_changed_partition_count_is_named(counted: Pipeline, figures: Figures) -> None:
    admin = AdminClient({"bootstrap.servers": counted.bootstrap, "log_level": 0})
    deals = "ringside.deals"
    admin.create_partitions([NewPartitions(deals, 5)])[deals].result()
    wait_until(
        lambda: len(admin.list_topics(deals, timeout=60).topics[deals].partitions) == 5,
        "the broker to show the fifth partition",
    )
    said = refused(counted)
    assert "topic ringside.deals has 5 partitions and should have 4" in said
    assert "delete the topics that differ" in said
    figures(said=said[said.index("topic ringside.deals") :][:120])


@pytest.mark.fault(row=10)
@pytest.mark.fails_without("comparing installations", found=STARTED, quick=True)
def test_another_installation_of_the_same_name_is_refused_and_more_workers_of_this_one_are_not(
    pipeline: Pipeline, postgres: Postgres, now: Now, chance: random.Random, figures: Figures
) -> None:
    sent = load(4000, now(), seed=chance.randrange(2**32))
    first = pipeline.start_worker()
    other = postgres.create_database("another")
    try:
        users = database_users(other)
        said = refused(pipeline, database_url=users["writer"])
        figures(said=said[said.index("RINGSIDE_APP_ID") :][:120])
        assert f"RINGSIDE_APP_ID={pipeline.settings.app_id} is the name of another" in said
        assert "one with another database" in said
        assert "ringside worker --moved" in said
        said = refused(pipeline, customer_key="the key of somebody else")
        assert "one with another RINGSIDE_CUSTOMER_KEY" in said
        said = refused(pipeline, database_url="")
        assert "one with a database, and this has none" in said
    finally:
        postgres.drop_database(other.name)

    second = pipeline.start_worker()
    pipeline.publish(sent.messages)
    check(pipeline)
    assert first.process.is_running
    wait_until(lambda: second.total("ringside_assigned_partitions") == 2, second.log)


@pytest.mark.fault(row=10)
def test_an_installation_that_has_moved_says_so_and_goes_on(
    counted: Pipeline, figures: Figures
) -> None:
    key = "the key after the move"
    assert "--moved" in refused(counted, customer_key=key)
    counted.start_worker("--moved", customer_key=key).process.stop(60)
    counted.start_worker(customer_key=key)
    figures(**check(counted).ledger)


@pytest.mark.fault(row=10)
@pytest.mark.fails_without("noticing a usurper", found="not within 60 s")
def test_a_worker_whose_partition_is_taken_by_one_outside_its_group_ends_and_says_so(
    pipeline: Pipeline, now: Now, chance: random.Random, figures: Figures
) -> None:
    first, second = load(4000, now(), seed=chance.randrange(2**32)).parts(2)
    worker = pipeline.start_worker()
    pipeline.publish(first)
    pipeline.wait_until_consumed(chance.randrange(1, len(first)))
    # The same transactional id, and no part of the group: the group leaves the partition assigned.
    taken = chance.randrange(pipeline.settings.partitions)
    usurper = Changelog(pipeline.settings, taken)
    usurper.open()
    at = time.monotonic()
    pipeline.publish(second)
    wait_until(lambda: not worker.process.is_running, worker.log, 60)
    figures(partition=taken, ended_after_seconds=round(time.monotonic() - at, 1))
    assert worker.process.exit_code == 1
    said = " ".join(worker.log().split())
    assert f"partition {taken} was taken over by another worker, though the group gives it" in said
    assert f"another service with RINGSIDE_APP_ID={pipeline.settings.app_id}" in said
    usurper.close()
    pipeline.start_worker()
    check(pipeline)
