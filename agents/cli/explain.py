"""`ringside explain`: the measures, the definition and the events that a number was made of."""

import asyncio
import json
from dataclasses import replace
from difflib import get_close_matches
from typing import Annotated

import typer

from agents.cli.context import note, out, say, settings_of, warn
from agents.cli.tables import plain_table
from agents.errors import InputError
from agents.explaining import Explanation, explain
from agents.kafka import roster as rosters
from agents.kafka.admin import connect
from agents.postgres import explained as database
from agents.postgres.connection import connected
from agents.postgres.explained import Reference
from agents.settings import Settings
from agents.simulating.period import parse_instant
from schemas.explained import WHY_NOT
from schemas.kpis import BY_NAME, Kpi, Quantile, Ratio, Term, Total
from schemas.measures import QUARTER_SECONDS
from streams.explanation import Part, Question, terms_of
from streams.facts import Amount
from streams.ghosts import GhostLimits
from streams.kpi import evaluate
from streams.located import ACTIVITY_VOLUME
from streams.roster import RosterIndex

commands = typer.Typer(add_completion=False, rich_markup_mode="rich")


@commands.command(
    name="explain",
    epilog="[bold]Example[/bold]\n\nringside explain abandonment --queue cards"
    " --from 2026-09-01T09:00:00+07:00 --to 2026-09-01T10:00:00+07:00",
)
def command(  # noqa: PLR0913 - each is an option of the command line
    ctx: typer.Context,
    kpi: Annotated[str, typer.Argument(help="A name from docs/KPIS.md, e.g. abandonment.")],
    *,
    from_: Annotated[str, typer.Option("--from", help="Start of the interval, ISO 8601.")],
    to: Annotated[str, typer.Option("--to", help="End of the interval, ISO 8601.")],
    queue: Annotated[str | None, typer.Option("--queue", help="Only this queue.")] = None,
    rep: Annotated[str | None, typer.Option("--rep", help="Only this rep.")] = None,
    team: Annotated[str | None, typer.Option("--team", help="Only this team.")] = None,
    site: Annotated[str | None, typer.Option("--site", help="Only this site.")] = None,
    direction: Annotated[
        str | None, typer.Option("--direction", help="Only inbound or outbound.")
    ] = None,
    most: Annotated[int, typer.Option("--most", min=1, help="Show at most so many entities.")] = 50,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print everything as one JSON object.")
    ] = False,
    wait: Annotated[float, typer.Option("--wait", min=0, help="Seconds to wait for Kafka.")] = 10,
) -> None:
    """Explain a number: its definition, its measures, and the events behind them.

    Reads the measures from the database of RINGSIDE_DATABASE_URL, whose user must be a reader. Then
    reads the events from Kafka and counts them again. If the result differs, or if retention has
    removed some of the events, says so and exits with 1.
    """
    settings = settings_of(ctx)
    question = _question(kpi, from_, to)
    question = replace(question, queue=queue, rep=rep, team=team, site=site, direction=direction)
    url = settings.required("database_url")
    question, stored, references = asyncio.run(_ask(url, question))
    connect(settings, wait_seconds=wait, progress=note)
    roster = _roster(settings)
    question = replace(question, roster=roster or question.roster)
    told = explain(settings, question, stored, references, GhostLimits(roster))
    if as_json:
        say(json.dumps(_as_json(told), indent=2))
    else:
        _print(told, most)
    if not told.is_whole:
        raise typer.Exit(1)


