"""Where panels stand: rows of a grid that is 24 wide, from the top down."""

from collections.abc import Iterable
from dataclasses import dataclass

from grafanalib import core

from dashboards.annotations import alert_annotations
from dashboards.drill import add_drill
from dashboards.grafana import SCHEMA_VERSION

GRID_WIDTH = 24
TAG = "ringside"

BOARDS = {
    "floor": "Floor",
    "queue": "Queue",
    "contacts": "Contacts",
    "rep": "Rep",
    "activity": "Activity",
    "pipeline": "Pipeline",
    "deals": "Deals",
    "service": "Service",
    "alerts": "Alerts",
}
"""Name of each board's file -> its title."""


@dataclass(frozen=True, slots=True)
class Row:
    """Panels side by side, each with its width; together as wide as the grid."""

    height: int
    panels: tuple[tuple[int, core.Panel], ...]
    heading: str | None = None
    """A line of text above, if any."""


def evenly(height: int, panels: Iterable[core.Panel], heading: str | None = None) -> Row:
    """Return a row in which all panels are equally wide; their number must divide 24."""
    listed = list(panels)
    return Row(height, tuple((GRID_WIDTH // len(listed), panel) for panel in listed), heading)


def placed(rows: Iterable[Row]) -> list[core.Panel]:
    """Return the panels with their places, from top to bottom and left to right.

    Raises:
        ValueError: a row is not as wide as the grid.
    """
    panels: list[core.Panel] = []
    y = 0
    for row in rows:
        if sum(width for width, _ in row.panels) != GRID_WIDTH:
            titles = ", ".join(panel.title for _, panel in row.panels)
            raise ValueError(f"the row of {titles} must be {GRID_WIDTH} wide in all")
        if row.heading is not None:
            position = core.GridPos(h=1, w=GRID_WIDTH, x=0, y=y)
            panels.append(core.RowPanel(title=row.heading, gridPos=position))
            y += 1
        x = 0
        for width, panel in row.panels:
            panel.gridPos = core.GridPos(h=row.height, w=width, x=x, y=y)
            panels.append(panel)
            x += width
        y += row.height
    return panels


@dataclass(frozen=True, slots=True)
class Look:
    """Over which time a board looks, and how often it looks again."""

    start: str
    refresh: str


def board(
    name: str, help_: str, rows: Iterable[Row], variables: list[core.Template], look: Look
) -> core.Dashboard:
    """Return a board with links to the others, which carry the chosen values."""
    panels = placed(rows)
    add_drill(panels, [each.name for each in variables], {other: uid(other) for other in BOARDS})
    return core.Dashboard(
        title=BOARDS[name],
        uid=uid(name),
        description=help_,
        tags=[TAG],
        schemaVersion=SCHEMA_VERSION,
        editable=False,
        graphTooltip=core.GRAPH_TOOLTIP_MODE_SHARED_CROSSHAIR,
        annotations=core.Annotations(list=[alert_annotations()]),
        links=[_link(other) for other in BOARDS if other != name],
        panels=panels,
        refresh=look.refresh,
        templating=core.Templating(list=variables),
        time=core.Time(look.start, "now"),
        timezone="browser",
        # Grafana counts versions itself when it reads the file.
        version=0,
    ).auto_panel_ids()


def uid(name: str) -> str:
    """Return the identifier of a board, which its address has."""
    return f"{TAG}-{name}"


def _link(name: str) -> core.DashboardLink:
    return core.DashboardLink(
        title=BOARDS[name],
        type="link",
        icon="dashboard",
        uri=f"/d/{uid(name)}",
        includeVars=True,
        # Each board looks over a span of its own.
        keepTime=False,
    )
