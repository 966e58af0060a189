"""KPI -> Grafana panel: its title, definition, unit, colours and query come from the catalogue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from grafanalib import core

from dashboards.grafana import POSTGRES, PROMETHEUS, Json, lettered, override
from schemas.kpis import Kpi
from schemas.measure import Unit
from schemas.not_said import NOT_SAID

UNITS: Mapping[Unit, str] = {
    Unit.COUNT: "short",
    Unit.SECONDS: "s",
    Unit.RATIO: "percentunit",
    Unit.MULTIPLE: "short",
}
"""Our units -> Grafana's."""

GOOD, BAD, PLAIN, CALM = "green", "red", "text", "transparent"
"""Colours. Where nothing is to be done a background is CALM, and text, which it would hide, PLAIN.
"""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a panel shows: what it is called, what it says, how it is written and coloured."""

    title: str
    help: str
    unit: str = "short"
    steps: tuple[tuple[str, float | None], ...] = ((PLAIN, None),)
    """Colours from which value on; the first from the bottom."""
    maximum: float | None = None
    is_filled: bool = False
    """Whether a table's cells are filled with the colour, as in a heat map."""

    def called(self, title: str) -> "Meaning":
        """Return the same under another title."""
        return replace(self, title=title)


def meaning(kpi: Kpi) -> Meaning:
    """Return what the catalogue says of a KPI."""
    version = f", version {kpi.version}" if kpi.version > 1 else ""
    not_said = NOT_SAID.get(kpi.name)
    caution = f"\n\nDoes not say: {not_said}" if not_said else ""
    return Meaning(
        title=kpi.title,
        help=f"{kpi.help}{caution}\n\nSource: {kpi.source}{version}.{_target(kpi)}",
        unit=UNITS[kpi.unit],
        steps=_steps(kpi),
        maximum=1 if kpi.unit is Unit.RATIO else None,
    )


def number(about: Meaning, target: core.Target, *, is_big: bool = False) -> core.Stat:
    """Return one number, as of now."""
    is_background = is_big and len(about.steps) > 1
    return core.Stat(
        **common(about, [target]) | {"thresholds": _json_steps(about, is_background=is_background)},
        colorMode="background" if is_background else "value",
        graphMode="none",
        reduceCalc="lastNotNull",
        format=about.unit,
        noValue=None,
        extraJson=_defaults(
            {"color": {"mode": "thresholds"}, "decimals": _decimals(about)},
            {"textMode": "value", "wideLayout": True, "justifyMode": "center"},
        ),
    )


def bars(about: Meaning, targets: Sequence[core.Target]) -> core.BarGauge:
    """Return one bar for each sample of now, with its name beside it."""
    coloured = {"mode": "thresholds"} if len(about.steps) > 1 else _fixed("blue")
    return core.BarGauge(
        **common(about, targets),
        extraJson=_defaults(
            {
                "color": coloured,
                "unit": about.unit,
                "min": 0,
                "max": about.maximum,
                "decimals": _decimals(about),
            },
            {
                "displayMode": "basic",
                "minVizHeight": 14,
                "minVizWidth": 0,
                "namePlacement": "left",
                "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
                "showUnfilled": True,
                "sizing": "auto",
                "valueMode": "color",
            },
        ),
    )


def lines(
    about: Meaning, targets: Sequence[core.Target], *, is_stacked: bool = False
) -> core.TimeSeries:
    """Return lines over time; a gap where there are no samples."""
    return core.TimeSeries(
        **common(about, targets),
        unit=about.unit,
        drawStyle="line",
        lineWidth=2,
        fillOpacity=30 if is_stacked else 8,
        showPoints="never",
        spanNulls=False,
        stacking={"mode": "normal" if is_stacked else "none", "group": "A"},
        tooltipMode="multi",
        tooltipSort="desc",
        extraJson=_defaults(
            {"min": 0, "custom": {"axisSoftMax": about.maximum}}, {"legend": _LEGEND}
        ),
    )


def columns(about: Meaning, targets: Sequence[core.Target]) -> core.TimeSeries:
    """Return stacked columns over time, one for each day."""
    return core.TimeSeries(
        **common(about, targets),
        unit=about.unit,
        drawStyle="bars",
        # A day's column begins where the day does.
        barAlignment=1,
        lineWidth=0,
        fillOpacity=80,
        showPoints="never",
        stacking={"mode": "normal", "group": "A"},
        tooltipMode="multi",
        tooltipSort="desc",
        extraJson=_defaults({"min": 0, "custom": {"barWidthFactor": 0.7}}, {"legend": _LEGEND}),
    )


