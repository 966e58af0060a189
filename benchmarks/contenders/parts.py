"""What an event costs in CPU time: decoding, folding, a checkpoint's records, customers' notes.

Without Kafka, in one process, from a file of messages. To compare two releases, run this file with
each one's folder as PYTHONPATH, in turn:

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
from schemas.codec import Message, decode
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
        clock = time.process_time
        began = clock()
        events = [decode(message, now=now, tokeniser=self._tokeniser) for message in batch]
        decoded = clock()
        for message, event in zip(batch, events, strict=True):
            fold = self.folds[message.topic, crc32(message.key or b"") % PARTITIONS]
            fold.apply(event, fold.ledger.next_offset)
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
        self.spent["decode"] += decoded - began
        self.spent["fold"] += folded - decoded
        written = clock()
        # What calls tell their customers' partitions: read back, as a worker reads it.
        for record in told:
            fold = self.folds[CUSTOMERS.name, record.partition]
            message = Message(record.topic, record.key, record.value)
            notes = decode_notes(message, record.topic, now, self._tokeniser)
            fold.apply(notes, fold.ledger.next_offset)
        self.spent["records"] += written - folded
        self.spent["customers"] += clock() - written


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
