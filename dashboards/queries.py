"""Every query that the boards ask, so that a test can ask them all of live servers."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dashboards.boards import boards
from dashboards.grafana import Json

EVERYTHING: Mapping[str, str] = {
    "site": ".*",
    "queue": ".*",
    "team": ".*",
    "rep": ".*",
    "pipeline": ".*",
    "by": "team",
    **dict.fromkeys(("owner", "source", "segment", "currency"), ".*"),
    "window": "today",
}
"""What Grafana puts for the variables when All is chosen everywhere."""

_VARIABLE = re.compile(r"\$\{(?P<braced>\w+)(?::\w+)?\}|\$(?P<plain>\w+)")
_LABEL_VALUES = re.compile(r"label_values\((?P<series>.+), (?P<label>\w+)\)")


@dataclass(frozen=True, slots=True)
class Query:
    """One question to one datasource. Grafana's own macros (`$__...`) are still in it."""

    board: str
    panel: str
    """The panel's title, or the name of the variable that asks."""
    datasource: str
    """`prometheus` or `postgres`."""
    expression: str
    is_range: bool
    """Whether it is asked for the whole time and not only for now."""


def queries(values: Mapping[str, str] = EVERYTHING) -> list[Query]:
    """Return every query of every panel and variable, with the variables replaced by *values*."""
    found: list[Query] = []
    for name, text in boards().items():
        board: Json = json.loads(text)
        found.extend(_of_variables(name, board, values))
        found.extend(_of_panels(name, board, values))
        found.extend(_of_annotations(name, board))
    return found


def _of_annotations(name: str, board: Json) -> Iterator[Query]:
    for each in board["annotations"]["list"]:
        datasource, expression = each["datasource"]["uid"], each["target"]["rawSql"]
        yield Query(name, each["name"], datasource, expression, is_range=False)


def substituted(expression: str, values: Mapping[str, str]) -> str:
    """Return the expression with the variables in *values* replaced; the others stay."""

    def value(match: re.Match[str]) -> str:
        return values.get(match["braced"] or match["plain"], match[0])

    return _VARIABLE.sub(value, expression)


def _of_variables(name: str, board: Json, values: Mapping[str, str]) -> Iterator[Query]:
    for variable in board["templating"]["list"]:
        if variable["type"] != "query":
            continue
        if isinstance(variable["query"], str):  # a text: SQL
            yield _of_rows(name, variable, values)
            continue
        asked = _LABEL_VALUES.fullmatch(variable["query"]["query"])
        if asked is None:
            raise ValueError(f"not a query that this module knows: {variable['query']['query']}")
        # Prometheus has no label_values(): Grafana asks its list of series. This asks the same.
        expression = f"count by ({asked['label']}) ({asked['series']})"
        yield Query(
            name,
            f"${variable['name']}",
            variable["datasource"]["uid"],
            substituted(expression, values),
            is_range=False,
        )


def _of_rows(name: str, variable: Json, values: Mapping[str, str]) -> Query:
    expression = substituted(variable["query"], values)
    source = variable["datasource"]["uid"]
    return Query(name, f"${variable['name']}", source, expression, is_range=False)


def _of_panels(name: str, board: Json, values: Mapping[str, str]) -> Iterator[Query]:
    for panel in board["panels"]:
        for target in panel.get("targets", ()):
            is_sql = "rawSql" in target
            yield Query(
                name,
                panel["title"],
                target["datasource"]["uid"],
                substituted(target["rawSql"] if is_sql else target["expr"], values),
                is_range=not is_sql and target["range"],
            )
