"""`ringside reconcile`: the PBX's own counters against ours."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from agents import clock
from agents.cli.context import out, say, settings_of, warn
from agents.cli.tables import minute, plain_table
from agents.postgres.connection import connected
from agents.postgres.reconciliation import Compared, compared, sources
from agents.simulating.period import parse_instant

commands = typer.Typer(add_completion=False, rich_markup_mode="rich")

_MISSING = {
    "pbx": "the PBX says nothing of it",
    "ours": "we have no call of this source",
    "not yet": "our log is not that far yet",
}


@commands.command(
    epilog="[bold]Examples[/bold]\n\nringside reconcile --source /pbx/hanoi\n\n"
    "ringside reconcile --source /pbx/hanoi --queue cards --from 2026-09-01T09:00:00+07:00 --strict"
)
def reconcile(  # noqa: PLR0913 - each is an option of the command line
    ctx: typer.Context,
    *,
    source: Annotated[str, typer.Option("--source", help="The PBX: the `source` of its events.")],
    queue: Annotated[str | None, typer.Option("--queue", help="Only this queue.")] = None,
    from_: Annotated[
        str | None,
        typer.Option("--from", help="Start of the interval; default: a day before its end."),
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", help="End of the interval; default: now.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 unless everything agrees.")
    ] = False,
) -> None:
    """Compare what a PBX counted itself (`pbx.counters`) with what its events add up to.

    Compares completed and abandoned calls and the service level, per queue, for calls that ended in
    the same interval. Where one side has no numbers, it says so instead of showing zero. Reads the
    database of RINGSIDE_DATABASE_URL, whose user must be a reader (`ringside db create-user`).
    """
    url = settings_of(ctx).required("database_url")
    until = datetime.fromtimestamp(clock.now() if to is None else parse_instant(to), UTC)
    since = (
        until - timedelta(days=1)
        if from_ is None
        else datetime.fromtimestamp(parse_instant(from_), UTC)
    )
    found, known = asyncio.run(_ask(url, source, queue, since, until))
    if not found:
        warn(_nothing(source, known))
        raise typer.Exit(1)
    out().print(_table(found))
    agreeing = sum(one.agrees for one in found)
    say(f"{agreeing} of {len(found)} agree")
    if strict and agreeing < len(found):
        raise typer.Exit(1)


async def _ask(
    url: str, source: str, queue: str | None, since: datetime, until: datetime
) -> tuple[list[Compared], list[str]]:
    async with connected(url, patience_seconds=30, say=warn) as connection:
        found = await compared(connection, source, queue=queue, from_at=since, to_at=until)
        return found, await sources(connection)


def _nothing(source: str, known: list[str]) -> str:
    if source in known:
        return f"{source} sent no counters in that time; look further back with --from"
    if known:
        return f"{source} sent no counters; these did: {', '.join(known)}"
    return "no source has sent counters yet; see `pbx.counters` in docs/events.md"


def _table(found: list[Compared]) -> Table:
    headings = ("from", "to", "queue", "counter", "PBX", "ours", "difference", "")
    table = plain_table(headings, numbers={"PBX", "ours", "difference"})
    for one in found:
        rows = (
            ("completed", one.pbx_completed, one.completed),
            ("abandoned", one.pbx_abandoned, one.abandoned),
            ("service level", one.pbx_service_level, one.service_level),
        )
        for name, theirs, ours in rows:
            if name == "service level" and theirs is None:
                continue
            difference = one.differences.get(name.replace(" ", "_"))
            table.add_row(
                *(minute(one.from_at), minute(one.to_at)),
                *(Text(one.queue), name, _number(theirs), _number(ours)),
                "" if difference is None else _number(difference, sign="+"),
                _remark(one, difference),
            )
    return table


def _remark(one: Compared, difference: float | None) -> str:
    if one.missing:
        return _MISSING[one.missing]
    return "" if difference is None or abs(difference) < 0.0005 else "differs"


def _number(value: float | None, sign: str = "") -> str:
    if value is None:
        return "-"
    return f"{value:{sign}}" if isinstance(value, int) else f"{value:{sign}.3f}"
