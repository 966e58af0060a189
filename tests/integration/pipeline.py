"""The whole pipeline for a test: topics, schema, workers as processes, events in, numbers out."""

from __future__ import annotations

import asyncio
import secrets
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
from confluent_kafka import Consumer, Producer
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from agents.embedded.http import get, is_ok
from agents.embedded.paths import PROJECT
from agents.embedded.ports import free_port
from agents.embedded.postgres import Database
from agents.embedded.process import ChildProcess, Program
from agents.kafka import config
from agents.kafka.deadletters import DeadLetter, from_record
from agents.kafka.reading import read_to_end
from agents.settings import Settings
from schemas.codec import Message, encode
from schemas.events import Event
from schemas.topics import CUSTOMERS, DEAD_LETTERS, SOURCES, TOPIC_OF_TYPE

PATIENCE_SECONDS = 180.0
ANSWER_SECONDS = 60.0
_SOURCES = tuple(topic.name for topic in SOURCES)
RESULTS = ("applied", "duplicate", "late", "dead_lettered")

Condition = Callable[[], bool]


def wait_until(
    condition: Condition, why: str | Callable[[], str], seconds: float = PATIENCE_SECONDS
) -> None:
    """Return once it holds; fail, saying what was waited for, when the time is over."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            text = why if isinstance(why, str) else why()
            raise AssertionError(f"not within {seconds:g} s: {text}")
        time.sleep(0.05)


@dataclass(frozen=True, slots=True)
class Raw:
    """A message as it is, for what is no event."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


def message(event: Event | Raw) -> Raw:
    """Return the message that a well-behaved source would send."""
    if isinstance(event, Raw):
        return event
    return Raw(TOPIC_OF_TYPE[event.type], event.subject.encode(), encode(event))


