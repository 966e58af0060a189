"""A real export of 8,800 deals, imported beside live traffic, through the whole pipeline."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from schemas import events as e
from schemas.events import Event
from tests.integration.pipeline import Pipeline

ROOT = Path(__file__).parents[2]
DATA = ROOT / "../shared/data/crm_opportunities.csv"
EXAMPLE = ROOT / "docs/examples/import-deals.yaml"

pytestmark = pytest.mark.skipif(not DATA.exists(), reason="no ../shared/data")


def test_an_old_export_lands_beside_live_traffic_and_again_changes_nothing(
    pipeline: Pipeline, now: Callable[[], float]
) -> None:
    pipeline.start_worker()
    # Live traffic on all partitions: a watermark that old events would be behind of.
    live = [
        Event(
            f"live/{n}", "/crm", f"live-{n}", "deal.created", now(), e.DealCreated("an", "x", "y")
        )
        for n in range(40)
    ]
    pipeline.publish(live)
    pipeline.wait_until_consumed(40)

    def imported() -> None:
        arguments = ("--mapping", str(EXAMPLE), "--as-of", "2018-01-01")
        done = pipeline.run("import", "deals", str(DATA), *arguments)
        expected = "8800 deals imported (2089 open, 4238 won, 2473 lost); 8800 confirmed by Kafka"
        assert expected in done.stdout

    imported()
    pipeline.wait_until_written(40 + 8_800)
    assert pipeline.ledger()["applied"] == 8_840
    # KPIS.md section 4, asked of PostgreSQL.
    found = pipeline.rows(
        "SELECT status, count(*), sum(amount_minor) / 100 FROM ringside.deal "
        "WHERE pipeline = 'sales' GROUP BY status ORDER BY status"
    )
    assert [(status, count) for status, count, _ in found] == [
        *(("lost", 2_473), ("open", 2_089), ("won", 4_238))
    ]
    assert int(found[2][2]) == 10_005_534
    (cycle,) = pipeline.row(
        "SELECT extract(epoch FROM avg(status_at - created_at)) / 86400 FROM ringside.deal "
        "WHERE status = 'won'"
    )
    assert float(cycle) == pytest.approx(51.78, abs=0.005)

    imported()
    pipeline.wait_until_written(40 + 2 * 8_800)
    ledger = pipeline.ledger()
    assert (ledger["applied"], ledger["duplicate"], ledger["late"]) == (8_840, 8_800, 0)
