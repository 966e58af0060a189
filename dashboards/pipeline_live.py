"""The rows of the board `pipeline` that are live: from the workers, a second or two old."""

from collections.abc import Iterator

from grafanalib import core

from dashboards.deal_panels import PENDING, column, count, defined, duration, kpis, share
from dashboards.grafana import rows, samples
from dashboards.layout import Row
from dashboards.panels import Column, Meaning, number, table_of_rows, table_of_samples
from dashboards.pipeline_queries import BULK_EDITS
from schemas import funnel as f
from schemas.funnel import Count
from schemas.funnel_kpis import FunnelKpi
from schemas.money import minor_digits

_CHOSEN = 'pipeline=~"$pipeline"'
_WINDOW = 'window="30d"'
_STEPS = (
    *("cohort_conversion", "period_conversion", "cohort_open_share", "cohort_win_share"),
    "lost_share",
)
_CHANGES: tuple[tuple[str, Count], ...] = (
    ("Reopened", f.REOPENED),
    ("Moved to where it was", f.REPEATED),
    ("At one instant", f.SIMULTANEOUS),
    ("Without the old stage", f.WITHOUT_OLD_STAGE),
    ("Owner changed", f.OWNER_CHANGES),
    ("Amount changed", f.AMOUNT_CHANGES),
    ("Merged", f.MERGED),
    ("Deleted", f.DELETED),
    ("Cut", f.CUT),
    ("Entries", f.ENTRIES),
)


def rows_of_now() -> Iterator[Row]:
    """Yield what the workers say now: each stage, and the velocity of each currency."""
    yield Row(8, ((24, _stages()),), "Live, of the last 30 days")
    behind = Meaning(
        "Partitions to count",
        "Partitions whose deals the workers are counting, for the two tables beside and above. "
        "After a restart their deals are absent until this is 0; after a change of the pipelines "
        "they are shown by those before.",
        steps=PENDING,
    )
    left = number(behind, samples("sum(ringside_funnel_partitions_counting)"))
    yield Row(6, ((20, _velocity()), (4, left)))


def changes() -> Row:
    """Return what else the CRM did to deals: what a plain funnel would hide."""
    about = Meaning(
        "What the CRM did to deals",
        "For the last 30 days. Merged and deleted deals are taken out of all counts. Moved to"
        " where it was: not a move. At one instant: at the same instant as another move or "
        "end. Cut: the deal had more events than are kept.",
    )
    shown = [
        Column(
            samples(_of_pipelines(each), is_table=True),
            count(title),
        )
        for title, each in _CHANGES
    ]
    unknown = Meaning(
        "Unknown stages",
        "Entries of 90 days, and open deals, in a stage or pipeline that no pipeline has. They are "
        "counted as unknown; `ringside pipelines unknown` lists them.",
    )
    known = Column(
        samples("sum by (what) (ringside_unknown_stages)", is_table=True), count("Deals")
    )
    bulk = Meaning(
        "Bulk edits",
        "Instants in the chosen time at which a source moved or ended ten deals or more. Each"
        " deal counts, but nobody worked on them one by one.",
    )
    return Row(
        6,
        (
            (12, table_of_samples(about, {"pipeline": "Pipeline"}, shown, sort_by="Entries")),
            (4, table_of_samples(unknown, {"what": "What"}, [known], sort_by="Deals")),
            (8, table_of_rows(bulk, rows(BULK_EDITS), [], sort_by="When (UTC)")),
        ),
        "What else happened",
    )


def _of_pipelines(of: Count) -> str:
    """Return a count by pipeline; 0 where there is none, but deals have moved."""
    wanted, moved = (
        f"sum by (pipeline) (ringside_funnel_{each.name}{{{_CHOSEN}, {_WINDOW}}})"
        for each in (of, f.ENTRIES)
    )
    return wanted if of is f.ENTRIES else f"{wanted} or 0 * {moved}"


def _stages() -> core.Table:
    steps = kpis(*_STEPS)
    about = Meaning(
        "Stages now",
        "Deals in each stage now, and the results of the deals of the last 30 days. Step in the "
        "end, at least, at most (95 %): of the deals of the last half year, the share that will "
        "reach the next stage or beyond, or be won, if the open ones go on as others did at their "
        "age (Aalen-Johansen). While many are still open, the step conversion is too low.",
    )
    shown = [
        Column(_by_stage("ringside_funnel_open"), count("Open")),
        Column(_by_stage("ringside_funnel_stalled"), column(*kpis("stalled"))),
        Column(_limit(), duration("Stalled after")),
        *(Column(_recorded(kpi.name), column(kpi)) for kpi in steps),
        *(Column(_estimated(name), share(title)) for name, title in _ESTIMATES),
    ]
    labels = {"pipeline": "Pipeline", "stage": "Stage"}
    numbers: tuple[FunnelKpi, ...] = (*kpis("stalled"), *steps)
    return table_of_samples(defined(about, numbers), labels, shown, sort_by="Open")


_ESTIMATES = (("", "Step in the end"), ("_low", "At least"), ("_high", "At most"))


def _by_stage(series: str) -> core.Target:
    return samples(f"sum by (pipeline, stage) ({series}{{{_CHOSEN}}})", is_table=True)


def _limit() -> core.Target:
    series = f"ringside_funnel_stalled_after_seconds{{{_CHOSEN}}}"
    return samples(f"max by (pipeline, stage) ({series})", is_table=True)


def _recorded(name: str) -> core.Target:
    series = f"ringside:funnel_{name}:stage{{{_CHOSEN}, {_WINDOW}}}"
    return samples(f"max by (pipeline, stage) ({series})", is_table=True)


def _estimated(bound: str) -> core.Target:
    series = f'ringside:funnel_estimate{bound}:stage{{{_CHOSEN}, stage!=""}}'
    return samples(f"max by (pipeline, stage) ({series})", is_table=True)


def _velocity() -> core.Table:
    factors = (
        ("win_rate", "pipeline_win_rate"),
        ("average_won_minor", "average_won_value"),
        ("cycle_seconds", "cycle"),
        ("velocity_minor_per_day", "sales_velocity"),
    )
    numbers = kpis("open_deals", *(kpi for _, kpi in factors))
    about = Meaning("Velocity now", "For the last 90 days, by currency.")
    opened = f"sum by (pipeline, currency) (ringside_funnel_open{{{_CHOSEN}}})"
    shown = [Column(samples(opened, is_table=True), column(numbers[0]))]
    for (name, _), kpi in zip(factors, numbers[1:], strict=True):
        asked = _units(name) if "_minor" in name else _of_pipeline(name)
        by = f"max by (pipeline, currency) ({asked})"
        shown.append(Column(samples(by, is_table=True), column(kpi)))
    labels = {"pipeline": "Pipeline", "currency": "Currency"}
    return table_of_samples(defined(about, numbers), labels, shown, sort_by=numbers[0].title)


def _of_pipeline(name: str, more: str = "") -> str:
    return f'ringside:funnel_{name}:pipeline{{{_CHOSEN}, window="90d"{more}}}'


def _units(name: str) -> str:
    """Return an amount in units of its currency."""
    unusual = minor_digits()
    others = "|".join(each for currencies in unusual.values() for each in currencies)
    usual = f', currency!~"{others}"'
    parts = [f"{_of_pipeline(name, usual)} / 100"]
    for digits, currencies in unusual.items():
        names = "|".join(currencies)
        where = f', currency=~"{names}"'
        parts.append(f"{_of_pipeline(name, where)} / {10**digits}")
    return " or ".join(parts)