@dataclass(slots=True)
class Worker:
    """One worker process and its metrics page."""

    process: ChildProcess
    port: int

    def samples(self) -> list[Sample]:
        """Return the samples of the page; none if it does not answer."""
        answer = get(self.port, "/metrics", ANSWER_SECONDS)
        if answer is None or answer.status != 200:
            return []
        families = text_string_to_metric_families(answer.body.decode())
        return [sample for family in families for sample in family.samples]

    def total(self, name: str, **labels: str) -> float:
        """Return the sum of the samples of that name with these labels."""
        return sum(
            sample.value
            for sample in self.samples()
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def is_live(self) -> bool:
        """Whether it says that it lives."""
        return is_ok(self.port, "/live", ANSWER_SECONDS)

    def wait_until_ready(self, seconds: float = PATIENCE_SECONDS) -> None:
        """Return once it has its partitions and their state."""
        self.process.wait_until(lambda: is_ok(self.port, "/ready"), seconds)

    def log(self) -> str:
        """Return the end of what it printed."""
        return self.process.log_tail(60)


@dataclass(slots=True)
class Pipeline:
    """An installation of its own: app id, topics, database, workers."""

    bootstrap: str
    database: Database
    writer_url: str
    reader_url: str
    folder: Path
    env: Mapping[str, str]
    under: tuple[str, ...] = ()
    """A module and its arguments that run Ringside's programs, as `pdb` would."""
    workers: list[Worker] = field(default_factory=list)

    @property
    def settings(self) -> Settings:
        """The settings of its workers."""
        return Settings.from_env(self.env)

    def start_worker(
        self, *arguments: str, ready: bool = True, module: str = "agents", **settings: str
    ) -> Worker:
        """Start one more worker, settings by name without the prefix, and wait for it.

        `module` is what is run instead of Ringside's own program.
        """
        port = free_port()
        env = {
            **self.env,
            "RINGSIDE_METRICS_PORT": str(port),
            "RINGSIDE_DATA_DIR": str(self.folder / f"worker-{port}"),
            **{f"RINGSIDE_{name.upper()}": value for name, value in settings.items()},
        }
        log = self.folder / f"worker-{port}.log"
        program = self.program("worker", *arguments, log=log, env=env, module=module)
        worker = Worker(ChildProcess(program), port)
        self.workers.append(worker)
        worker.process.start()
        if ready:
            worker.wait_until_ready()
        return worker

    def stop(self) -> None:
        """End every worker that still runs."""
        for worker in self.workers:
            worker.process.kill()

    @property
    def running(self) -> list[Worker]:
        """The workers that run."""
        return [worker for worker in self.workers if worker.process.is_running]

    def program(
        self, *arguments: str, log: Path, env: Mapping[str, str], module: str = "agents"
    ) -> Program:
        """Return a `ringside` command as a program to be started."""
        return _program(arguments[0], _command(*self.under, module, *arguments), log, env)

    def run(
        self, *arguments: str, check: bool = True, given: str = "", module: str = "agents"
    ) -> subprocess.CompletedProcess[str]:
        """Run a `ringside` command to its end; `given` is what it reads from stdin.

        `module` is what is run instead of Ringside's own program.
        """
        return subprocess.run(  # noqa: S603 - our own command line
            _command(*self.under, module, *arguments),
            env=dict(self.env),
            cwd=PROJECT,
            input=given,
            text=True,
            capture_output=True,
            check=check,
            timeout=300,
        )

    # In

    def publish(self, events: Iterable[Event | Raw], *, rate: float | None = None) -> int:
        """Send in order, at most *rate* a second; return how many once all are confirmed."""
        failed: list[str] = []

        def report(error: object, _: object) -> None:
            if error is not None:
                failed.append(str(error))

        # A stopped broker is waited for; what is repeated by librdkafka itself arrives once.
        settings = {"enable.idempotence": True, "linger.ms": 5, "log_level": 0}
        producer = Producer({"bootstrap.servers": self.bootstrap, **settings})
        started_at, sent = time.monotonic(), 0
        for event in events:
            raw = message(event)
            producer.produce(
                raw.topic, raw.value, raw.key, headers=list(raw.headers), on_delivery=report
            )
            sent += 1
            ahead_seconds = started_at + sent / rate - time.monotonic() if rate else 0.0
            producer.poll(max(0.0, ahead_seconds) if ahead_seconds > 0.01 else 0)
        assert producer.flush(PATIENCE_SECONDS) == 0, "Kafka did not confirm everything"
        assert not failed, failed[:3]
        return sent

    @contextmanager
    def publishing(self, events: Iterable[Event | Raw], *, rate: float) -> Iterator[None]:
        """Send in the background; leaving waits for the last confirmation."""
        errors: list[BaseException] = []

        def send() -> None:
            try:
                self.publish(events, rate=rate)
            except BaseException as error:  # noqa: BLE001 - handed over to the test below
                errors.append(error)

        thread = threading.Thread(target=send)
        thread.start()
        try:
            yield
        finally:
            thread.join(300)
        assert not thread.is_alive(), "still publishing"
        if errors:
            raise errors[0]

    # Out

    def total(self, name: str, **labels: str) -> float:
        """Return the sum over all running workers."""
        return sum(worker.total(name, **labels) for worker in self.running)

    def consumed(self) -> int:
        """Return how many messages of the sources the running workers have in their state."""
        return int(sum(self.total("ringside_events_consumed_total", topic=one) for one in _SOURCES))

    def results(self) -> Counter[str]:
        """Return the ledger of the metrics pages: by result, and `consumed`."""
        found: Counter[str] = Counter(dict.fromkeys((*RESULTS, "consumed"), 0))
        for worker in self.running:
            for sample in worker.samples():
                if sample.labels.get("topic") == CUSTOMERS.name:
                    continue
                if sample.name == "ringside_events_total":
                    found[sample.labels["result"]] += int(sample.value)
                elif sample.name == "ringside_events_consumed_total":
                    found["consumed"] += int(sample.value)
        return found

    def wait_until_consumed(self, count: int, seconds: float = PATIENCE_SECONDS) -> None:
        """Return once the workers' pages show that many messages."""
        wait_until(lambda: self.consumed() >= count, lambda: self._progress(count), seconds)

    def wait_until_written(self, count: int, seconds: float = PATIENCE_SECONDS) -> None:
        """Return once Postgres has that many messages in its ledger."""
        wait_until(lambda: self.written() >= count, lambda: self._progress(count), seconds)

    def wait_until_told_is_written(self, seconds: float = PATIENCE_SECONDS) -> None:
        """Return once Postgres has what the workers have told each other of customers, too.

        What is written of the sources was told in the same transactions, and nothing else is.
        """
        told = len(self._records(CUSTOMERS.name))
        query = "SELECT coalesce(sum(consumed), 0)::bigint FROM ringside.ledger WHERE topic = $1"
        wait_until(
            lambda: self.row(query, CUSTOMERS.name)[0] >= told,
            lambda: self._progress(told),
            seconds,
        )

    def written(self) -> int:
        """Return how many messages of the sources are in Postgres."""
        return self.ledger()["consumed"]

    def ledger(self) -> Counter[str]:
        """Return the ledger that Postgres has, like `results`."""
        names = (*RESULTS, "consumed")
        sums = ", ".join(f"coalesce(sum({name}), 0)::bigint" for name in names)
        sources = f"topic <> '{CUSTOMERS.name}'"
        found = self.row(f"SELECT {sums} FROM ringside.ledger WHERE {sources}")  # noqa: S608 - constant names
        return Counter(dict(zip(names, found, strict=True)))

    def rows(self, query: str, *arguments: object) -> list[tuple[Any, ...]]:
        """Return what Postgres answers."""
        return asyncio.run(_fetch(self.database.admin_url, query, arguments))

    def dead_letters(self) -> list[DeadLetter]:
        """Return what the dead-letter topic holds, as one sees it who reads only what counts."""
        letters = [from_record(record) for record in self._records(DEAD_LETTERS.name)]
        assert None not in letters, "not a dead letter"
        return [letter for letter in letters if letter is not None]

    def _records(self, topic: str) -> list[Message]:
        """Return what a topic holds for one who reads only what is committed."""
        consumer = Consumer(config.consumer(self.settings, f"test-{secrets.token_hex(4)}"))
        try:
            return [one.message for one in read_to_end(consumer, topic)]
        finally:
            consumer.close()

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Return what Postgres answers to one who may only read, as Grafana."""
        return asyncio.run(_fetch(self.reader_url, query, ()))

    def row(self, query: str, *arguments: object) -> tuple[Any, ...]:
        """Return the one row that Postgres answers."""
        (only,) = self.rows(query, *arguments)
        return only

    def _progress(self, count: int) -> str:
        logs = "\n".join(worker.log()[-3000:] for worker in self.workers)
        return f"{count} messages; consumed {self.results()}, Postgres {self.written()}\n{logs}"


async def _fetch(url: str, query: str, arguments: Sequence[object]) -> list[tuple[Any, ...]]:
    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(query, *arguments)]
    finally:
        await connection.close()


def ringside(*arguments: str, log: Path, env: Mapping[str, str]) -> Program:
    """Return a `ringside` command as a program to be started."""
    return _program(arguments[0], _command("agents", *arguments), log, env)


def _program(name: str, command: tuple[str, ...], log: Path, env: Mapping[str, str]) -> Program:
    name = f"ringside {name}"
    return Program(name=name, command=command, log=log, env=env, working_folder=PROJECT)


def _command(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", *arguments)
