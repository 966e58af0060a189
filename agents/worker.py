"""One worker process: start, run until told to stop or until something breaks, stop cleanly."""

import asyncio
import gc
import signal
from collections.abc import Awaitable, Callable
from typing import Any

from agents import clock, log
from agents.app import RingsideApp, create_app
from agents.baseline import BaselineKeeper
from agents.errors import RingsideError
from agents.folding import BatchFolder
from agents.health import LOOK_SECONDS, Health
from agents.kafka.roster import RosterFollower
from agents.kafka.watch import KafkaWatch
from agents.metrics.access import Access
from agents.metrics.collector import Collector
from agents.metrics.server import MetricsServer
from agents.postgres.baseline import BaselineStore
from agents.postgres.pool import Database
from agents.postgres.roster import RosterWriter
from agents.postgres.sink import PostgresSink
from agents.postgres.targets import TargetStore
from agents.postgres.writer import SnapshotWriter
from agents.reconciler import Reconciler
from agents.recounting import recount_funnels
from agents.settings import Settings
from agents.shards import Shards
from agents.targets import TargetKeeper
from agents.view import WorkerView
from agents.watchdog import Watchdog, leave
from schemas.pipelines import Pipelines
from schemas.roster import Roster
from streams.sources import SourceLimits

logger = log.get(__name__)

STOP_SECONDS = 20.0
"""How long a clean stop may take; what is not written by then is recovered at the next start."""
AWAY_STOP_SECONDS = 12.0
"""The same while Kafka is down, which is known by then: waiting longer would change nothing."""
FLUSH_SECONDS = 5.0
END_SECONDS = STOP_SECONDS + FLUSH_SECONDS + 3.0
"""A stop that takes longer ends the process: a supervisor would kill it at 30 s."""
LAST_SECONDS = 3.0
LEARN_SECONDS = 300.0
_UNSAVED = "Kafka did not take it; the next worker reads these messages again, none is lost"


class StalledError(RingsideError):
    """The worker made no progress although there was work. It ends, so that it can be restarted."""


