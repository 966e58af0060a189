"""A floor as tables for the terminal."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from agents.cli.floor import SERVICE_LEVEL, Floor, QueueRow, TeamRow

_STATES = ("available", "ringing", "on_call", "after_call_work", "paused", "offline")
_TITLES = ("free", "ringing", "on call", "wrap-up", "paused", "offline")
_RESULTS = ("applied", "duplicate", "late", "dead_lettered")


def render(floor: Floor, *, window: str, problems: Sequence[str], at: str) -> RenderableType:
    """Return the whole screen."""
    parts: list[RenderableType] = [Text(f"ringside  {at}  last {window}", style="bold")]
    parts += [Text(problem, style="red") for problem in problems]
    parts += [_queues(floor), _teams(floor), _footer(floor)]
    return Group(*parts)


def _queues(floor: Floor) -> RenderableType:
    if not floor.queues:
        return Text("\nno queue has had a call yet", style="dim")
    table = _table("queue", "site", "waiting", "longest", "talking", "offered", "answered")
    for title in ("abandoned", "service level"):
        table.add_column(title, justify="right")
    for (site, queue), row in sorted(floor.queues.items()):
        table.add_row(Text(queue), Text(site), *_queue_cells(row))
    return table


def _queue_cells(row: QueueRow) -> list[Text]:
    level, target = row.service_level, SERVICE_LEVEL.target or 0
    counts = [row.cells[name] for name in ("calls_offered", "calls_answered", "calls_abandoned")]
    return [
        Text(f"{row.waiting:.0f}", style="bold yellow" if row.waiting else "dim"),
        Text(duration(row.longest_wait_seconds) if row.waiting else "", style="yellow"),
        Text(f"{row.in_progress:.0f}"),
        *(Text(f"{count:.0f}") for count in counts),
        # Nothing happened: no number, rather than a false 0 %.
        Text("") if level is None else Text(f"{level:.0%}", style=_colour(good=level >= target)),
    ]


def _teams(floor: Floor) -> RenderableType:
    if not floor.teams:
        return Text("\nno rep has been seen yet", style="dim")
    table = _table("team", "site", *_TITLES, "activities")
    for (site, team), row in sorted(floor.teams.items()):
        table.add_row(Text(team or "(no team)"), Text(site), *_team_cells(row))
    return table


def _team_cells(row: TeamRow) -> list[Text]:
    states = [row.states[state] for state in _STATES]
    cells = [Text(f"{count:.0f}", style="" if count else "dim") for count in states]
    return [*cells, Text(f"{row.volume:.0f}", style="bold")]


def _footer(floor: Floor) -> Text:
    totals, results = floor.totals, floor.results
    lag_events, lag_seconds = totals["ringside_lag_events"], totals["ringside_lag_seconds"]
    ledger = ", ".join(f"{results[name]:,.0f} {name.replace('_', '-')}" for name in _RESULTS)
    text = Text("\n")
    text.append(
        f"behind {lag_events:,.0f} events, {lag_seconds:.0f} s", _colour(good=lag_seconds < 60)
    )
    text.append(f"   events: {ledger}", "dim" if not results["dead_lettered"] else "yellow")
    age = totals["ringside_snapshot_age_seconds"]
    text.append(f"   PostgreSQL {duration(age)} behind", _colour(good=age < 60))
    for name in ("reps", "queues"):
        if unknown := totals[f"ringside_unknown_{name}"]:
            text.append(f"   {name} not in the roster: {unknown:.0f}", "yellow")
    return text


def _table(*titles: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), title="", title_justify="left")
    for number, title in enumerate(titles):
        table.add_column(title, justify="left" if number < 2 else "right", no_wrap=True)
    return table


def duration(seconds: float) -> str:
    """Return seconds as a person reads them: 45 s, 3:07, 2:03:07."""
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02}:{rest:02}"
    return f"{minutes}:{rest:02}" if minutes else f"{rest} s"


def _colour(*, good: bool) -> str:
    return "green" if good else "bold red"
