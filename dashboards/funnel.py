"""The catalogue of the funnel -> recording rules, and its part of docs/KPIS.md."""

from collections.abc import Iterator
from textwrap import indent

from schemas import funnel as f
from schemas.funnel import Count, Share
from schemas.funnel_kpis import FUNNEL_BY_NAME, FUNNEL_KPIS

PREFIX = "ringside_funnel_"
BY_STAGE = ("pipeline", "stage")
BY_PIPELINE = ("pipeline", "currency")

_KINDS = {
    "cohort": "of the deals that came on the day, until now",
    "path": "of the deals that came through every stage on the day, until now",
    "happened": "on the day",
    "now": "now",
}


def rules() -> Iterator[tuple[str, str, str]]:
    """Yield what each rule is, the series that it records, and its expression."""
    for share in f.SHARES:
        by = BY_PIPELINE[:1] if share.bottom is f.CREATED else BY_STAGE
        kpi = FUNNEL_BY_NAME[share.name]
        yield (
            f"{kpi.title}: {kpi.help}",
            recorded(share),
            _over(share.top, share.bottom, (*by, "window")),
        )
    yield from _open_share()
    yield from _velocity()
    yield from _estimate()


def recorded(share: Share) -> str:
    """Return the series of a share."""
    by = "pipeline" if share.bottom is f.CREATED else "stage"
    return f"ringside:funnel_{share.name}:{by}"


def group() -> str:
    """Return the group of rules as the rule file has it."""
    parts = ["  - name: ringside_funnel\n    rules:\n"]
    for text, series, expression in rules():
        body = indent(expression, " " * 10)
        parts.append(f"      # {text}\n      - record: {series}\n        expr: |-\n{body}\n")
    return "".join(parts)


def section() -> str:
    """Return the part of docs/KPIS.md."""
    windows = ", ".join(f"`{days}d`" for days in f.WINDOWS_DAYS)
    lines = [
        "## The funnel\n",
        f"Over {windows}, today included, in the zone of the pipeline; what each means, and what",
        "becomes of it when a deal is corrected, is in [pipelines.md](pipelines.md).\n",
        "| number | unit | formula | says | from |\n|---|---|---|---|---|",
        *(
            f"| **{kpi.title}** `{kpi.name}` | {kpi.unit} | {kpi.formula} | {kpi.help} "
            f"| {kpi.read_from} |"
            for kpi in FUNNEL_KPIS
        ),
        "",
        "Three conversions with three denominators are KPIs above: **Lead conversion** (won of",
        "leads), **Qualified lead conversion**, and **Win rate** (won of ended).\n",
        f"| count `{PREFIX}...` | stands for | is |\n|---|---|---|",
        *(f"| `{count.name}` | {_KINDS[count.kind]} | {count.help} |" for count in f.COUNTS),
        "",
    ]
    return "\n".join(lines)


def _sum(count: Count, by: tuple[str, ...]) -> str:
    return f"sum by ({', '.join(by)}) ({PREFIX}{count.name})"


def _over(top: Count, bottom: Count, by: tuple[str, ...]) -> str:
    """Return a ratio: 0 where the top has no series, no sample where the bottom has none."""
    below = _sum(bottom, by)
    return f"({_sum(top, by)} or 0 * {below})\n/ ({below} > 0)"


def _velocity() -> Iterator[tuple[str, str, str]]:
    by = (*BY_PIPELINE, "window")
    name = "ringside:funnel_{}:pipeline"
    ended = f"({_sum(f.WINS, by)} or 0 * {_sum(f.LOSSES, by)})"
    lost = f"({_sum(f.LOSSES, by)} or 0 * {_sum(f.WINS, by)})"
    yield (
        "Win rate: won, of deals that ended in the window.",
        name.format("win_rate"),
        f"{ended}\n/ ({ended} + {lost} > 0)",
    )
    yield (
        "Average won value, of wins whose amount is known; minor units.",
        name.format("average_won_minor"),
        f"{_sum(f.WINS_MINOR, by)}\n/ ({_sum(f.WINS_PRICED, by)} > 0)",
    )
    yield (
        "Cycle: created to won.",
        name.format("cycle_seconds"),
        f"{_sum(f.CYCLE_SECONDS, by)}\n/ ({_sum(f.WINS, by)} > 0)",
    )
    factors = (
        f"{name.format('win_rate')}\n* {name.format('average_won_minor')}\n"
        f"/ ({name.format('cycle_seconds')} / {f.DAY_SECONDS} > 0)"
    )
    opened = _sum(f.OPEN, BY_PIPELINE)
    yield (
        "Sales velocity, minor units a day.",
        name.format("velocity_minor_per_day"),
        f"({factors})\n* on (pipeline, currency) group_left ()\n{opened}",
    )


def _open_share() -> Iterator[tuple[str, str, str]]:
    by = (*BY_STAGE, "window")
    kpi, entered = FUNNEL_BY_NAME["cohort_open_share"], _sum(f.ENTERED, by)
    over = " - ".join(f"({_sum(count, by)} or 0 * {entered})" for count in (f.ADVANCED, f.LOST))
    yield (
        f"{kpi.title}: {kpi.help}",
        f"ringside:funnel_{kpi.name}:stage",
        f"({entered} - {over})\n/ ({entered} > 0)",
    )


def _estimate() -> Iterator[tuple[str, str, str]]:
    """Yield the estimate and its interval: each worker tells of its deals, and these add up."""
    deals, reached, variance = (
        f"sum by (pipeline, stage) ({PREFIX}estimate_{name})"
        for name in ("deals", "reached", "variance")
    )
    value = "ringside:funnel_estimate:stage"
    text = "Of the deals of the last half year, the share that will get further, or be won"
    yield f"{text}.", value, f"{reached} / ({deals} > 0)"
    inside = f"({value} > 0 < 1)"
    spread = f"1.959963984540054 * sqrt({variance}) / {deals}\n/ ({inside} * ln({inside}))"
    for name, sign in (("low", "-"), ("high", "")):
        yield (
            f"{text}: the {name} bound of its 95 % interval, by log(-log).",
            f"ringside:funnel_estimate_{name}:stage",
            f"{inside} ^ exp({sign}({spread}))",
        )
