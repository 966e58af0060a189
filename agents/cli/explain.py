"""`ringside explain`: the measures, the definition and the events that a number was made of."""

import asyncio
import difflib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

import typer

from agents.cli.context import note, say, settings_of, warn
from agents.cli.explain_view import as_json, show
from agents.errors import InputError
from agents.explaining import explain
from agents.kafka import roster as rosters
from agents.kafka.admin import connect
from agents.postgres import explained as database
from agents.postgres.connection import Connection, connected
from agents.postgres.explained import Reference
from agents.settings import Settings
from agents.simulating.period import parse_instant
from schemas.explained import WHY_NOT
from schemas.kpis import BY_NAME, KPIS, Kpi, Total
from schemas.measures import QUARTER_SECONDS
from streams.explanation import Question, terms_of
from streams.facts import Amount
from streams.ghosts import GhostLimits
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
    kpi: Annotated[
        str, typer.Argument(help="A name or a title from docs/KPIS.md, e.g. abandonment or ASA.")
    ],
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
    is_json: Annotated[
        bool, typer.Option("--json", help="Print everything as one JSON object.")
    ] = False,
    wait: Annotated[float, typer.Option("--wait", min=0, help="Seconds to wait for Kafka.")] = 10,
) -> None:
    """Explain a number: its definition, its measures, and the events behind them.

    Give a KPI by its name, or by its title on a board. The interval is widened to whole quarters of
    an hour. Without --queue, --rep and so on, the number is that of everything.

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
    if is_json:
        say(json.dumps(as_json(told), indent=2))
    else:
        show(told, most)
    if not told.is_whole:
        raise typer.Exit(1)


def _question(text: str, from_: str, to: str) -> Question:
    kpi = _kpi(text)
    start = int(parse_instant(from_)) // QUARTER_SECONDS * QUARTER_SECONDS
    end = -(-int(parse_instant(to)) // QUARTER_SECONDS) * QUARTER_SECONDS
    if end <= start:
        raise InputError("--to must be after --from")
    return Question(kpi, start, end)


def _kpi(text: str) -> Kpi:
    """Return the KPI of this name, or with this title, as it stands on a board."""
    name = text.strip().lower().replace(" ", "_")
    titled = {kpi.title.lower().replace(" ", "_"): kpi.name for kpi in KPIS}
    found = BY_NAME.get(titled.get(name, name))
    if found is not None:
        return found
    if name in WHY_NOT:
        raise InputError(f"{name} is not added up from events: {WHY_NOT[name]}")
    known = {one: one for one in (*BY_NAME, *WHY_NOT)} | titled
    hint = _did_you_mean(name, known)
    raise InputError(f"{text!r} is not a KPI; {hint}docs/KPIS.md lists them all")


def _did_you_mean(given: str, known: Mapping[str, str]) -> str:
    """Return a question naming what is near *given* among what may be written; "" if nothing is."""
    holding = [text for text in known if given in text or text in given]
    near = holding or difflib.get_close_matches(given, known, n=3)
    names = list(dict.fromkeys(known[text] for text in near))[:3]
    return f"did you mean {' or '.join(names)}? " if near else ""


async def _ask(url: str, question: Question) -> tuple[Question, dict[str, Amount], list[Reference]]:
    async with connected(url, patience_seconds=30, say=warn) as connection:
        if question.kpi.name == ACTIVITY_VOLUME:
            chosen = await database.activity_volume(connection)
            terms = tuple(term for term in terms_of(question.kpi) if term.name in chosen)
            question = replace(question, kpi=replace(question.kpi, formula=Total(terms)))
        await _refuse_unknown(connection, question)
        limits = await database.limits(connection, question)
        stored = await database.stored(connection, question)
        references = await database.references(connection, question)
    return replace(question, limits=limits), stored, references


async def _refuse_unknown(connection: Connection, question: Question) -> None:
    """Refuse a queue, rep, ... of which nothing was counted in the week around the time."""
    for place in database.PLACES:
        asked = getattr(question, place)
        if asked is None:
            continue
        known = await database.known(connection, question, place)
        if asked not in known:
            hint = _did_you_mean(asked, {name: name for name in known})
            listed = f"counted were {', '.join(known[:20])}" if known else "nor of any other"
            raise InputError(
                f"nothing was counted of {place} {asked!r} in the week around then; "
                f"{hint or listed}".rstrip()
            )


def _roster(settings: Settings) -> RosterIndex | None:
    values = rosters.without_pipelines(rosters.read_values(settings))
    return RosterIndex(rosters.to_roster(values)) if values else None