def points(about: Meaning, targets: Sequence[core.Target]) -> core.TimeSeries:
    """Return a line through one point for each day; what a ratio needs, as ratios do not stack."""
    return core.TimeSeries(
        **common(about, targets),
        unit=about.unit,
        drawStyle="line",
        lineWidth=2,
        fillOpacity=0,
        showPoints="always",
        pointSize=7,
        tooltipMode="multi",
        tooltipSort="desc",
        extraJson=_defaults(
            {"min": 0, "custom": {"axisSoftMax": about.maximum}}, {"legend": _LEGEND}
        ),
    )


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: the query that gives it, and what it means."""

    target: core.Target
    about: Meaning


def table_of_samples(
    about: Meaning, labels: Mapping[str, str], shown: Sequence[Column], *, sort_by: str
) -> core.Table:
    """Return a table with one row for each combination of labels and one column for each query.

    Args:
        about: title and description.
        labels: the labels that make a row, each with the heading of its column.
        shown: the columns; each query must give one sample for each combination of *labels*.
        sort_by: the heading of the column that is sorted, greatest first.
    """
    targets = lettered([column.target for column in shown])
    headings = {
        f"Value #{target.refId}": column.about.title
        for target, column in zip(targets, shown, strict=True)
    }
    order = [*labels, *headings]
    transformations: list[Json] = [
        {"id": "merge", "options": {}},
        {
            "id": "organize",
            "options": {
                "excludeByName": {"Time": True},
                "indexByName": {name: index for index, name in enumerate(order)},
                "renameByName": {**labels, **headings},
            },
        },
    ]
    return _table(about, targets, [column.about for column in shown], sort_by, transformations)


def table_of_rows(
    about: Meaning, target: core.SqlTarget, shown: Sequence[Meaning], *, sort_by: str
) -> core.Table:
    """Return the rows of a query as they are, with the units of its columns."""
    return _table(about, [target], shown, sort_by, [])


def _table(
    about: Meaning,
    targets: Sequence[core.Target],
    shown: Sequence[Meaning],
    sort_by: str,
    transformations: list[Json],
) -> core.Table:
    return core.Table(
        **common(about, targets),
        transformations=transformations,
        filterable=True,
        overrides=[_column(each) for each in shown],
        sortBy=[core.TableSortByField(displayName=sort_by, desc=True)],
        extraJson=_defaults(
            {"custom": {"cellOptions": {"type": "auto"}, "inspect": False}},
            {"cellHeight": "sm", "footer": {"show": False}},
        ),
    )


def _column(about: Meaning) -> Json:
    properties: Json = {"unit": about.unit, "custom__align": "right"}
    if about.unit == "percentunit":
        properties["decimals"] = 1
    if len(about.steps) > 1:
        steps = _json_steps(about, is_background=about.is_filled)
        properties["thresholds"] = {"mode": "absolute", "steps": steps}
        filled = {"type": "color-background", "mode": "basic"}
        properties["custom__cellOptions"] = filled if about.is_filled else {"type": "color-text"}
    return override(about.title, **properties)


_LEGEND: Json = {"displayMode": "list", "placement": "bottom", "showLegend": True}


def common(about: Meaning, targets: Sequence[core.Target]) -> Json:
    """Return what panels of all types have: title, definition, queries, colours."""
    lettered_targets = lettered(targets)
    is_sql = isinstance(lettered_targets[0], core.SqlTarget)
    return {
        "title": about.title,
        "description": about.help,
        "dataSource": POSTGRES if is_sql else PROMETHEUS,
        "targets": lettered_targets,
        "thresholds": _json_steps(about),
    }


def _defaults(defaults: Json, options: Json) -> Json:
    return {"fieldConfig": {"defaults": defaults}, "options": options}


def _json_steps(about: Meaning, *, is_background: bool = False) -> list[Json]:
    return [
        {"color": PLAIN if colour == CALM and not is_background else colour, "value": value}
        for colour, value in about.steps
    ]


def _fixed(colour: str) -> Json:
    return {"mode": "fixed", "fixedColor": colour}


def _decimals(about: Meaning) -> int | None:
    return 1 if about.unit == "percentunit" else None


def _target(kpi: Kpi) -> str:
    if kpi.target is None:
        return ""
    shown = f"{kpi.target:.0%}" if kpi.unit is Unit.RATIO else f"{kpi.target:g}"
    return f"\nTarget: {shown} or {'more' if kpi.better == 'higher' else 'less'}."


def _steps(kpi: Kpi) -> tuple[tuple[str, float | None], ...]:
    if kpi.target is None:
        return ((PLAIN, None),)
    if kpi.better == "higher":
        return ((BAD, None), (GOOD, kpi.target))
    # At the target is good; the next value that Grafana can tell from it is bad.
    return ((GOOD, None), (BAD, kpi.target * (1 + 1e-9)))
