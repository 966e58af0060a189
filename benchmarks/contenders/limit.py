"""The limit: the least a consumer can do with aiokafka and msgspec in Python.

It fetches with the worker's settings, decodes with types like the codec's, and does the additions
to minute and quarter-hour panes that the fold does on average: as many panes, as many cells. It
checks nothing, keeps no call, forgets when it ends, and commits nothing.
"""

import argparse
import asyncio
import gc
from collections.abc import Callable, Iterator
from itertools import cycle
from operator import attrgetter
from pathlib import Path
from typing import Annotated, Any, Union

import msgspec
import uvloop
from aiokafka import AIOKafkaConsumer, TopicPartition
from msgspec import Meta

from agents.kafka import config
from benchmarks.contenders.measured import Measured, Stopwatch, tell
from benchmarks.settings import PARTITIONS, settings_for
from benchmarks.shapes import Shape, Shapes
from schemas.events import TYPES, Fact, Instant, Name
from schemas.measures import MINUTE_SECONDS, QUARTER_SECONDS
from schemas.topics import SOURCES

_Source = Annotated[str, Meta(min_length=1, max_length=256)]
_CELLS = tuple(f"cell:{number}" for number in range(200))
_DIMENSIONS = ("queue", "rep", "direction", "kind")

Panes = dict[int, dict[tuple[Any, ...], dict[str, int]]]


def _wire_type(type_: str, data: type[Fact]) -> type[msgspec.Struct]:
    fields = [("id", Name), ("source", _Source), ("subject", Name), ("time", Instant)]
    return msgspec.defstruct(
        "".join(part.title() for part in type_.replace("_", ".").split(".")),
        [*fields, ("data", data)],
        tag_field="type",
        tag=type_,
        frozen=True,
        gc=False,
    )


_WIRE_TYPES = {type_: _wire_type(type_, data) for type_, data in TYPES.items()}


class Counting:
    """The additions."""

    def __init__(self, shapes: Shapes) -> None:
        decoder = msgspec.json.Decoder(Union[tuple(_WIRE_TYPES.values())])  # noqa: UP007
        self._decode: Callable[[bytes], Any] = decoder.decode
        self._shapes: dict[type, Iterator[Shape]] = {
            wire: cycle(shapes.get(type_) or [Shape()]) for type_, wire in _WIRE_TYPES.items()
        }
        self._dims = {wire: _dimensions(TYPES[type_]) for type_, wire in _WIRE_TYPES.items()}
        self._minutes: Panes = {}
        self._quarters: Panes = {}

    def count(self, records: list[Any]) -> None:
        """Count a fetched list of one partition."""
        decode, shapes, dimensions = self._decode, self._shapes, self._dims
        minutes, quarters = self._minutes, self._quarters
        for record in records:
            event = decode(record.value)
            wire = type(event)
            shape = next(shapes[wire])
            at = int(event.time.timestamp())
            dims = dimensions[wire](event)
            if shape.minutes:
                _add(minutes, at - at % MINUTE_SECONDS, dims, shape.minutes)
            if shape.quarters:
                _add(quarters, at - at % QUARTER_SECONDS, dims, shape.quarters)


def _add(
    panes: Panes, start: int, dims: tuple[Any, ...], adds: tuple[tuple[int, int], ...]
) -> None:
    for back, cells in adds:
        slot = panes.get(start - back)
        if slot is None:
            slot = panes[start - back] = {}
        pane = slot.get(dims)
        if pane is None:
            pane = slot[dims] = {}
        for cell in _CELLS[:cells]:
            pane[cell] = pane.get(cell, 0) + 1


def _dimensions(data: type[Fact]) -> Callable[[Any], tuple[Any, ...]]:
    """Return what takes the five dimensions out of an event; the source stands for what it lacks.

    What an event does not say (who hangs up is not in `call.ended`) the fold knows from before.
    """
    of_data = {name: f"data.{name}" for name in _DIMENSIONS if name in data.__struct_fields__}
    if data is TYPES["rep.state_changed"]:
        of_data["rep"] = "subject"
    get: Callable[[Any], tuple[Any, ...]] = attrgetter(
        *(of_data.get(name, "source") for name in _DIMENSIONS), "source"
    )
    return get


async def measure(bootstrap: str, events: int, shapes: Shapes) -> Measured:
    """Count all events, and return what that took."""
    consumer = AIOKafkaConsumer(
        **config.aiokafka(settings_for(bootstrap, "limit")),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        # As Faust sets them for the worker.
        max_partition_fetch_bytes=4 * 2**20,
        fetch_max_wait_ms=1500,
        check_crcs=True,
        max_poll_records=None,
    )
    counting, watch, counted = Counting(shapes), Stopwatch(), 0
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    await consumer.start()
    try:
        consumer.assign(
            [TopicPartition(topic.name, p) for topic in SOURCES for p in range(PARTITIONS)]
        )
        watch.start()
        while counted < events:
            for records in (await consumer.getmany(timeout_ms=1000)).values():
                counting.count(records)
                counted += len(records)
        watch.stop()
    finally:
        await consumer.stop()
    return watch.measured(counted)


def main() -> None:
    """Run from the command line; `benchmarks.run` does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--shapes", type=Path, required=True)
    given = parser.parse_args()
    shapes = msgspec.json.decode(given.shapes.read_bytes(), type=Shapes)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        tell(runner.run(measure(given.bootstrap, given.events, shapes)))


if __name__ == "__main__":
    main()