class Worker:
    """Everything that one process runs. Call `run` once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stop = asyncio.Event()
        self._shards = _shards(settings)
        self._app: RingsideApp = create_app(settings, self._shards)
        self._health = Health(stall_seconds=settings.stall_seconds, monotonic=clock.monotonic)
        self._watchdog = Watchdog(self._health.hangs, monotonic=clock.monotonic)
        self._kafka = KafkaWatch(settings, monotonic=clock.monotonic)
        self._roster = RosterFollower(settings, on_change=self._roster_changed)
        self._database: Database | None = None
        self._writer: SnapshotWriter | None = None
        self._roster_to_write: asyncio.Queue[tuple[Roster, int, Pipelines]] = asyncio.Queue()
        if settings.database_url is not None:
            self._database = Database(settings.required("database_url"))
            self._writer = _writer(settings, self._database, self._shards)
        self._learning = _learning_database(settings)
        self._baseline = self._keeper()
        self._reconciler = Reconciler(self._learning) if self._learning is not None else None
        self._view = WorkerView(self._app, self._shards, self._roster, self._writer, self._baseline)
        self._view.reconciler = self._reconciler
        self._targets = self._view.targets = self._target_keeper()

    async def run(self) -> None:
        """Run until SIGTERM or SIGINT, and return after a clean stop.

        Raises:
            RingsideError: something that the operator can correct.
            Exception: a bug. The message that caused it is the first one after the next start.
        """
        server = MetricsServer(
            Collector(self._view, clock.now),
            live=self._health.live,
            ready=self._missing,
            access=Access.of(self._settings),
        )
        port = server.start(self._settings.metrics_host, self._settings.metrics_port)
        logger.info("metrics served", host=self._settings.metrics_host, port=port)
        self._watchdog.start()
        self._kafka.start()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        try:
            await self._serve()
        finally:
            self._kafka.stop()
            server.stop()

    def _missing(self) -> str | None:
        """Return what is missing before this worker's numbers can be shown, or None."""
        return self._health.ready() or self._kafka.complaint()

    async def _serve(self) -> None:
        tasks = [asyncio.create_task(task) for task in self._tasks()]
        try:
            await self._start()
            await self._until_stopped(tasks)
        finally:
            unsaved = await self._shut_down(tasks)
        if unsaved:
            leave()
        if self._app.crash_reason is not None:
            # Everything is written by now, and some of Faust's tasks survive their cancellation.
            self._watchdog.stop_within(LAST_SECONDS)
            raise self._app.crash_reason

    def _tasks(self) -> list[Any]:
        tasks: list[Any] = [
            self._roster.run(),
            self._shards.run(self._stop),
            self._look(),
            recount_funnels(self._shards),
        ]
        if self._writer is not None and self._database is not None:
            tasks += [self._writer.run(), self._write_rosters(RosterWriter(self._database))]
        if self._baseline is not None:
            tasks.append(self._after_roster(self._baseline.run))
        if self._targets is not None:
            tasks.append(self._after_roster(self._targets.run))
        if self._reconciler is not None:
            tasks.append(self._reconciler.run())
        return tasks

    def _keeper(self) -> BaselineKeeper | None:
        if self._learning is None:
            return None
        return BaselineKeeper(
            BaselineStore(self._learning),
            roster=lambda: self._roster.index,
            rebuild_seconds=self._settings.baseline_seconds,
        )

    def _target_keeper(self) -> TargetKeeper | None:
        if self._learning is None:
            return None
        return TargetKeeper(
            TargetStore(self._learning),
            roster=lambda: self._roster.index,
            tells=lambda: any(shard.index == 0 for shard in self._shards),
        )

    async def _after_roster(self, run: Callable[[], Awaitable[None]]) -> None:
        """Begin once the roster is known: its calendars and teams are needed."""
        await self._roster.ready.wait()
        await run()

    async def _start(self) -> None:
        # Collecting objects that live for hours costs more than it frees.
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)
        self._health.waits_for = "the roster is being read"
        await asyncio.wait(
            [asyncio.create_task(_wait(event)) for event in (self._roster.ready, self._stop)],
            return_when=asyncio.FIRST_COMPLETED,
        )
        self._health.waits_for = "the state is being restored"
        if not self._stop.is_set():
            await self._app.start()

    async def _until_stopped(self, tasks: list[asyncio.Task[None]]) -> None:
        """Wait for a signal, a crash of the app, or the end of a task, none of which should end."""
        stop = asyncio.create_task(_wait(self._stop))
        # mode has no public way to wait for a crash.
        crash = asyncio.create_task(_wait(self._app._crashed))  # noqa: SLF001
        done, _ = await asyncio.wait({stop, crash, *tasks}, return_when=asyncio.FIRST_COMPLETED)
        for task in (stop, crash):
            task.cancel()
        for task in done:
            task.result()

    async def _shut_down(self, tasks: list[asyncio.Task[None]]) -> int:
        """Stop reading, checkpoint, commit and write what is left, each within its time.

        Returns how many changes are in no checkpoint because Kafka is away.
        """
        self._stop.set()
        self._watchdog.stop_within(END_SECONDS)
        self._health.waits_for = "stopping"
        await self._stop_app()
        is_away = self._kafka.complaint() is not None
        unsaved = sum(shard.dirty_count for shard in self._shards) if is_away else 0
        if unsaved:
            logger.error("stopped without a last checkpoint", changes=unsaved, why=_UNSAVED)
        # Start the clock now: a thread that waits for an absent Kafka goes on waiting until then.
        self._shards.close()
        if self._writer is not None:
            await self._writer.flush(FLUSH_SECONDS)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for database in (self._database, self._learning):
            if database is not None:
                await database.close()
        return unsaved

    async def _stop_app(self) -> None:
        stopping = asyncio.ensure_future(self._app.stop())
        await asyncio.wait({stopping}, timeout=AWAY_STOP_SECONDS)
        if self._kafka.complaint() is None:
            await asyncio.wait({stopping}, timeout=STOP_SECONDS - AWAY_STOP_SECONDS)
        if stopping.done():
            stopping.result()
        else:
            logger.warning("the app did not stop in time")
            stopping.cancel()

    async def _look(self) -> None:
        """Watch the progress, and end a worker that hangs, so that it is restarted."""
        while True:
            self._shards.membership.beat()
            self._health.look(
                self._view.progress(),
                joined=self._view.has_joined(),
                excused=self._kafka.complaint() is not None,
            )
            if self._view.is_restored():
                self._health.waits_for = ""
            complaint = self._health.live() or self._shards.usurped()
            if complaint is not None:
                raise StalledError(f"{complaint}: ending, to be started again")
            await asyncio.sleep(LOOK_SECONDS)

    def _roster_changed(self, roster: Roster, offset: int) -> None:
        self._shards.ghost_limits.roster = self._roster.index
        self._shards.pipelines = self._roster.pipeline_index
        self._roster_to_write.put_nowait((roster, offset, self._roster.pipelines))

    async def _write_rosters(self, writer: RosterWriter) -> None:
        """Write each new roster to Postgres; retry until that or a newer one is written."""
        while True:
            roster, version, pipelines = await self._roster_to_write.get()
            while self._roster_to_write.empty():
                try:
                    await writer.write(roster, version, pipelines)
                    break
                except RingsideError as error:
                    logger.warning("roster not written yet", why=str(error))
                    await asyncio.sleep(self._settings.snapshot_seconds)


def _shards(settings: Settings) -> Shards:
    folder = BatchFolder(
        settings,
        tokeniser=settings.tokeniser(),
        limits=SourceLimits(),
        clock=clock.now,
        monotonic=clock.monotonic,
    )
    return Shards(settings, folder, clock=clock.now, monotonic=clock.monotonic)


def _writer(settings: Settings, database: Database, shards: Shards) -> SnapshotWriter:
    writer = SnapshotWriter(
        PostgresSink(database, lateness_of=settings.lateness_of),
        snapshot_seconds=settings.snapshot_seconds,
        max_dirty_rows=settings.max_dirty_rows,
        on_written=shards.exported,
    )
    shards.folder.exporter = writer
    return writer


def _learning_database(settings: Settings) -> Database | None:
    """Return separate connections: reading eight weeks of panes outlasts a snapshot's limit."""
    if settings.database_url is None:
        return None
    return Database(
        settings.required("database_url"),
        application="ringside baseline",
        statement_seconds=LEARN_SECONDS,
    )


async def _wait(event: asyncio.Event) -> None:
    await event.wait()
