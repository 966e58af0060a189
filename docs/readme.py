"""Write the generated parts of README.md anew: `python -m docs.readme`.

They are a short table of KPIs, from the catalogue, and the example in Python, from its file. A test
compares what is in README.md with the result.
"""

import re
from pathlib import Path

from schemas.funnel_kpis import FUNNEL_BY_NAME, FUNNEL_KPIS
from schemas.kpis import BY_NAME, KPIS

README = Path(__file__).parents[1] / "README.md"
EXAMPLE = Path(__file__).parent / "examples" / "send_events.py"
BEGIN = "<!-- KPIs: written by `python -m docs.readme`; do not edit -->\n"
END = "<!-- end of the KPIs -->\n"

_EXAMPLE = re.compile(r"(?<=<!-- example: python -->\n```python\n).*?(?=```\n)", re.DOTALL)
_FLOOR = (
    "service_level_answered_of_offered",
    "abandonment",
    "average_speed_of_answer_seconds",
    "average_handle_time_seconds",
    "occupancy",
    "connect_rate",
    "first_contact_resolution_7d",
    "missed_call_closure",
    "activity_volume",
    "meeting_no_show_rate",
)
_FUNNEL = (
    "cohort_conversion",
    "period_conversion",
    "estimated_conversion",
    "sales_velocity",
)


def table() -> str:
    """Return the table: title and meaning of each chosen KPI, and how many more there are.

    Raises:
        KeyError: the catalogue has no KPI of a name that is chosen here.
    """
    chosen = (*(BY_NAME[name] for name in _FLOOR), *(FUNNEL_BY_NAME[name] for name in _FUNNEL))
    # Without the letters of formulas, which docs/KPIS.md explains.
    told = ((kpi.title, kpi.help.partition(": aT")[0].rstrip(".")) for kpi in chosen)
    rows = ("| KPI | is |", "|---|---|", *(f"| {title} | {meaning}. |" for title, meaning in told))
    more = len(KPIS) + len(FUNNEL_KPIS) - len(chosen)
    return (
        "".join(f"{row}\n" for row in rows)
        + f"\n{more} more are in [docs/KPIS.md](docs/KPIS.md).\n"
    )


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
