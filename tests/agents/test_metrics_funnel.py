"""The funnel on the metrics page: bounded labels, no zeros for nothing, what is unknown."""

from collections.abc import Iterator
from math import inf

from prometheus_client.samples import Sample

from agents.metrics.funnel import MAX_CURRENCIES, funnel_families
from schemas import events as e
from streams.deal_state import Deal
from streams.funnel_days import FunnelDays
from streams.funnel_windows import FunnelReader
from streams.pipelines import EMPTY
from tests.streams.sales import DAY, DAY0, SALES, created, deal, said


def samples(*deals: Deal, table: FunnelDays | None = None, day: float = 5) -> list[Sample]:
    funnel = FunnelDays(SALES) if table is None else table
    funnel.fill((str(number), one) for number, one in enumerate(deals))
    families = funnel_families([funnel], FunnelReader(), DAY0 + day * DAY)
    return [sample for family in families for sample in family.samples]


def named(found: list[Sample], name: str, **labels: str) -> Iterator[tuple[dict[str, str], float]]:
    for sample in found:
        if sample.name == f"ringside_{name}" and labels.items() <= sample.labels.items():
            yield dict(sample.labels), sample.value


def test_counts_stand_by_pipeline_stage_currency_and_window() -> None:
    one = deal(created(0), said(2, "trial"), said(4, e.DealWon(700)))
    found = samples(one, deal(created(1)))
    place = {"pipeline": "sales", "currency": "USD", "window": "7d"}
    assert [v for _, v in named(found, "funnel_cohort_entered", **place, stage="agreed")] == [2]
    assert [v for _, v in named(found, "funnel_cohort_advanced", **place, stage="agreed")] == [1]
    assert [v for _, v in named(found, "funnel_won_minor", **place, stage="")] == [700]
    assert [v for _, v in named(found, "funnel_open", stage="agreed")] == [1]
    # Where nothing was lost there is no sample; that is not zero.
    assert list(named(found, "funnel_cohort_lost")) == []


def test_the_estimate_is_told_so_that_it_adds_up_over_workers() -> None:
    bought = deal(created(0), said(1, e.DealWon()))
    lost = deal(created(0), said(2, e.DealLost()))
    found = samples(bought, lost)
    place = {"pipeline": "sales", "stage": ""}
    # One of two, none open: 1/2 of them, and a variance of 2 x 2 x (1/2 x 1/2 / 2).
    told = {
        name: [value for _, value in named(found, f"funnel_estimate_{name}", **place)]
        for name in ("deals", "reached", "variance")
    }
    assert told == {"deals": [2], "reached": [1], "variance": [0.5]}


def test_histograms_are_cumulative_and_end_with_all() -> None:
    found = samples(deal(created(0), said(2, "trial")), deal(created(0), said(4, "trial")))
    buckets = {
        float(labels["le"]) / DAY: value
        for labels, value in named(
            found, "funnel_stay_time_seconds_bucket", stage="agreed", window="7d"
        )
    }
    assert (buckets[1], buckets[2], buckets[4], buckets[inf]) == (0, 1, 2, 2)
    ages = {
        float(labels["le"]) / DAY: value
        for labels, value in named(found, "funnel_open_age_seconds_bucket", stage="trial")
    }
    assert (ages[2], ages[3]) == (1, 2)


def test_no_source_can_make_series_without_end() -> None:
    names = [f"{a}{b}X" for a in "ABCDE" for b in "ABCDE"]
    many = [deal(said(0, e.DealCreated("r", f"p{n}", f"s{n}", 5, c))) for n, c in enumerate(names)]
    found = samples(*many)
    shown = {labels["currency"] for labels, _ in named(found, "funnel_entries")}
    assert len(shown) == MAX_CURRENCIES
    assert [v for _, v in named(found, "funnel_currencies_hidden")] == [len(names) - MAX_CURRENCIES]
    places = {(labels["pipeline"], labels["stage"]) for labels, _ in named(found, "funnel_entries")}
    assert places == {("unknown", "unknown")}
    assert [v for _, v in named(found, "unknown_stages", what="open")] == [len(names)]


def test_what_is_not_counted_yet_is_not_shown() -> None:
    table = FunnelDays(EMPTY)
    table.is_ready = False
    found = samples(table=table)
    assert list(named(found, "funnel_entries")) == []
    assert [v for _, v in named(found, "funnel_partitions_counting")] == [1]


def test_what_is_counted_by_older_pipelines_is_shown_and_said_to_be() -> None:
    table = FunnelDays(EMPTY)
    deals = {str(number): deal(created(0)) for number in range(200)}
    table.fill(deals.items())

    def entries_and_counting() -> tuple[float, list[float]]:
        found = samples(table=table)
        entries = named(found, "funnel_entries", stage="unknown", window="7d")
        return sum(v for _, v in entries), [
            v for _, v in named(found, "funnel_partitions_counting")
        ]

    assert entries_and_counting() == (200, [0])
    counting = table.recount(deals, SALES)
    next(counting)
    assert entries_and_counting() == (200, [1])
    assert list(counting) == []
    assert entries_and_counting() == (0, [0])
