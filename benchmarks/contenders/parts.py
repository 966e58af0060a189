"""What an event costs in CPU time: decoding, folding, a checkpoint's records, customers' notes.

Without Kafka, in one process, from a file of messages. To compare two releases, run each one's file
with its folder as PYTHONPATH, in turn:

    PYTHONPATH=. python -m benchmarks.contenders.parts --write live.tsv
    PYTHONPATH=. python benchmarks/contenders/parts.py live.tsv 2000

The number is of the events between two checkpoints. Prints one JSON line.
"""

import gc
import json
import sys
import time
from pathlib import Path
from zlib import crc32

from agents.changelog import Record
from agents.state import ChangelogTopics, to_records
from agents.telling import note_records
from benchmarks.contenders.folding import folds_of, read, write
from benchmarks.load import to_message
from benchmarks.settings import PARTITIONS, settings_for
from benchmarks.stage import Load
from schemas.codec import Message, decode_records
from schemas.decoding import TOGETHER
from schemas.notes import decode_notes
from schemas.topics import CUSTOMERS, FOLDED


class Parts:
    """The folds of one worker, and what was spent on what."""

    def __init__(self) -> None:
        settings = settings_for("127.0.0.1:9", "parts")
        self.folds = folds_of(FOLDED, settings)
        self.spent = dict.fromkeys(("decode", "fold", "records", "customers"), 0.0)
        self.records = 0
        self._tokeniser, self._topics = settings.tokeniser(), ChangelogTopics("parts")

    def take(self, batch: list[Message], now: float) -> None:
        """Decode and fold some messages, and make the records of a checkpoint."""
        self._fold(batch, now)
        clock = time.process_time
        folded = clock()
        told: list[Record] = []
        for (_, partition), fold in self.folds.items():
            changes = fold.take_changes()
            if changes is not None:
                said = list(note_records([changes], PARTITIONS, self._tokeniser))
                records = list(to_records([changes], self._topics, partition))
                self.records += len(said) + len(records)
                told += said
                fold.release(fold.ledger.next_offset)
        written = clock()
        # What calls tell their customers' partitions: read back, as a worker reads it.
        for record in told:
            fold = self.folds[CUSTOMERS.name, record.partition]
            message = Message(record.topic, record.key, record.value)
            notes = decode_notes(message, record.topic, now, self._tokeniser)
            fold.apply(notes, fold.ledger.next_offset)
        self.spent["records"] += written - folded
        self.spent["customers"] += clock() - written

    def _fold(self, batch: list[Message], now: float) -> None:
        """Decode and fold, so many together as a worker does."""
        clock = time.process_time
        for (topic, partition), messages in _by_partition(batch).items():
            fold = self.folds[topic, partition]
            for first in range(0, len(messages), TOGETHER):
                some = messages[first : first + TOGETHER]
                began = clock()
                events = decode_records(some, topic, now, self._tokeniser)
                decoded = clock()
                offset = fold.ledger.next_offset
                fold.take(events, range(offset, offset + len(events)))
                self.spent["decode"] += decoded - began
                self.spent["fold"] += clock() - decoded


def _by_partition(batch: list[Message]) -> dict[tuple[str, int], list[Message]]:
    """Return the messages as they are fetched: of one partition together."""
    found: dict[tuple[str, int], list[Message]] = {}
    for message in batch:
        partition = crc32(message.key or b"") % PARTITIONS
        found.setdefault((message.topic, partition), []).append(message)
    return found


def measure(path: Path, batch_events: int) -> dict[str, float]:
    """Return microseconds of CPU for an event, by part, and how many records an event makes."""
    messages, parts = list(read(path)), Parts()
    now = time.time()  # noqa: TID251 - events of the live load end now
    gc.collect()
    gc.freeze()
    for first in range(0, len(messages), batch_events):
        parts.take(messages[first : first + batch_events], now)
    count = len(messages)
    found = {name: 1e6 * seconds / count for name, seconds in parts.spent.items()}
    return {**found, "all": sum(found.values()), "records_per_event": parts.records / count}


def write_load(path: Path) -> None:
    """Write the live load: 200,000 events of 200 reps at 2,000 a second."""
    load = Load(200, 200_000, 2_000.0)
    write(path, (to_message(event) for event in load.simulated()))


if __name__ == "__main__":
    if sys.argv[1] == "--write":
        write_load(Path(sys.argv[2]))
    else:
        print(json.dumps(measure(Path(sys.argv[1]), int(sys.argv[2]))))
