"""What a worker shows of itself: to its metrics page, to its health, and to nobody else."""

from collections.abc import Sequence

from agents import clock
from agents.app import RingsideApp
from agents.baseline import BaselineKeeper
from agents.kafka.roster import RosterFollower
from agents.metrics.expected import Expectations
from agents.metrics.service import PartitionStatus, Status, table_entries
from agents.postgres.reconciliation import Compared
from agents.postgres.writer import SnapshotWriter
from agents.reconciler import Reconciler
from agents.release import release
from agents.shard import Shard
from agents.shards import Shards
from agents.targets import TargetKeeper
from schemas.topics import FOLDED
from streams.fold import Fold
from streams.roster import RosterIndex
from streams.unknown import unknown


class WorkerView:
    """Implements `agents.metrics.collector.View`. Reads only; any thread may call it."""

    def __init__(
        self,
        app: RingsideApp,
        shards: Shards,
        roster: RosterFollower,
        writer: SnapshotWriter | None,
        baseline: BaselineKeeper | None,
    ) -> None:
        self._app = app
        self._shards = shards
        self._roster = roster
        self._writer = writer
        self._baseline = baseline
        self.reconciler: Reconciler | None = None
        self.targets: TargetKeeper | None = None

    def folds(self) -> list[Fold]:
        """Return the folds of the partitions that this worker is sure to own."""
        return self._shards.folds() if self._shards.membership.is_sure() else []

    def roster(self) -> RosterIndex:
        """Return the roster as it is known now."""
        return self._roster.index

    def status(self) -> Status:
        """Return how the service is."""
        now, folds, roster = clock.now(), self.folds(), self._roster.roster
        shards = list(self._shards) if self._shards.membership.is_sure() else []
        writer = self._writer
        return Status(
            partitions=tuple(
                self._partition(shard, fold, now)
                for shard in shards
                for fold in shard.folds.values()
            ),
            shards={
                shard.index: (max(0.0, now - shard.checkpointed_at), shard.recovery_seconds)
                for shard in shards
            },
            partition_count=self._shards.partition_count,
            rebalances=self._app.rebalances,
            snapshot_age_seconds=writer.age_seconds(now) if writer is not None else 0.0,
            snapshot_pending_rows=writer.pending_rows if writer is not None else 0,
            snapshot_failures=writer.failures if writer is not None else 0,
            table_entries=table_entries(folds),
            unknown=unknown(folds, self._roster.index, now),
            roster_entries={
                "rep": len(roster.reps),
                "team": len(roster.teams),
                "site": len(roster.sites),
                "queue": len(roster.queues),
            },
            sources=self._shards.folder.limits.over_limit(),
            version=release(),
        )

    def heard_at(self) -> dict[str, float]:
        """Return when each source last sent something."""
        return self._shards.folder.heard_at.copy()

    def reconciled(self) -> Sequence[Compared]:
        """Return how PBXs' counters compare, if this worker has shard 0."""
        if self.reconciler is None or all(shard.index for shard in self._shards):
            return ()
        return self.reconciler.latest

    def expectations(self) -> Expectations | None:
        """Return what should happen, if this worker has shard 0: then nobody else tells it."""
        if all(shard.index for shard in self._shards):
            return None
        keeper = self._baseline
        if keeper is None:
            return Expectations(None)
        progress = self.targets.progress() if self.targets is not None else ()
        return Expectations(keeper.current, keeper.replay_until, progress)

    def progress(self) -> dict[tuple[str, int], tuple[int, int]]:
        """Return, by topic and partition, what was consumed and what waits; for `Health.look`."""
        return {
            (fold.topic, fold.partition): (fold.ledger.consumed, self._lag(fold) or 0)
            for fold in self._shards.folds()
        }

    def has_joined(self) -> bool:
        """Whether the group has given this worker its partitions, and its state is restored."""
        return not self._app.rebalancing and self.is_restored()

    def is_restored(self) -> bool:
        """Whether every partition that is assigned to this worker has its state."""
        if not self._app.rebalances:
            return False
        names = {topic.name for topic in FOLDED}
        assigned = {tp.partition for tp in self._app.consumer.assignment() if tp.topic in names}
        return assigned <= {shard.index for shard in self._shards}

    def _partition(self, shard: Shard, fold: Fold, now: float) -> PartitionStatus:
        lag = self._lag(fold)
        written_at = shard.record_at.get(fold.topic)
        behind = max(0.0, now - written_at) if lag and written_at is not None else 0.0
        return PartitionStatus(
            fold.topic,
            fold.partition,
            fold.ledger,
            fold.watermark.at,
            lag_events=lag,
            lag_seconds=behind,
            event_lag_seconds=shard.event_lag_seconds(fold, now, clock.monotonic()),
        )

    def _lag(self, fold: Fold) -> int | None:
        lag: int | None = self._app.consumer.lag_events(fold.topic, fold.partition)
        return lag
