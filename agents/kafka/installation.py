"""Which installation a name belongs to, so that two of one name do not share a consumer group.

`RINGSIDE_APP_ID` names an installation: its workers share a group, changelogs and transactional
ids. A second service with the same name, but another database or another key for customers, would
take partitions from the first and count them elsewhere. So the first worker writes its identity
into a topic of one record, and the others compare theirs with it.
"""

import hashlib
import hmac
from typing import Any

import msgspec
import stamina
from confluent_kafka import Consumer, KafkaException, Producer

from agents import log
from agents.errors import BrokerError, RingsideError
from agents.kafka import config
from agents.kafka.admin import REQUEST_SECONDS, reason
from agents.kafka.reading import read_to_end
from agents.settings import Settings
from schemas.customers import keys
from schemas.topics import installation

logger = log.get(__name__)

KEY = b"installation"
SETTLING_SECONDS = 60.0


class AnotherInstallationError(RingsideError):
    """The name is taken by another installation."""


class HalfTakenError(RingsideError):
    """A replay is being taken, or taking it was interrupted: rows and state do not match.

    Run `ringside replay take` again, and start the workers when it has ended.
    """


class ContendedError(BrokerError):
    """Another worker wrote to the topic at the same moment."""


class Identity(msgspec.Struct, frozen=True, omit_defaults=True):
    """What identifies an installation."""

    database: str | None = None
    """The id that migrations gave its database; None if it has no database."""
    customer_keys: tuple[str, ...] = ()
    """Fingerprints of the keys of the customers' tokens; they reveal nothing about the keys.

    The newest first; more than one if the key has been replaced.
    """
    is_half_taken: bool = False
    """Whether a replay is being taken: a worker that started now would restore the old state."""


_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(Identity)


def identity_of(settings: Settings, database: str | None) -> Identity:
    """Return the identity of the installation with these settings.

    Raises:
        SettingsError: RINGSIDE_CUSTOMER_KEY is not set.
    """
    in_turn = [key for _, key in sorted(keys(settings.required("customer_key")).items())]
    # A later key makes tokens from those of earlier keys, so without these it is another key.
    upto = [fingerprint(b"\n".join(in_turn[: count + 1])) for count in range(len(in_turn))]
    return Identity(database, tuple(reversed(upto)))


def fingerprint(key: bytes) -> str:
    """Return a fingerprint that tells keys apart and does not reveal the key."""
    return hmac.new(key, b"ringside installation", hashlib.sha256).hexdigest()[:16]


def difference(mine: Identity, theirs: Identity, *, database_known: bool) -> str | None:
    """Return how two installations differ, or None if they are the same.

    A database that was added later is no difference, nor is one that does not answer now.
    """
    if database_known and theirs.database is not None and mine.database != theirs.database:
        return "another database" if mine.database is not None else "a database, and this has none"
    if not set(mine.customer_keys) & set(theirs.customer_keys):
        return "another RINGSIDE_CUSTOMER_KEY"
    return None


def is_behind(mine: Identity, theirs: Identity) -> bool:
    """Return whether the others have a newer key than this worker, which must be restarted with it.

    This worker's identity would be older than the one in the topic, and would shut out workers that
    have only the newer key.
    """
    return mine.customer_keys[0] in theirs.customer_keys[1:]


def check_installation(
    settings: Settings, mine: Identity, *, database_known: bool, moved: bool
) -> None:
    """Check that the name is this installation's, and claim it if nobody has.

    `moved`: claim the name whoever had it before.

    Raises:
        AnotherInstallationError: the name is another's; the message says what to do.
        HalfTakenError: a replay is being taken.
        BrokerError: Kafka does not answer.
    """
    # Each newcomer fences the one before it, so all wait a random time before they try again.
    for attempt in stamina.retry_context(
        on=ContendedError, attempts=None, timeout=SETTLING_SECONDS, wait_max=2.0
    ):
        with attempt:
            _settle(settings, mine, database_known=database_known, moved=moved)


def _settle(settings: Settings, mine: Identity, *, database_known: bool, moved: bool) -> None:
    theirs = _read(settings)
    if theirs is not None and theirs.is_half_taken:
        raise HalfTakenError
    if theirs is not None and not moved:
        told = difference(mine, theirs, database_known=database_known)
        if told is not None:
            raise AnotherInstallationError(_refusal(settings, told))
        if mine == theirs or not database_known or is_behind(mine, theirs):
            return
    if not _claim(settings, mine, theirs):
        name = installation(settings.app_id).name
        raise ContendedError(f"others keep writing to {name}; start again")
    logger.info("installation named", app_id=settings.app_id, database=mine.database)


def check_not_half_taken(settings: Settings) -> None:
    """Return unless a replay is being taken.

    Raises:
        HalfTakenError: it is.
        BrokerError: Kafka does not answer.
    """
    theirs = _read(settings)
    if theirs is not None and theirs.is_half_taken:
        raise HalfTakenError


def mark_half_taken(settings: Settings, *, is_half_taken: bool) -> None:
    """Record whether a replay is being taken, for workers that start meanwhile.

    Raises:
        BrokerError: Kafka does not answer, or somebody else writes there.
    """
    theirs = _read(settings)
    if theirs is None or theirs.is_half_taken == is_half_taken:
        return
    if not _claim(settings, msgspec.structs.replace(theirs, is_half_taken=is_half_taken), theirs):
        name = installation(settings.app_id).name
        raise BrokerError(f"somebody else writes to {name}: are all workers stopped? Try again")


def _refusal(settings: Settings, told: str) -> str:
    return (
        f"RINGSIDE_APP_ID={settings.app_id} is the name of another installation on this Kafka: one "
        f"with {told}. Give this one a name of its own; or, if it is the same and has moved, stop "
        "all its workers and start one with `ringside worker --moved`"
    )


def _read(settings: Settings) -> Identity | None:
    consumer = Consumer(config.consumer(settings, settings.app_id))
    try:
        records = list(read_to_end(consumer, installation(settings.app_id).name))
    finally:
        consumer.close()
    values = [record.message.value for record in records if record.message.value]
    return _decoder.decode(values[-1]) if values else None


def _claim(settings: Settings, mine: Identity, theirs: Identity | None) -> bool:
    """Write down our identity; False if another wrote since *theirs* was read.

    If two start at once, the transactional id lets one through at a time.
    """
    producer = Producer(_producer_settings(settings))
    try:
        if settings.kafka_transactions:
            producer.init_transactions(REQUEST_SECONDS)
            producer.begin_transaction()
        if _read(settings) != theirs:
            return False
        producer.produce(installation(settings.app_id).name, _encode(mine), KEY, 0)
        if settings.kafka_transactions:
            return _commit(producer)
        if producer.flush(REQUEST_SECONDS):
            raise BrokerError(f"Kafka did not take in time who {settings.app_id} is")
    except KafkaException as error:
        if error.args[0].fatal():  # another worker fenced us
            return False
        raise BrokerError(f"Kafka did not take who this installation is: {reason(error)}") from None
    return True


def _commit(producer: Producer) -> bool:
    """Commit what was written; False if that failed, and the topic must be read to know.

    If another worker comes at the same moment, Kafka may report an unknown error.
    """
    try:
        producer.commit_transaction(REQUEST_SECONDS)
    except KafkaException as error:
        logger.warning("installation not surely named, looking again", reason=reason(error))
        return False
    return True


def _producer_settings(settings: Settings) -> dict[str, Any]:
    made = config.producer(settings)
    if settings.kafka_transactions:
        made |= {"transactional.id": f"{settings.app_id}-installation"}
    return made
