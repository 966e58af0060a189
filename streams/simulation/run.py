"""A floor plan to its events."""

import math
from collections.abc import Iterator, Mapping

from schemas.events import Event
from streams.simulation.calendar import Arrivals, SiteCalendar
from streams.simulation.calls import Call
from streams.simulation.conversations import Conversations
from streams.simulation.counters import Counters
from streams.simulation.crew import Crew
from streams.simulation.deals import Deals
from streams.simulation.delivery import deliver
from streams.simulation.dialler import Dialler
from streams.simulation.engine import Engine
from streams.simulation.meetings import Meetings
from streams.simulation.office import Office
from streams.simulation.parts import DAY_PROFILE, SalesPlan, demand
from streams.simulation.plan import FloorPlan
from streams.simulation.selling import Selling
from streams.simulation.switchboard import Switchboard


def simulate(
    plan: FloorPlan, *, seed: int, start_at: float, end_at: float | None = None
) -> Iterator[Event]:
    """Yield what happens on the floor in [start_at, end_at), ordered by `at`; None: for ever.

    The same arguments give the same events, to the byte. With mischief they come in the order of
    their arrival instead. What is open at *end_at* stays open.

    Raises:
        PlanError: the seed or the period is impossible.
    """
    until = math.inf if end_at is None else end_at
    demand(seed >= 0, f"the seed is {seed}; it should be 0 or more")
    demand(math.isfinite(start_at) and start_at < until, "the period ends before it begins")
    engine = Engine(seed=seed, start_at=start_at, customers=plan.customers)
    _open_floor(plan, engine)
    events = engine.run(until)
    return deliver(events, plan.mischief, seed=seed) if plan.mischief.is_on else events


def next_opening(plan: FloorPlan, at: float) -> float:
    """Return *at* if any site works then, else when the first one opens."""
    return min(calendar.opening(at) for calendar in _calendars(plan).values())


def _calendars(plan: FloorPlan) -> dict[str, SiteCalendar]:
    return {site.id: SiteCalendar(site, always_open=plan.always_open) for site in plan.sites}


def _open_floor(plan: FloorPlan, engine: Engine) -> None:
    """Wire the parts of a floor together and put its first happenings on the agenda."""
    calendars = _calendars(plan)
    crew = Crew.of(plan, engine, calendars)
    conversations = Conversations(engine, crew)
    switchboard = Switchboard.of(plan, crew, conversations, calendars)
    campaigns = {campaign.id: campaign for campaign in plan.campaigns}
    dialler = Dialler(engine, crew, conversations, campaigns)
    crew.work_for = switchboard.work_for
    crew.on_idle = dialler.plan_dial
    conversations.on_transfer = switchboard.transfer
    switchboard.on_missed = dialler.note_missed
    if plan.counts_itself:
        _counted(plan, conversations, switchboard)
    if plan.sales is not None:
        selling = _selling(plan, plan.sales, crew, calendars)
        conversations.on_sales_talk = selling.after_conversation
        selling.open()
    crew.open()
    switchboard.open()


def _counted(plan: FloorPlan, conversations: Conversations, switchboard: Switchboard) -> None:
    """Let the PBXs count what becomes of their calls."""
    counters, on_missed = Counters.of(plan, switchboard.engine), switchboard.on_missed

    def abandoned(call: Call) -> None:
        counters.abandoned(call)
        on_missed(call)

    conversations.on_over = counters.completed
    switchboard.on_missed = abandoned
    counters.open()


def _selling(
    plan: FloorPlan, sales: SalesPlan, crew: Crew, calendars: Mapping[str, SiteCalendar]
) -> Selling:
    engine = crew.engine
    office = Office(engine, sales, {site.id: site for site in plan.sites}, calendars)
    leads = Arrivals(calendars[plan.sites[0].id], sales.leads_per_hour, DAY_PROFILE, engine.rng)
    return Selling(office, Meetings(office), Deals(office), leads, crew.reps)
