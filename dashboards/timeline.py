"""States as they follow each other: one band for each rep."""

from grafanalib import core

from dashboards.grafana import Json
from dashboards.panels import Meaning, common


def timeline(
    about: Meaning, target: core.SqlTarget, states: Json, patterns: Json, *, by: str
) -> core.StateTimeline:
    """Return a band for each value of the column *by*.

    Args:
        about: title and description.
        target: rows of time, *by* and state, in the order of time.
        states: state -> its text and colour.
        patterns: regular expression -> the text and colour of what it matches; $1 is its group.
        by: the column that tells the bands apart.
    """
    return core.StateTimeline(
        **common(about, [target]),
        mappings=[
            {"type": "value", "options": states},
            *(
                {"type": "regex", "options": {"pattern": pattern, "result": result}}
                for pattern, result in patterns.items()
            ),
        ],
        transformations=[{"id": "partitionByValues", "options": {"fields": [by]}}],
        mergeValues=True,
        showValue="auto",
        rowHeight=0.85,
        fillOpacity=80,
        extraJson={"fieldConfig": {"defaults": {"unit": about.unit}}},
    )
