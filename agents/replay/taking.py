"""Make the replay's state the workers' own: changelogs and offsets. They are stopped meanwhile."""

from collections.abc import Iterator
from contextlib import closing

from confluent_kafka import Consumer, ConsumerGroupState, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from agents.changelog import Changelog, Entry, Record
from agents.errors import BrokerError, RingsideError
from agents.kafka import config
from agents.kafka.admin import REQUEST_SECONDS, reason
from agents.replay.building import Place, replay_settings
from agents.settings import Settings
from schemas.topics import changelog

_STOPPED = frozenset({ConsumerGroupState.EMPTY, ConsumerGroupState.DEAD})
_NO_SUCH_GROUP = 69


class StillRunningError(RingsideError):
    """Workers are running. Stop all of them, take the replay, start them again."""


def check_stopped(settings: Settings, admin: AdminClient) -> None:
    """Return if no worker of this installation is in its group.

    Raises:
        StillRunningError: one is.
        BrokerError: Kafka does not say.
    """
    answers = admin.describe_consumer_groups([settings.app_id], request_timeout=REQUEST_SECONDS)
    try:
        state = answers[settings.app_id].result().state
    except KafkaException as error:
        if error.args[0].code() == _NO_SUCH_GROUP:
            return
        raise BrokerError(f"Kafka does not tell of the group: {reason(error)}") from None
    if state not in _STOPPED:
        raise StillRunningError


def take_state(settings: Settings, shard: int) -> int:
    """Replace a shard's live state by the replay's, in one Kafka transaction; return the records.

    Opening the changelog shuts out a worker that is thought stopped and is not.
    """
    own = replay_settings(settings)
    live = Changelog(settings, shard)
    live.open()
    new = _latest(Changelog(own, shard).read())
    old = _latest(live.read())
    gone = [(table, key) for (table, key), value in old.items() if value is not None]
    records = [
        Record(changelog(settings.app_id, table).name, key, None, shard)
        for table, key in gone
        if new.get((table, key)) is None
    ]
    # The ledger last, as in every checkpoint: it says how far the rest goes.
    kept = [(table, key, value) for (table, key), value in new.items() if value is not None]
    kept.sort(key=lambda record: record[0] == "ledger")
    records += [
        Record(changelog(settings.app_id, table).name, key, value, shard)
        for table, key, value in kept
    ]
    live.write(records)
    live.close()
    return len(records)


def _latest(entries: Iterator[list[Entry]]) -> dict[tuple[str, bytes], bytes | None]:
    return {(table, key): value for some in entries for table, key, value in some}


def commit(settings: Settings, reached: dict[Place, int]) -> None:
    """Let the group go on where the replay ends.

    Raises:
        BrokerError: Kafka refused; run `ringside replay take` again.
    """
    consumer = Consumer(config.consumer(settings, settings.app_id))
    places = [
        TopicPartition(topic, partition, offset) for (topic, partition), offset in reached.items()
    ]
    with closing(consumer):
        try:
            consumer.commit(offsets=places, asynchronous=False)
        except KafkaException as error:
            raise BrokerError(f"Kafka did not take the offsets: {reason(error)}") from None
