"""The roster on its compacted topic: one message per entity, holding its dated history."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import stamina
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from confluent_kafka import Consumer

from agents import log
from agents.kafka import config, pipelines
from agents.kafka.reading import read_to_end
from agents.settings import Settings
from schemas.codec import Message
from schemas.pipelines import Pipelines
from schemas.roster import Queue, Rep, Roster, Site, Team
from schemas.topics import ROSTER
from streams import roster as index
from streams.pipelines import EMPTY as EMPTY_PIPELINES
from streams.pipelines import PipelineIndex
from streams.roster import RosterIndex

_log = log.get(__name__)
_FIELDS: dict[str, str] = {"site": "sites", "team": "teams", "rep": "reps", "queue": "queues"}
_VOLUME_KEY = "activity_volume/measures"
_POLL_MS = 500
_END_SECONDS = 30.0

_histories: dict[str, msgspec.json.Decoder[Any]] = {
    "site": msgspec.json.Decoder(tuple[Site, ...]),
    "team": msgspec.json.Decoder(tuple[Team, ...]),
    "rep": msgspec.json.Decoder(tuple[Rep, ...]),
    "queue": msgspec.json.Decoder(tuple[Queue, ...]),
}
_volume = msgspec.json.Decoder(tuple[str, ...])

OnChange = Callable[[Roster, int], None]
"""Is told of each new roster, and of the offset up to which the topic has been read."""


def to_values(roster: Roster) -> dict[str, bytes]:
    """Return key and value of each entity's message. Equal rosters give equal bytes."""
    histories: dict[str, list[msgspec.Struct]] = {}
    for kind, field in _FIELDS.items():
        for entry in sorted(getattr(roster, field), key=lambda entry: entry.since or ""):
            histories.setdefault(f"{kind}/{entry.id}", []).append(entry)
    values = {key: msgspec.json.encode(history) for key, history in histories.items()}
    values[_VOLUME_KEY] = msgspec.json.encode(sorted(roster.activity_volume))
    return values


def to_roster(values: Mapping[str, bytes]) -> Roster:
    """Return the roster that such messages make; what cannot be read is logged and left out."""
    entries: dict[str, list[Any]] = {field: [] for field in _FIELDS.values()}
    found: dict[str, Any] = {}
    for key, value in without_pipelines(values).items():
        kind = key.partition("/")[0]
        try:
            if key == _VOLUME_KEY:
                found["activity_volume"] = _volume.decode(value)
            else:
                history = _histories[kind].decode(value)
                _check(key, history)
                entries[_FIELDS[kind]] += history
        except (msgspec.MsgspecError, KeyError, ValueError):
            _log.warning("unreadable roster message left out", key=key)
    return Roster(**{field: tuple(of_kind) for field, of_kind in entries.items()}, **found)


def _check(key: str, history: tuple[Any, ...]) -> None:
    """Raise ValueError if an entry has another's id or a `from` that does not exist."""
    for entry in history:
        index.since_at(entry.since, "UTC")
        if not key.endswith(f"/{entry.id}"):
            message = "the entry belongs to another key"
            raise ValueError(message)


def changes(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> list[Message]:
    """Return the messages that make the topic hold *new* in place of *old*; tombstones last."""
    changed = [
        Message(ROSTER.name, key.encode(), value)
        for key, value in new.items()
        if old.get(key) != value
    ]
    gone = [Message(ROSTER.name, key.encode(), None) for key in old if key not in new]
    return changed + gone


def without_pipelines(values: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return what of the topic is the roster: the pipelines on it have a file of their own."""
    return {key: value for key, value in values.items() if not pipelines.is_key(key)}


def read_values(settings: Settings) -> dict[str, bytes]:
    """Return what the topic holds now, by key, pipelines included.

    Raises:
        TopicsError: there is no such topic.
        BrokerError: the broker does not answer.
    """
    consumer = Consumer(config.consumer(settings, f"{settings.app_id}-roster-reader"))
    values: dict[str, bytes] = {}
    try:
        for record in read_to_end(consumer, ROSTER.name):
            _put(values, record.message.key, record.message.value)
    finally:
        consumer.close()
    return values


def _put(values: dict[str, bytes], key: bytes | None, value: bytes | None) -> None:
    name = (key or b"").decode("utf-8", "replace")
    if value is None:
        values.pop(name, None)
    else:
        values[name] = value


class RosterFollower:
    """Holds the roster for a worker: reads the topic from its beginning, then follows it.

    `index` is replaced, never changed, so whoever took it keeps a consistent view. `ready` is set
    after the first full read, which an empty topic also is. Run `run()` as a task and cancel it.
    """

    def __init__(self, settings: Settings, *, on_change: OnChange | None = None) -> None:
        self.index: RosterIndex = index.EMPTY
        self.roster = Roster()
        self.pipelines = Pipelines()
        self.pipeline_index = EMPTY_PIPELINES
        self.ready = asyncio.Event()
        self._settings = settings
        self._on_change = on_change
        self._values: dict[str, bytes] = {}

    async def run(self) -> None:
        """Follow the topic until cancelled; an unreachable broker is waited for."""
        retries = stamina.retry_context(
            on=(KafkaError, TimeoutError),
            attempts=None,
            timeout=None,
            wait_initial=0.5,
            wait_max=10,
        )
        async for attempt in retries:
            with attempt:
                await self._follow()

    async def _follow(self) -> None:
        # Without a group: every worker needs all of it, and reads it anew at each start.
        consumer = AIOKafkaConsumer(
            **config.aiokafka(self._settings),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        try:
            await consumer.start()
            place = TopicPartition(ROSTER.name, 0)
            consumer.assign([place])
            end = (await asyncio.wait_for(consumer.end_offsets([place]), _END_SECONDS))[place]
            await consumer.seek_to_beginning(place)
            self._values = {}
            while True:
                await self._step(consumer, place, end)
        finally:
            await consumer.stop()

    async def _step(self, consumer: Any, place: Any, end: int) -> None:  # noqa: ANN401 - aiokafka is untyped
        """Take what has come; show it once everything up to *end* has been seen."""
        position = await consumer.position(place)
        if position >= end and not self.ready.is_set():
            self._show(position)
        records = (await consumer.getmany(place, timeout_ms=_POLL_MS)).get(place, [])
        for record in records:
            _put(self._values, record.key, record.value)
        # Until everything has been read once, half a roster would move people to `unknown`.
        if records and records[-1].offset + 1 >= end:
            self._show(records[-1].offset + 1)

    def _show(self, offset: int) -> None:
        """Make what has been read the roster."""
        roster = to_roster(self._values)
        self.index, self.roster = RosterIndex(roster), roster
        found = pipelines.to_pipelines(self._values)
        if found != self.pipelines:
            self.pipelines, self.pipeline_index = found, PipelineIndex(found)
        self.ready.set()
        _log.info("roster read", entities=len(self._values), offset=offset)
        if self._on_change is not None:
            self._on_change(roster, offset)
