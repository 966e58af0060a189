"""Write the generated parts of README.md anew: `python -m docs.readme`.

They are the table of KPIs, from the catalogue, and the example in Python, from its file. A test
compares what is in README.md with the result.
"""

import re
from pathlib import Path

from schemas.kpis import KPIS, Kpi
from schemas.measure import Unit

README = Path(__file__).parents[1] / "README.md"
EXAMPLE = Path(__file__).parent / "examples" / "send_events.py"
BEGIN = "<!-- KPIs: written by `python -m docs.readme`; do not edit -->\n"
END = "<!-- end of the KPIs -->\n"

_EXAMPLE = re.compile(r"(?<=<!-- example: python -->\n```python\n).*?(?=```\n)", re.DOTALL)
_UNITS = {
    Unit.COUNT: "count",
    Unit.SECONDS: "seconds",
    Unit.RATIO: "0 to 1",
    Unit.MULTIPLE: "mean number",
}


def table() -> str:
    """Return the table: what a KPI is called, what it is, its unit."""
    rows = ["| KPI | is | unit |", "|---|---|---|", *(_row(kpi) for kpi in KPIS)]
    return "".join(f"{row}\n" for row in rows)


def _row(kpi: Kpi) -> str:
    return f"| **{kpi.title}** `{kpi.name}` | {kpi.help} | {_UNITS[kpi.unit]} |"


def rewritten(text: str) -> str:
    """Return *text* with the table between its two marks, and the example in its block.

    Raises:
        ValueError: the marks or the block are not there.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        message = f"README.md must hold {BEGIN!r} and after it {END!r}"
        raise ValueError(message)
    text = f"{before}{BEGIN}{table()}{END}{after}"
    code = EXAMPLE.read_text("utf-8")
    text, count = _EXAMPLE.subn(lambda _: code, text, count=1)
    if count != 1:
        message = "README.md must hold one block ```python after the mark of the example"
        raise ValueError(message)
    return text


if __name__ == "__main__":
    README.write_text(rewritten(README.read_text("utf-8")), "utf-8")
