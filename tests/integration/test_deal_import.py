"""A real export of 8,800 deals, imported beside live traffic, through the whole pipeline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from schemas import events as e
from schemas.events import Event
from streams.incidence import Cohort, ages, expected, incidence
from tests.integration.pipeline import Pipeline

ROOT = Path(__file__).parents[2]
DATA = ROOT / "../shared/data/crm_opportunities.csv"
EXAMPLE = ROOT / "docs/examples/import-deals.yaml"

PIPELINES = "pipelines: [{id: sales, stages: [{id: prospecting}, {id: engaging}]}]"

pytestmark = pytest.mark.skipif(not DATA.exists(), reason="no ../shared/data")


def test_an_old_export_lands_beside_live_traffic_and_again_changes_nothing(
    pipeline: Pipeline, now: Callable[[], float]
) -> None:
    file = pipeline.folder / "pipelines.yaml"
    file.write_text(PIPELINES, encoding="utf-8")
    pipeline.run("pipelines", "apply", str(file))
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

    _estimates(pipeline)

    imported()
    pipeline.wait_until_written(40 + 2 * 8_800)
    ledger = pipeline.ledger()
    assert (ledger["applied"], ledger["duplicate"], ledger["late"]) == (8_840, 8_800, 0)


def _cohorts_of_the_file() -> dict[date, Cohort]:
    """By pandas: who engaged on which day, and at which age they closed."""
    table = pd.read_csv(DATA)
    table = table[table["engage_date"].notna()]
    engaged, closed = (
        pd.to_datetime(table[name], format="%m/%d/%Y") for name in ("engage_date", "close_date")
    )
    found: dict[date, Cohort] = {}
    frame = pd.DataFrame({"on": engaged.dt.date, "age": (closed - engaged).dt.days})
    for on, of_day in frame.groupby("on"):
        stages = table.loc[of_day.index, "deal_stage"]
        won, lost = (Counter(map(int, of_day["age"][stages == end])) for end in ("Won", "Lost"))
        found[on] = Cohort(on.toordinal(), len(of_day), won, lost)
    return found


def _estimates(pipeline: Pipeline) -> None:
    """PostgreSQL estimates what the file itself gives; the estimator is proved elsewhere."""
    cohorts = _cohorts_of_the_file()
    today = date(2017, 12, 31)
    (row,) = pipeline.ask(
        "SELECT entered, won, lost, still_open, estimate, low, high, estimate_lost, last_age_days"
        " FROM ringside.conversion_estimate('2016-01-01Z', '2018-01-01Z', '2017-12-31 12:00Z')"
        " WHERE stage = 'engaging'"
    )
    assert row[:4] == (8_300, 4_238, 2_473, 1_589)
    last = incidence(ages(cohorts.values(), today.toordinal()))[-1]
    assert row[4] == pytest.approx(last.reached.value, abs=1e-9)
    assert row[5:7] == pytest.approx(last.reached.interval, abs=1e-9)
    assert row[7] == pytest.approx(last.lost.value, abs=1e-9)
    assert row[8] == last.age_days

    rows = pipeline.ask(
        "SELECT cohort, entered, observed, expected, low, high FROM ringside.cohort_expectation("
        "'month', '2017-10-01Z', '2018-01-01Z', '2016-01-01Z', '2017-12-31 12:00Z')"
        " WHERE stage = 'engaging'"
    )
    assert [row[0] for row in rows] == [date(2017, month, 1) for month in (10, 11, 12)]
    table = ages(cohorts.values(), today.toordinal())
    for month, *found in rows:
        of_month = [cohorts[on] for on in cohorts if on.replace(day=1) == month]
        wanted = expected(of_month, table, today.toordinal())
        assert wanted is not None
        assert found[0] == sum(cohort.entered for cohort in of_month)
        assert found[1] == pytest.approx(wanted.observed)
        assert found[2:] == pytest.approx([wanted.expected, wanted.low, wanted.high], abs=1e-9)
