"""A program of Ringside without one of its defences: what a fault must then find wrong.

Run as `python -m tests.faults.undefended DEFENCE MODULE ARGUMENT...`: as `python -m MODULE
ARGUMENT...`, but for that defence. `fails_without` (tests/faults/proofs.py) runs tests so.
"""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable, Iterable
from typing import Any

from confluent_kafka import Producer

from agents.changelog import Changelog, Record
from agents.changelog_ends import Ends
from agents.cli import replay, worker
from agents.errors import DatabaseError
from agents.health import Health
from agents.kafka import config
from agents.postgres.connection import Connection
from agents.postgres.tables import Table
from agents.postgres.writer import SnapshotWriter
from agents.replay import building, tables
from agents.shard import Shard
from agents.shards import Shards
from agents.state import Restorer
from agents.worker import Worker
from streams import fold_state, names

DEFENCES: dict[str, Callable[[], None]] = {}
"""By name: takes it away."""

Taker = Callable[[], None]


def defence(take_away: Taker) -> Taker:
    """Note what takes a defence away, under what the defence is called."""
    DEFENCES[take_away.__name__.replace("_", " ")] = take_away
    return take_away


def nothing(*_: object, **__: object) -> None:
    """Find nothing wrong, do nothing."""


# Kafka


@defence
def asking_whether_kafka_answers() -> None:
    """A worker is ready when it is well itself."""
    Worker._missing = lambda self: self._health.ready()


@defence
def waiting_for_kafka_to_confirm() -> None:
    """What Kafka has not taken in a second is dropped, and is taken for written."""

    def open_(self: Changelog) -> None:
        self._producer = Producer(config.producer(self._settings) | {"message.timeout.ms": 1000})

    def write(self: Changelog, records: Iterable[Record]) -> None:
        assert self._producer is not None
        for one in records:
            place = {} if one.partition < 0 else {"partition": one.partition}
            self._producer.produce(one.topic, one.value, one.key, headers=one.headers, **place)
        self._producer.flush(2)

    Changelog.open, Changelog.write = open_, write


# The start


@defence
def comparing_topics() -> None:
    """Topics are as they should be."""
    worker.check_topics = nothing


@defence
def missing_what_was_lost() -> None:
    """What a changelog holds is all that it ever held."""
    Ends.check = nothing
    Restorer.without_ledger = None
    Shards.check_committed = nothing


@defence
def comparing_installations() -> None:
    """Whoever has the name is the installation."""
    worker.check_installation = nothing


@defence
def noticing_a_usurper() -> None:
    """Whoever took a partition over was given it."""
    Shards.usurped = nothing


@defence
def trying_the_folder() -> None:
    """A folder can be written."""
    worker._prepare_folder = nothing


@defence
def refusing_older_state() -> None:
    """State that cannot be read is none."""

    def finish(self: Restorer) -> Any:  # noqa: ANN401 - as the real one
        self._older.clear()
        return whole(self)

    whole = Restorer.finish
    Restorer.finish = finish


@defence
def carrying_panes_over() -> None:
    """Who takes over knows up to where was counted, and not what."""
    Restorer._pane = nothing


# Going on


@defence
def keeping_nothing_in_the_folder() -> None:
    """Before Kafka has its state a worker's folder has it."""
    checkpoint = Shards.checkpoint

    async def write_there_first(self: Shards, shard: Shard) -> None:
        file = self._settings.data_dir / f"shard-{shard.index}"
        new = file.with_suffix(".new")
        new.write_bytes(bytes(4096))
        new.replace(file)
        await checkpoint(self, shard)

    Shards.checkpoint = write_there_first


@defence
def writing_again_what_postgresql_did_not_take() -> None:
    """A snapshot that failed is dropped; the next one will do."""
    failed = SnapshotWriter._failed

    def drop(self: SnapshotWriter, error: DatabaseError) -> None:
        failed(self, error)
        self._writing = {}

    SnapshotWriter._failed = drop


@defence
def bounding_series() -> None:
    """Every name is shown."""
    names.Names._admitted = lambda _self, _admitted, name: name


@defence
def letting_go_of_what_is_over() -> None:
    """What is in memory stays there, and in the changelog."""
    fold_state.FoldState.release = nothing


@defence
def asking_for_progress() -> None:
    """A worker lives as long as its process is there."""
    Health.live = Health.hangs = nothing


# Counting anew


@defence
def going_on_where_a_replay_was() -> None:
    """Started again, a replay begins at the beginning, over what it has counted."""
    run = building._Shard.run

    def run_anew(self: building._Shard, *arguments: Any) -> None:  # noqa: ANN401 - as the real one
        for fold in self._folds.values():
            fold.ledger.next_offset = 0
        run(self, *arguments)

    building._Shard.run = run_anew


@defence
def taking_all_rows_at_once() -> None:
    """Rows are taken one by one, and can be seen meanwhile."""

    async def take(connection: Connection) -> dict[str, int]:
        return {one.name: await _one_by_one(connection, one) for one in tables.TABLES}

    tables.take = take


async def _one_by_one(connection: Connection, table: Table) -> int:
    columns = ", ".join(table.columns)
    await connection.execute(f"DELETE FROM ringside.{table.name}")  # noqa: S608 - names of ours
    rows = await connection.fetch(f"SELECT {columns} FROM {tables.SCHEMA}.{table.name}")  # noqa: S608
    places = ", ".join(f"${number + 1}" for number in range(len(table.columns)))
    for row in rows:
        await connection.execute(
            f"INSERT INTO ringside.{table.name} ({columns}) VALUES ({places})",  # noqa: S608
            *row,
        )
    return len(rows)


@defence
def marking_what_is_half_taken() -> None:
    """While a replay is taken, nothing says so."""
    replay.mark_half_taken = nothing


def main() -> None:
    """Take the defence away, and run what is named."""
    _, name, module, *arguments = sys.argv
    DEFENCES[name.lower()]()
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
