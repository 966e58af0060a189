"""create_app: the only place where Faust meets our functions."""

import logging
from collections.abc import AsyncIterable
from functools import partial
from typing import Any

import faust
from faust.tables.manager import TableManager
from faust.tables.recovery import Recovery

from agents import log
from agents.batches import batch_transport
from agents.fetched import Batch
from agents.kafka import config
from agents.membership import HEARTBEAT_SECONDS, REBALANCE_SECONDS, SESSION_SECONDS
from agents.settings import Settings
from agents.shards import Shards
from schemas.topics import FOLDED

logger = log.get(__name__)

# Without this, mode would log a line per state and service under our classes' names.
_faust_logger = logging.getLogger("faust.app")


class ShardRecovery(Recovery):  # type: ignore[misc]  # faust has no types
    """Restores shards where Faust would restore tables: after an assignment, before the flow."""

    logger = _faust_logger

    async def _resume_streams(self, generation_id: int = 0) -> None:
        assigned = self.app.consumer.assignment()
        names = {topic.name for topic in FOLDED}
        owned = {tp.partition for tp in assigned if tp.topic in names}
        # _wait gives up as soon as the next rebalance begins.
        await self._wait(self.app.shards.own(owned, generation_id))
        await super()._resume_streams(generation_id=generation_id)


class ShardManager(TableManager):  # type: ignore[misc]
    """Faust's table manager without tables of its own."""

    logger = _faust_logger

    _recovery: Recovery | None

    @property
    def recovery(self) -> Recovery:
        """The service that restores state after an assignment."""
        if self._recovery is None:
            self._recovery = ShardRecovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return self._recovery


class RingsideApp(faust.App):  # type: ignore[misc]
    """A Faust app with shards."""

    logger = _faust_logger

    shards: Shards
    rebalances = 0

    def on_rebalance_end(self) -> None:
        """Count rebalances over the life of the process."""
        super().on_rebalance_end()
        self.rebalances += 1
        assigned = sorted({tp.partition for tp in self.consumer.assignment()})
        logger.info("partitions assigned", partitions=assigned)


async def fold_batches(batches: AsyncIterable[Batch], *, shards: Shards, crash: Any) -> None:  # noqa: ANN401 - App.crash
    """Fold every batch of one topic. An error ends the worker; nothing is acknowledged for it."""
    async for batch in batches.noack():  # type: ignore[attr-defined]
        try:
            await shards.fold(batch)
        except Exception as error:
            await crash(error)
            raise


def create_app(settings: Settings, shards: Shards) -> RingsideApp:
    """Build a fresh application. Call it as often as you like: no globals."""
    app = RingsideApp(
        settings.app_id,
        broker=[f"kafka://{address}" for address in settings.kafka_bootstrap.split(",")],
        broker_credentials=_credentials(settings),
        broker_session_timeout=SESSION_SECONDS,
        broker_rebalance_timeout=REBALANCE_SECONDS,
        broker_heartbeat_interval=HEARTBEAT_SECONDS,
        broker_commit_interval=settings.checkpoint_seconds,
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=4 * 2**20,
        datadir=str(settings.data_dir / "faust"),
        value_serializer="raw",
        key_serializer="raw",
        stream_recovery_delay=0.0,
        # Not 0: without tables Faust would choose an assignor that splits shards.
        table_standby_replicas=1,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        worker_redirect_stdouts=False,
        TableManager=ShardManager,
    )
    # No standbys: with them one of three workers would get none of four partitions.
    app.assignor.replicas = 0
    app.shards = shards
    app.transport = batch_transport(shards)(app.conf.broker_consumer, app)
    for topic in FOLDED:
        # Adding the topic subscribes to it; its messages arrive as batches.
        app.topics.add(app.topic(topic.name, value_type=bytes, value_serializer="raw"))
        channel = shards.channels[topic.name] = app.channel(maxsize=1)
        agent = partial(fold_batches, shards=shards, crash=app.crash)
        app.agent(channel, name=f"fold-{topic.name}")(agent)
    shards.acknowledge = partial(_acknowledge, app)
    return app


def _acknowledge(app: RingsideApp, topic: str, partition: int, next_offset: int) -> None:
    # Faust creates the consumer when the app starts, so look it up when it is needed.
    app.consumer.acknowledge(topic, partition, next_offset)


def _credentials(settings: Settings) -> faust.types.auth.CredentialsT | None:
    context = config.ssl_context(settings)
    protocol = settings.kafka_security_protocol
    if protocol == "SSL":
        return faust.SSLCredentials(context)
    if protocol == "PLAINTEXT":
        return None
    return faust.SASLCredentials(
        mechanism=settings.kafka_sasl_mechanism,
        username=settings.required("kafka_username"),
        password=settings.required("kafka_password"),
        ssl_context=context,
    )
