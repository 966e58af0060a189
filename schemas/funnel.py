"""The catalogue of the funnel: what is counted by day, pipeline and stage, and what follows.

A *cohort* is the deals that first entered a stage on one day. Its counts stand on that day,
whatever becomes of the deals later; so they go on changing as long as one of them is open. What
*happened* on a day stands on that day. Both add up over days, stages, owners, segments and sources;
amounts only within one currency, and they are always those of the deal as it is priced now.
"""

from dataclasses import dataclass
from sys import intern
from typing import Literal

DAY_SECONDS = 86_400

DIMENSIONS = ("pipeline", "stage", "rep", "source", "segment", "currency")
"""Of a count. `stage` "" where it is about the whole pipeline; `rep` is the owner at that time."""

WINDOWS_DAYS = (7, 30, 90)
"""Live windows: the last days, today included, in the zone of the pipeline."""

KEPT_DAYS = 2 * 90 + 10
"""How long days are kept live; PostgreSQL has every deal, and so every day."""

Kind = Literal["cohort", "path", "happened", "now"]


@dataclass(frozen=True, slots=True)
class Count:
    """Something counted or summed; `name` is its cell, and `ringside_funnel_<name>` its metric."""

    name: str
    kind: Kind
    help: str
    is_money: bool = False


def _cohort(name: str, help_: str) -> tuple[Count, Count]:
    """Return the count of deals, and that of what they are worth."""
    return (
        Count(name, "cohort", f"{help_}, by the day of entry."),
        Count(f"{name}_minor", "cohort", f"{help_}: worth, minor units.", is_money=True),
    )


ENTERED, ENTERED_MINOR = _cohort("cohort_entered", "Deals that entered the stage")
ADVANCED, ADVANCED_MINOR = _cohort(
    "cohort_advanced", "Of them, those that reached the next stage or one beyond, or were won"
)
LOST, LOST_MINOR = _cohort("cohort_lost", "Of them, those that were lost before they got so far")
WON, WON_MINOR = _cohort("cohort_won", "Of them, those that were won in the end")
CREATED, CREATED_MINOR = _cohort("created", "Deals that were created")
CREATED_WON, CREATED_WON_MINOR = _cohort("created_won", "Of those created, the ones that were won")
CREATED_LOST, CREATED_LOST_MINOR = _cohort("created_lost", "Of those created, the ones lost")
REACHED = Count(
    "created_reached", "cohort", "Of those created, the ones that got to the stage or beyond."
)
PATH_ENTERED = Count(
    "path_entered", "path", "Deals that came to the stage through every one before it, in order."
)
PATH_ADVANCED = Count(
    "path_advanced", "path", "Of them, those that went on to the next one (after the last: won)."
)
PATH_WON = Count("path_won", "path", "Of them, those that went through all the rest, and were won.")


def _happened(name: str, help_: str, *, is_money: bool = False) -> Count:
    return Count(name, "happened", help_, is_money)


ENTRIES = _happened("entries", "Times a deal came to the stage, re-entries included.")
NEXT_ENTRIES = _happened(
    "next_entries", "Times a deal came to the stage after this one, or after the last was won."
)
RE_ENTRIES = _happened("re_entries", "Times a deal came to a stage where it had been before.")
BACKWARD = _happened("backward", "Times a deal came to the stage from one further on.")
SKIPPED = _happened("skipped", "Times a deal was moved past the stage.")
STAYS = _happened("stays", "Stays in the stage that ended.")
STAY_SECONDS = _happened("stay_seconds", "How long they lasted, together.")
EXITS_LOST = _happened("exits_lost", "Deals that were lost in this stage.")
EXITS_LOST_MINOR = _happened("exits_lost_minor", "What they are worth, minor units.", is_money=True)
WINS = _happened("won", "Deals won.")
WINS_MINOR = _happened("won_minor", "What they are worth, minor units.", is_money=True)
WINS_PRICED = _happened("won_priced", "Deals won whose amount is known.")
LOSSES = _happened("lost", "Deals lost.")
LOSSES_MINOR = _happened("lost_minor", "What they are worth, minor units.", is_money=True)
CYCLE_SECONDS = _happened("cycle_seconds", "From creation to win, of deals won, together.")
REOPENED = _happened("reopened", "Deals that were opened again after an end.")
REPEATED = _happened("repeated", "Moves to where a deal already was; they count as nothing else.")
SIMULTANEOUS = _happened(
    "simultaneous", "Moves and ends told for an instant at which something else was told, too."
)
WITHOUT_OLD_STAGE = _happened(
    "without_old_stage", "Moves told without the stage that the deal came from."
)
OWNER_CHANGES = _happened("owner_changes", "Times a deal was given to another rep.")
AMOUNT_CHANGES = _happened("amount_changes", "Times a deal was said to be worth something else.")
MERGED = _happened("merged", "Deals that turned out to be another one, and take back all else.")
DELETED = _happened("deleted", "Deals that should not have been there, and take back all else.")
CUT = _happened("cut", "Deals of which more was said than is kept, by day of creation.")

