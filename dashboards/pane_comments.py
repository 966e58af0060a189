"""Catalogue -> what PostgreSQL says of each column of `ringside.pane`."""

from collections.abc import Iterator

from dashboards.view import quoted
from schemas.measure import Unit
from schemas.measures import HISTOGRAMS, MEASURES

_UNITS = {Unit.COUNT: "Count", Unit.SECONDS: "Seconds"}


def pane_comments() -> str:
    """Return the statements that comment the columns. `ringside db migrate` repeats them."""
    lines = (
        f"COMMENT ON COLUMN ringside.pane.{name} IS\n    '{quoted(text)}';\n"
        for name, text in _texts()
    )
    return "\n-- The measures, as the catalogue defines them.\n" + "".join(lines)


def _texts() -> Iterator[tuple[str, str]]:
    for measure in MEASURES:
        yield measure.name, f"{_UNITS[measure.unit]}. {measure.help}"
    for histogram in HISTOGRAMS:
        yield (
            histogram.name,
            f"Cumulative counts: {histogram.help} One per bound, last the total; NULL if none.",
        )
