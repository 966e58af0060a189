"""Writes the state of a part of a day to PostgreSQL: all rows new, then all of them again."""

import argparse
import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import uvloop

from agents.postgres.pool import Database
from agents.postgres.sink import PostgresSink
from benchmarks.contenders.folding import Folding
from benchmarks.contenders.measured import tell
from benchmarks.settings import settings_for
from streams.snapshot import Snapshot

CHECKPOINT_SECONDS = 60.0


async def write(url: str, snapshots: Sequence[Snapshot]) -> float:
    """Write all snapshots, one transaction each; return how long that took."""
    settings = settings_for("127.0.0.1:9", "snapshot")
    database = Database(url)
    sink = PostgresSink(database, lateness_of=settings.lateness_of)
    began = time.perf_counter()
    for snapshot in snapshots:
        await sink.write([snapshot])
    seconds = time.perf_counter() - began
    await database.close()
    return seconds


def _later(snapshot: Snapshot) -> Snapshot:
    """Return the same as of the next offset, so that no row is fenced off as an old one."""
    ledger = msgspec.structs.replace(snapshot.ledger, next_offset=snapshot.ledger.next_offset + 1)
    return Snapshot(snapshot.topic, snapshot.partition, ledger, snapshot.panes, snapshot.entities)


def main() -> None:
    """Run from the command line; `benchmarks.state` does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--day", type=Path, required=True)
    parser.add_argument("--events", type=int, required=True)
    given = parser.parse_args()
    folding = Folding()
    for _ in folding.checkpoints(given.day, every_seconds=CHECKPOINT_SECONDS):
        if folding.events >= given.events:
            break
    snapshots = [fold.whole() for fold in folding.folds.values()]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        insert_seconds = runner.run(write(given.url, snapshots))
        update_seconds = runner.run(write(given.url, [_later(one) for one in snapshots]))
    rows = sum(snapshot.rows for snapshot in snapshots)
    tell({"rows": rows, "insert_seconds": insert_seconds, "update_seconds": update_seconds})


if __name__ == "__main__":
    main()
