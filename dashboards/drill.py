"""From a name in a table to the board of that queue, team or rep."""

from collections.abc import Iterable, Iterator, Sequence

from grafanalib import core

from dashboards.grafana import Json, override

BOARD_OF = {"queue": "queue", "team": "rep", "rep": "rep"}
"""Variable -> the name of the board where a click on one of its values leads."""


def add_drill(panels: Iterable[core.Panel], variables: Sequence[str], uids: dict[str, str]) -> None:
    """Let cells of columns called Queue, Team and Rep lead to their board; all else goes along.

    Args:
        panels: those of a board; only its tables are changed.
        variables: what the board lets choose, which the link carries as it is chosen.
        uids: name of a board -> the identifier that its address has.
    """
    for panel in panels:
        if isinstance(panel, core.Table):
            panel.overrides = [*panel.overrides, *_links(_columns(panel), variables, uids)]


def _columns(table: core.Table) -> str:
    """Return a text that has the heading of each column in quotes."""
    queries = " ".join(getattr(target, "rawSql", "") for target in table.targets)
    return f"{queries} {table.transformations}".replace("'", '"')


def _links(columns: str, variables: Sequence[str], uids: dict[str, str]) -> Iterator[Json]:
    for variable, board in BOARD_OF.items():
        heading = variable.title()
        if variable in variables and f'"{heading}"' in columns:
            others = [f"${{{other}:queryparam}}" for other in variables if other != variable]
            url = f"/d/{uids[board]}?{'&'.join([*others, f'var-{variable}=${{__value.raw}}'])}"
            yield override(heading, links=[{"title": f"{heading} ${{__value.raw}}", "url": url}])
