"""States as they follow each other: one band for each rep."""

from grafanalib import core

from dashboards.grafana import Json
from dashboards.panels import Meaning, common


def timeline(
    about: Meaning, target: core.SqlTarget, states: Json, *, by: str
) -> core.StateTimeline:
    """Return a band for each value of the column *by*.

    Args:
        about: title and description.
        target: rows of time, *by* and state, in the order of time.
        states: state -> its text and colour.
        by: the column that tells the bands apart.
    """
    return core.StateTimeline(
        **common(about, [target]),
        mappings=[{"type": "value", "options": states}],
        transformations=[{"id": "partitionByValues", "options": {"fields": [by]}}],
        mergeValues=True,
        showValue="auto",
        rowHeight=0.85,
        fillOpacity=80,
        extraJson={"fieldConfig": {"defaults": {"unit": about.unit}}},
    )
