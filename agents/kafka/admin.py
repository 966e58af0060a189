"""An admin client that waits for its broker: Kafka often starts at the same time as we do."""

from collections.abc import Callable
from typing import TypeVar

import stamina
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from agents import clock
from agents.errors import BrokerError
from agents.kafka import config
from agents.kafka.refusals import Refusals, refusal
from agents.settings import Settings

TRY_SECONDS = 2.0
REQUEST_SECONDS = 30.0

_PASSING = frozenset(
    {
        KafkaError.NOT_LEADER_FOR_PARTITION,
        KafkaError.LEADER_NOT_AVAILABLE,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.NOT_COORDINATOR,
    }
)
"""What a broker answers for a moment after it, a topic or a group is new."""

_NOT_ALLOWED = frozenset(
    {
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    }
)
_RIGHTS = "; `ringside topics acls` shows and gives the rights that are needed"

_CRITICAL = 2
"""As syslog counts: errors, and what is less, are left out."""

_T = TypeVar("_T")

Progress = Callable[[str], None]
"""Is told, a sentence at a time, what is being waited for."""


def connect(
    settings: Settings, *, wait_seconds: float, progress: Progress = lambda _: None
) -> AdminClient:
    """Return a client whose broker has answered.

    Raises:
        BrokerError: no answer within `wait_seconds`, or one that waiting will not change.
    """
    refusals = Refusals()
    # What keeps it from connecting is told by whoever waits, or raised: not by its log, too.
    quiet = {"error_cb": refusals, "log_level": _CRITICAL}
    admin = AdminClient(config.librdkafka(settings) | quiet)
    deadline = clock.monotonic() + wait_seconds
    tries = 0
    while True:
        try:
            admin.list_topics(timeout=TRY_SECONDS)
        except KafkaException as error:
            admin.poll(0)
            if why := refusal(settings, refusals):
                raise BrokerError(why) from None
            left_seconds = deadline - clock.monotonic()
            if left_seconds <= 0:
                raise BrokerError(unreachable(settings, error)) from None
            tries += 1
            # Every try lasts TRY_SECONDS by itself, so there is no need to sleep between them.
            progress(
                f"waiting for Kafka at {settings.kafka_bootstrap} "
                f"(try {tries}, {left_seconds:.0f} s left)"
            )
        else:
            return admin


def patiently(call: Callable[[], _T]) -> _T:
    """Return what *call* returns, asking again while the broker is not ready to answer it.

    Raises:
        KafkaException: another error, or the broker is not ready after REQUEST_SECONDS.
    """
    for attempt in stamina.retry_context(
        on=_is_passing, attempts=None, timeout=REQUEST_SECONDS, wait_initial=0.1, wait_max=2
    ):
        with attempt:
            return call()
    raise AssertionError  # stamina raises the last error itself


def _is_passing(error: Exception) -> bool:
    return isinstance(error, KafkaException) and error.args[0].code() in _PASSING


def unreachable(settings: Settings, error: KafkaException) -> str:
    """Return what to tell somebody whose Kafka does not answer."""
    return (
        f"Kafka at {settings.kafka_bootstrap} does not answer ({reason(error)}). Start it, or set "
        "RINGSIDE_KAFKA_BOOTSTRAP (and RINGSIDE_KAFKA_SECURITY_PROTOCOL) to where it listens"
    )


def reason(error: KafkaException) -> str:
    """Return librdkafka's words for an error, without its codes."""
    first = error.args[0] if error.args else error
    if not hasattr(first, "str"):
        return str(first)
    advice = _RIGHTS if first.code() in _NOT_ALLOWED else ""
    return f"{first.str()}{advice}"
