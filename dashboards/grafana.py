"""A thin layer over the parts of grafanalib 0.7.1 that Grafana has outgrown.

grafanalib's objects are used as they are. What is added here: references to datasources by type and
uid, today's options of each panel type, queries of today's Postgres datasource; and `render`, which
leaves out what Grafana no longer reads.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from grafanalib import core
from grafanalib._gen import DashboardEncoder

Json = dict[str, Any]

SCHEMA_VERSION = 39
PROMETHEUS = {"type": "prometheus", "uid": "prometheus"}
POSTGRES = {"type": "grafana-postgresql-datasource", "uid": "postgres"}

_TIME_RANGE_CHANGED = 2

_OBSOLETE_OF_BOARD = (
    *("__inputs", "gnetId", "hideControls", "id", "rows", "sharedCrosshair", "style"),
)
_OBSOLETE_OF_PANEL = (
    *(
        "cacheTimeout",
        "color",
        "columns",
        "editable",
        "error",
        "fontSize",
        "height",
        "hideTimeOverride",
    ),
    *("interval", "links", "mappings", "maxDataPoints", "maxPerRow", "minSpan", "repeat"),
    *("repeatDirection", "span", "timeFrom", "timeShift"),
)
_OBSOLETE_OF_OPTIONS = ("fieldOptions", "showThresholdLabels", "showThresholdMarkers")
_OBSOLETE_OF_TARGET = (
    *("hide", "interval", "intervalFactor", "metric", "query", "step", "target", "dataSource"),
)
_OBSOLETE_OF_VARIABLE = (
    *("auto", "auto_count", "auto_min", "tagValuesQuery", "tags", "tagsQuery", "useTags"),
)


def samples(
    expression: str, legend: str = "", *, is_table: bool = False, is_range: bool = False
) -> core.Target:
    """Return a query to Prometheus: the samples of now, or of the whole range.

    A number that should be of now is asked of now. Grafana's "last value" of a range would go on
    showing the value of a worker that has died.
    """
    return core.Target(
        expr=expression,
        legendFormat=legend,
        instant=not is_range,
        format="table" if is_table else "time_series",
        datasource=PROMETHEUS,
    )


def rows(query: str, *, is_table: bool = True) -> core.SqlTarget:
    """Return a query to PostgreSQL."""
    return core.SqlTarget(
        rawSql=query, format="table" if is_table else "time_series", datasource=POSTGRES
    )


def lettered(targets: Sequence[core.Target]) -> list[core.Target]:
    """Return the queries of one panel with their letters: A, B, C..."""
    for letter, target in zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", targets, strict=False):
        target.refId = letter
    return list(targets)


def label_variable(name: str, label: str, query: str) -> core.Template:
    """Return a variable whose values are those of a label; All means all, also what comes later."""
    return core.Template(
        name=name,
        label=label,
        query=query,
        dataSource=PROMETHEUS,
        default="$__all",
        includeAll=True,
        allValue=".*",
        multi=True,
        refresh=_TIME_RANGE_CHANGED,
    )


def rows_variable(name: str, label: str, query: str) -> core.Template:
    """Return a variable whose values are the rows of a query to PostgreSQL."""
    variable = label_variable(name, label, query)
    variable.dataSource = POSTGRES
    return variable


def choice_variable(name: str, label: str, values: Sequence[str], *, default: str) -> core.Template:
    """Return a variable with fixed values."""
    return core.Template(
        name=name, label=label, query=",".join(values), default=default, type="custom"
    )


def override(field: str, **properties: Any) -> Json:  # noqa: ANN401 - JSON
    """Return what is different for one field: `unit`, `decimals`, `custom.width`..."""
    return {
        "matcher": {"id": "byName", "options": field},
        "properties": [
            {"id": name.replace("__", "."), "value": value} for name, value in properties.items()
        ],
    }


def render(board: core.Dashboard) -> str:
    """Return the board as Grafana reads it; the same board gives the same bytes."""
    text = json.dumps(board.to_json_data(), cls=DashboardEncoder)
    modern = _board(json.loads(text))
    return json.dumps(modern, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _board(board: Json) -> Json:
    board["panels"] = [_panel(panel) for panel in board["panels"]]
    board["templating"]["list"] = [_variable(each) for each in board["templating"]["list"]]
    board["timepicker"] = {}
    board["fiscalYearStartMonth"] = 0
    board["liveNow"] = False
    board["weekStart"] = ""
    return _without(board, _OBSOLETE_OF_BOARD)


def _panel(panel: Json) -> Json:
    panel["targets"] = [_target(target) for target in panel["targets"]]
    if panel["type"] == "row":
        return {
            key: panel[key] for key in ("collapsed", "gridPos", "id", "panels", "title", "type")
        }
    for option in _OBSOLETE_OF_OPTIONS:
        panel["options"].pop(option, None)
    panel["fieldConfig"].setdefault("overrides", [])
    defaults = panel["fieldConfig"]["defaults"]
    if "custom" in defaults:
        defaults["custom"] = _without_none(_without(defaults["custom"], ("displayMode",)))
    panel["fieldConfig"]["defaults"] = _without_none(defaults)
    return _without_none(_without(panel, _OBSOLETE_OF_PANEL))


def _target(target: Json) -> Json:
    modern = _without_none(_without(target, _OBSOLETE_OF_TARGET))
    if "rawSql" in modern:
        for key in ("expr", "instant", "legendFormat"):
            modern.pop(key, None)
        return {**modern, "editorMode": "code", "rawQuery": True}
    return {**modern, "editorMode": "code", "range": not modern["instant"]}


def _variable(variable: Json) -> Json:
    modern = _without_none(_without(variable, _OBSOLETE_OF_VARIABLE))
    if modern["type"] == "query":
        query = modern["query"]
        modern["definition"] = query
        if modern["datasource"] == PROMETHEUS:
            modern["query"] = {"query": query, "refId": f"variable-{modern['name']}"}
        modern["current"] = {"selected": True, "text": ["All"], "value": ["$__all"]}
    return modern


def _without(content: Json, keys: Sequence[str]) -> Json:
    return {key: value for key, value in content.items() if key not in keys}


def _without_none(content: Mapping[str, Any]) -> Json:
    return {key: value for key, value in content.items() if value is not None}
