"""Fills an installation's changelog as a worker's checkpoints do, up to a number of entries."""

import argparse
from itertools import chain, islice
from pathlib import Path

from agents.changelog import Changelog
from agents.state import ChangelogTopics, to_records
from benchmarks.contenders.folding import Folding
from benchmarks.contenders.measured import tell
from benchmarks.settings import PARTITIONS, settings_for
from streams.changes import Changes

CHECKPOINT_SECONDS = 15.0
"""By event time. A worker checkpoints every second, so it writes more entries for as many events,
and compaction has more to remove; here all of them are left to read."""

_ALL = 2**40


class Filler:
    """Writes until there is enough."""

    def __init__(self, bootstrap: str, app_id: str, entries: int = _ALL) -> None:
        settings = settings_for(bootstrap, app_id)
        self._topics = ChangelogTopics(app_id)
        self._changelogs = [Changelog(settings, shard) for shard in range(PARTITIONS)]
        for changelog in self._changelogs:
            changelog.open()
        self.wanted = entries
        self.written = 0
        self.bytes = 0

    def write(self, shard: int, changes: list[Changes]) -> None:
        """Write a checkpoint of one shard as one transaction."""
        records = list(islice(to_records(changes, self._topics, shard), self.wanted - self.written))
        if records:
            self._changelogs[shard].write(records)
            self.written += len(records)
            self.bytes += sum(
                len(text)
                for text in chain.from_iterable((r.key or b"", r.value or b"") for r in records)
            )


def main() -> None:
    """Run from the command line; `benchmarks.recovery` does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--app-id", required=True)
    parser.add_argument("--day", type=Path, required=True)
    parser.add_argument("--entries", type=int, required=True)
    given = parser.parse_args()
    filler, folding = Filler(given.bootstrap, given.app_id, given.entries), Folding()
    for by_shard in folding.checkpoints(given.day, every_seconds=CHECKPOINT_SECONDS):
        for shard, changes in by_shard.items():
            filler.write(shard, changes)
        if filler.written >= filler.wanted:
            break
    tell({"entries": filler.written, "bytes": filler.bytes, "events": folding.events})


if __name__ == "__main__":
    main()
