"""Alerts as annotations: each board shows when something was wrong, and what."""

from dashboards.grafana import POSTGRES, Json

_ALERTS = """
SELECT starts_at AS time, coalesce(ends_at, now()) AS timeend, name || ': ' || summary AS text,
    severity || ',' || name AS tags
FROM ringside.alert
WHERE $__timeFilter(starts_at) AND name <> 'RingsideTest'
ORDER BY starts_at
LIMIT 500
"""


def alert_annotations() -> Json:
    """Return the annotations that every board has."""
    return {
        "name": "Alerts",
        "enable": True,
        "hide": False,
        "iconColor": "red",
        "datasource": POSTGRES,
        "target": {"rawSql": _ALERTS, "format": "table", "rawQuery": True, "refId": "Anno"},
    }
