"""All boards, as Grafana reads them."""

from collections.abc import Callable, Mapping

from grafanalib import core

from dashboards.activity import activity
from dashboards.alerts_board import alerts
from dashboards.contacts import contacts
from dashboards.deals import deals
from dashboards.floor import floor
from dashboards.grafana import render
from dashboards.mark import GENERATED_BY
from dashboards.pipeline import pipeline
from dashboards.queue import queue
from dashboards.rep import rep
from dashboards.service import service

_MAKERS: Mapping[str, Callable[[], core.Dashboard]] = {
    "floor": floor,
    "queue": queue,
    "contacts": contacts,
    "rep": rep,
    "activity": activity,
    "pipeline": pipeline,
    "deals": deals,
    "service": service,
    "alerts": alerts,
}


def boards() -> dict[str, str]:
    """Return each board's JSON by its name; it says in its description that it is generated."""
    made = {}
    for name, make in _MAKERS.items():
        board = make()
        board.description = f"{board.description} {GENERATED_BY}"
        made[name] = render(board)
    return made