OPEN = Count("open", "now", "Deals that are in the stage, by the day since when.")
OPEN_MINOR = Count("open_minor", "now", "What they are worth, minor units.", is_money=True)

COUNTS: tuple[Count, ...] = (
    *(ENTERED, ENTERED_MINOR, ADVANCED, ADVANCED_MINOR, LOST, LOST_MINOR, WON, WON_MINOR),
    *(CREATED, CREATED_MINOR, CREATED_WON, CREATED_WON_MINOR, CREATED_LOST, CREATED_LOST_MINOR),
    *(REACHED, PATH_ENTERED, PATH_ADVANCED, PATH_WON),
    *(ENTRIES, NEXT_ENTRIES, RE_ENTRIES, BACKWARD, SKIPPED, STAYS, STAY_SECONDS),
    *(EXITS_LOST, EXITS_LOST_MINOR),
    *(WINS, WINS_MINOR, WINS_PRICED, LOSSES, LOSSES_MINOR, CYCLE_SECONDS),
    *(REOPENED, REPEATED, SIMULTANEOUS, WITHOUT_OLD_STAGE, OWNER_CHANGES, AMOUNT_CHANGES),
    *(MERGED, DELETED, CUT),
    *(OPEN, OPEN_MINOR),
)

AGES = (ADVANCED, LOST, CREATED_WON, CREATED_LOST)
"""Counts that are also told apart by age: the cell `<name>@<days>`, whole days since the entry.

With them the share that will get so far in the end can be estimated (streams/incidence.py).
"""


def age_cell(count: Count, days: int) -> str:
    """Return the cell of those of *count* that got so far at an age of so many days."""
    # One text for all panes: hundreds of thousands hold it.
    return intern(f"{count.name}@{days}")


DAYS_BOUNDS: tuple[float, ...] = (
    *(0.25, 0.5, 1, 2, 3, 4, 5, 7, 10, 14, 21, 28, 35, 42, 49, 56, 63, 70, 77, 84, 91),
    *(98, 105, 112, 119, 126, 133, 140, 182, 273, 365, 730),
)
"""Bounds of the histograms of stays and cycles, in days; a week apart where most sales are."""

STAY = "stay"
CYCLE = "cycle"
"""Histograms: the cells `stay:<bucket>` by stage, and `cycle:<bucket>` of deals won."""


@dataclass(frozen=True, slots=True)
class Share:
    """A conversion: the share `top / bottom` of counts. Undefined unless `bottom` is > 0.

    What it is called and what it says is in schemas/funnel_kpis.py, under its name.
    """

    name: str
    top: Count
    bottom: Count


SHARES: tuple[Share, ...] = (
    Share("cohort_conversion", ADVANCED, ENTERED),
    Share("cohort_win_share", WON, ENTERED),
    Share("path_conversion", PATH_ADVANCED, PATH_ENTERED),
    Share("period_conversion", NEXT_ENTRIES, ENTRIES),
    Share("lost_share", LOST, ENTERED),
    Share("created_win_share", CREATED_WON, CREATED),
)
