"""Draw `docs/pictures/top.svg`: what `ringside top` shows of a simulated floor.

The real path without the servers: simulated events, the fold, the metrics page, the terminal's view
of that page. Run it as `python -m docs.pictures.render`; a test compares the file with the result.
"""

import io
import re
from datetime import UTC, datetime
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from rich.console import Console

from agents.cli.floor import add_up, parse
from agents.cli.floor_view import render
from agents.metrics.collector import Collector
from agents.metrics.service import PartitionStatus, Status
from schemas.topics import SOURCES, TOPIC_OF_TYPE
from streams.fold import Fold
from streams.ledger import Ledger
from streams.roster import RosterIndex
from streams.simulation import FloorPlan, plan_roster, simulate
from streams.unknown import unknown

PICTURE = Path(__file__).with_name("top.svg")
REPS = 48
SEED = 14
START_AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC).timestamp()
SECONDS = 40 * 60
WINDOW = "15m"

_FONT_FACE = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)


class _View:
    """What a worker would show of the floor. See `agents.metrics.collector.View`."""

    def __init__(self) -> None:
        self._plan = FloorPlan.sized(reps=REPS, teams=6, always_open=True)
        self._folds = {
            topic.name: Fold(topic.name, 0, ledger=Ledger(0), lateness_seconds=3600)
            for topic in SOURCES
        }
        self._roster = RosterIndex(plan_roster(self._plan))
        self._count()

    def _count(self) -> None:
        end_at = START_AT + SECONDS
        for event in simulate(self._plan, seed=SEED, start_at=START_AT, end_at=end_at):
            fold = self._folds[TOPIC_OF_TYPE[event.type]]
            fold.apply(event, fold.ledger.next_offset)

    def folds(self) -> list[Fold]:
        return list(self._folds.values())

    def roster(self) -> RosterIndex:
        return self._roster

    def heard_at(self) -> dict[str, float]:
        return {}

    def reconciled(self) -> tuple[()]:
        return ()

    def expectations(self) -> None:
        return None

    def status(self) -> Status:
        return Status(
            partitions=tuple(
                PartitionStatus(fold.topic, 0, fold.ledger, fold.watermark.at, 0, 0.0)
                for fold in self.folds()
            ),
            shards={},
            rebalances=1,
            snapshot_age_seconds=0.0,
            snapshot_pending_rows=0,
            snapshot_failures=0,
            table_entries={},
            unknown=unknown(self.folds(), self._roster, START_AT + SECONDS),
            roster_entries={},
        )


def picture() -> str:
    """Return the picture. The same every time."""
    registry = CollectorRegistry()
    registry.register(Collector(_View(), lambda: START_AT + SECONDS))
    page = generate_latest(registry).decode()
    at = f"{datetime.fromtimestamp(START_AT + SECONDS, UTC):%Y-%m-%d %H:%M:%S}Z"
    floor = add_up([parse(page)], WINDOW)
    console = Console(record=True, width=106, file=io.StringIO(), force_terminal=True)
    console.print(render(floor, window=WINDOW, problems=(), at=at))
    svg = console.export_svg(title="ringside top", unique_id="top")
    # A picture that fetches fonts from elsewhere tells elsewhere who looks at it.
    return _FONT_FACE.sub("", svg)


if __name__ == "__main__":
    PICTURE.write_text(picture(), encoding="utf-8")