def _question(kpi: str, from_: str, to: str) -> Question:
    found = BY_NAME.get(kpi)
    if found is None:
        if kpi in WHY_NOT:
            raise InputError(f"{kpi} is not added up from events: {WHY_NOT[kpi]}")
        near = [name for name in BY_NAME if kpi in name or name in kpi]
        near = near or get_close_matches(kpi, BY_NAME)
        hint = f"did you mean {' or '.join(near[:3])}? " if near else ""
        raise InputError(f"{kpi!r} is not a KPI; {hint}docs/KPIS.md lists them all")
    start = int(parse_instant(from_)) // QUARTER_SECONDS * QUARTER_SECONDS
    end = -(-int(parse_instant(to)) // QUARTER_SECONDS) * QUARTER_SECONDS
    if end <= start:
        raise InputError("--to must be after --from")
    return Question(found, start, end)


async def _ask(url: str, question: Question) -> tuple[Question, dict[str, Amount], list[Reference]]:
    async with connected(url, patience_seconds=10, say=warn) as connection:
        if question.kpi.name == ACTIVITY_VOLUME:
            chosen = await database.activity_volume(connection)
            terms = tuple(term for term in terms_of(question.kpi) if term.name in chosen)
            question = replace(question, kpi=replace(question.kpi, formula=Total(terms)))
        limits = await database.limits(connection, question)
        stored = await database.stored(connection, question)
        references = await database.references(connection, question)
    return replace(question, limits=limits), stored, references


def _roster(settings: Settings) -> RosterIndex | None:
    values = rosters.without_pipelines(rosters.read_values(settings))
    return RosterIndex(rosters.to_roster(values)) if values else None


def _print(told: Explanation, most: int) -> None:
    kpi = told.question.kpi
    say(f"{kpi.title} ({kpi.name}), version {kpi.version}")
    say(f"  {kpi.help}")
    say(f"  = {formula(kpi)}    [{kpi.source}]")
    _print_measures(told)
    _print_parts(told, most)
    for span in told.spans:
        reference = span.reference
        first = "?" if reference.first_offset is None else reference.first_offset
        say(
            f"{reference.topic}/{reference.partition}: made of offsets {first} to "
            f"{reference.last_offset}, {reference.panes} panes; read {span.read_from} to "
            f"{span.read_to}"
        )
        if span.removed:
            warn(f"  retention has removed {span.removed} of these offsets")
    _print_verdict(told)


def _print_measures(told: Explanation) -> None:
    rows = (
        (name, _number(told.stored.get(name)), _number(told.found.get(name)))
        for name in sorted(told.stored.keys() | told.found.keys())
    )
    headings = ("measure", "stored", "from the log")
    out().print(plain_table(headings, rows, numbers={"stored", "from the log"}))
    if not isinstance(told.question.kpi.formula, Quantile):
        value = evaluate(told.question.kpi, told.stored)
        say(f"value: {'none: nothing to divide by' if value is None else _number(value)}")


def _print_parts(told: Explanation, most: int) -> None:
    rows = ((part.entity, _counts(part), "\n".join(part.event_ids)) for part in told.parts[:most])
    out().print(plain_table(("entity", "counts", "events"), rows))
    events = sum(len(part.event_ids) for part in told.parts)
    left = f"; {len(told.parts) - most} more with --most" if len(told.parts) > most else ""
    say(f"made of {events} events of {len(told.parts)} entities{left}")


def _counts(part: Part) -> str:
    return ", ".join(f"{name} {_number(amount)}" for name, amount in part.amounts.items())


def _print_verdict(told: Explanation) -> None:
    if told.is_whole:
        say("the log gives what is stored")
    elif told.removed:
        warn("the log does not give what is stored: retention has removed part of it")
    else:
        warn(
            "the log does not give what is stored. The database may be some seconds behind; if it "
            "stays so, the state was lost or changed: please report it"
        )


def formula(kpi: Kpi) -> str:
    """Return a formula in terms of its measures."""
    shape = kpi.formula
    if isinstance(shape, Quantile):
        return f"the value under which {shape.q:.0%} of {shape.histogram.name} lie"
    if isinstance(shape, Ratio):
        top, bottom = _terms(shape.top, shape.top_less), _terms(shape.bottom, shape.less)
        return f"({top}) / ({bottom})"
    return _terms(shape.terms)


def _terms(terms: tuple[Term, ...], less: tuple[Term, ...] = ()) -> str:
    added = " + ".join(term.name for term in terms)
    return added + "".join(f" - {term.name}" for term in less)


def _as_json(told: Explanation) -> dict[str, object]:
    kpi = told.question.kpi
    return {
        "kpi": kpi.name,
        "version": kpi.version,
        "definition": kpi.help,
        "formula": formula(kpi),
        "stored": told.stored,
        "from_the_log": told.found,
        "is_whole": told.is_whole,
        "removed_offsets": told.removed,
        "entities": {part.entity: part.event_ids for part in told.parts},
    }


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return str(int(value)) if value == int(value) else f"{value:.6g}"
