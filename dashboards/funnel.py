"""The catalogue of the funnel -> recording rules, and its part of docs/KPIS.md."""

from collections.abc import Iterator
from textwrap import indent

from schemas import funnel as f
from schemas.funnel import Count, Share

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
        text = f"{share.title}: {share.help}"
        yield text, recorded(share), _over(share.top, share.bottom, (*by, "window"))
    yield from _velocity()


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
        "| share | is | says |\n|---|---|---|",
        *(
            f"| **{share.title}** `{recorded(share)}` | `{share.top.name}` / `{share.bottom.name}` "
            f"| {share.help} |"
            for share in f.SHARES
        ),
        "",
        "Sales velocity `ringside:funnel_velocity_minor_per_day:pipeline` = open deals x win rate",
        "x average won value / cycle, by pipeline and currency; its factors are recorded, too.\n",
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
