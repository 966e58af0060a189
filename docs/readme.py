"""Write the KPI table of README.md anew from the catalogue: `python -m docs.readme`.

A test compares the table in the file with the result.
"""

from pathlib import Path

from schemas.kpis import KPIS, Kpi
from schemas.measures import Unit

README = Path(__file__).parents[1] / "README.md"
BEGIN = "<!-- KPIs: written by `python -m docs.readme`; do not edit -->\n"
END = "<!-- end of the KPIs -->\n"

_UNITS = {Unit.COUNT: "count", Unit.SECONDS: "seconds", Unit.RATIO: "0 to 1"}


def table() -> str:
    """Return the table: what a KPI is called, what it is, its unit."""
    rows = ["| KPI | is | unit |", "|---|---|---|", *(_row(kpi) for kpi in KPIS)]
    return "".join(f"{row}\n" for row in rows)


def _row(kpi: Kpi) -> str:
    return f"| **{kpi.title}** `{kpi.name}` | {kpi.help} | {_UNITS[kpi.unit]} |"


def rewritten(text: str) -> str:
    """Return *text* with the table between its two marks.

    Raises:
        ValueError: the marks are not there, each once.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        message = f"README.md must hold {BEGIN!r} and after it {END!r}"
        raise ValueError(message)
    return f"{before}{BEGIN}{table()}{END}{after}"


if __name__ == "__main__":
    README.write_text(rewritten(README.read_text("utf-8")), "utf-8")
