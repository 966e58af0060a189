"""The same figures straight from the files, with pandas. Shares no code with Ringside.

Only names are Ringside's, so that the two can be laid side by side. Amounts are in hundredths.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pandas as pd

Number = float | int | None

STAGES = ("insert", "assign", "take", "wait", "resolve")
NAMES = {
    "Insert ticket": "insert",
    "Assign seriousness": "assign",
    "Take in charge ticket": "take",
    "Wait": "wait",
    "Resolve ticket": "resolve",
    "Closed": "won",
}


def crm(file: Path) -> pd.DataFrame:
    """Read the deals; dates as such, and the length of a won deal's cycle in days."""
    deals = pd.read_csv(file)
    for name in ("engage_date", "close_date"):
        deals[name] = pd.to_datetime(deals[name], format="%m/%d/%Y")
    deals["cycle_days"] = (deals["close_date"] - deals["engage_date"]).dt.days
    return deals


def crm_by_rep(deals: pd.DataFrame) -> dict[str, tuple[int, int, int, int]]:
    """Return for each agent: won, lost, open, and the won value in hundredths."""
    found = {}
    for rep, of_rep in deals.groupby("sales_agent"):
        won = of_rep[of_rep["deal_stage"] == "Won"]
        lost = int((of_rep["deal_stage"] == "Lost").sum())
        still = len(of_rep) - len(won) - lost
        found[str(rep)] = (len(won), lost, still, round(100 * won["close_value"].sum()))
    return found


def crm_cohorts(deals: pd.DataFrame, column: str) -> dict[tuple[str, str], tuple[int, int, int]]:
    """Return by a column and month of engagement: entered engaging, won since, lost since."""
    engaged = deals[deals["engage_date"].notna()]
    month = engaged["engage_date"].dt.strftime("%Y-%m")
    return {
        (str(value), str(when)): (
            len(group),
            int((group["deal_stage"] == "Won").sum()),
            int((group["deal_stage"] == "Lost").sum()),
        )
        for (value, when), group in engaged.groupby([engaged[column], month])
    }


def crm_window(deals: pd.DataFrame, days: int, today: date, moved_by: timedelta) -> dict[str, int]:
    """Return what the live window of so many days should show, all days moved."""
    first = pd.Timestamp(today - timedelta(days=days - 1) - moved_by)
    engaged = deals[deals["engage_date"] >= first]
    closed = deals[deals["close_date"] >= first]
    won = closed[closed["deal_stage"] == "Won"]
    return {
        "cohort_entered": len(engaged),
        "cohort_advanced": int((engaged["deal_stage"] == "Won").sum()),
        "cohort_lost": int((engaged["deal_stage"] == "Lost").sum()),
        "won": len(won),
        "lost": int((closed["deal_stage"] == "Lost").sum()),
        "won_minor": round(100 * won["close_value"].sum()),
        "cycle_seconds": int(won["cycle_days"].sum()) * 86_400,
    }


@dataclass
class Case:
    """What one case came to."""

    stays: list[tuple[str, str, pd.Timestamp, pd.Timestamp | None]] = field(default_factory=list)
    """Stage, whose at its start, since when, until when."""
    status: str = "open"
    ended_at: pd.Timestamp | None = None
    reopened: int = 0
    repeated: int = 0

    def row(self) -> tuple[str, str, int, int, int]:
        """Return how it stands: status, last stage, stays, re-entries, moves back."""
        return self.status, self.stays[-1][0], len(self.stays), self.re_entries, self.backward

    @property
    def re_entries(self) -> int:
        """How many stays were in a stage where it had been."""
        return len(self.stays) - len({stage for stage, *_ in self.stays})

    @property
    def backward(self) -> int:
        """How many stays came after one in a later stage."""
        places = [STAGES.index(stage) if stage in STAGES else None for stage, *_ in self.stays]
        return sum(1 for a, b in pairwise(places) if a is not None and b is not None and b < a)


def cases(file: Path) -> dict[str, Case]:
    """Follow each case row by row. Rows of one instant go in the order of the pipeline."""
    rows = pd.read_csv(file).drop_duplicates(["case", "activity", "at"])
    rows["at"] = pd.to_datetime(rows["at"], utc=True)
    rows["stage"] = rows["activity"].map(NAMES).fillna("unknown")
    order = {stage: number for number, stage in enumerate((*STAGES, "unknown", "won"))}
    rows["place"] = rows["stage"].map(order)
    rows = rows.sort_values(["case", "at", "place", "activity"], kind="stable")
    # Whose a case is at an instant: the greatest name of the rows of that instant.
    rows["resource"] = rows.groupby(["case", "at"])["resource"].transform(_last_owner)
    return {str(name): _followed(of_case) for name, of_case in rows.groupby("case")}


def _last_owner(resources: pd.Series) -> str:  # type: ignore[type-arg]
    return str(max(resources))


def _followed(rows: pd.DataFrame) -> Case:
    case = Case()
    for row in rows.itertuples():
        stage, at, rep = str(row.stage), row.at, str(row.resource)
        if stage == "won":
            if case.status == "won":
                case.repeated += 1
                continue
            _close(case, at)
            case.status, case.ended_at = "won", at
            continue
        if case.status == "won":
            case.status, case.ended_at = "open", None
            case.reopened += 1
        elif case.stays and case.stays[-1][0] == stage != "unknown":
            case.repeated += 1
            continue
        _close(case, at)
        case.stays.append((stage, rep, at, None))
    return case


def _close(case: Case, at: pd.Timestamp) -> None:
    if case.stays and case.stays[-1][3] is None:
        case.stays[-1] = (*case.stays[-1][:3], at)


def case_steps(found: dict[str, Case]) -> dict[str, dict[str, int]]:
    """Return the cohorts and events of each stage, over all cases and days."""
    steps: dict[str, Counter[str]] = defaultdict(Counter)
    for case in found.values():
        seen: set[str] = set()
        for number, (stage, *_) in enumerate(case.stays):
            steps[stage]["entries"] += 1
            if stage in seen:
                steps[stage]["re_entries"] += 1
                continue
            seen.add(stage)
            if stage in STAGES:
                steps[stage]["entered"] += 1
                later = [one for one, *_ in case.stays[number + 1 :] if one in STAGES]
                further = any(STAGES.index(one) > STAGES.index(stage) for one in later)
                steps[stage]["advanced"] += further or case.status == "won"
        _follow_moves(case, steps)
        _follow_path(case, steps)
    return {stage: {n: c for n, c in counts.items() if c} for stage, counts in steps.items()}


def _follow_moves(case: Case, steps: dict[str, Counter[str]]) -> None:
    places = [STAGES.index(one) if one in STAGES else None for one, *_ in case.stays]
    ends = [*places, len(STAGES)] if case.status == "won" else places
    for before, after in pairwise(ends):
        if before is None or after is None:
            continue
        if after < before:
            steps[STAGES[after]]["backward"] += 1
        for skipped in range(before + 1, after):
            steps[STAGES[skipped]]["skipped"] += 1


def _follow_path(case: Case, steps: dict[str, Counter[str]]) -> None:
    passed = 0
    for stage, *_ in case.stays:
        if passed < len(STAGES) and stage == STAGES[passed]:
            passed += 1
    is_through = passed == len(STAGES) and case.status == "won"
    for number in range(passed):
        steps[STAGES[number]]["path_entered"] += 1
        steps[STAGES[number]]["path_advanced"] += number < passed - 1 or is_through


def case_stays(found: dict[str, Case]) -> dict[str, tuple[int, float]]:
    """Return for each stage how many stays ended, and their median in seconds."""
    seconds: dict[str, list[float]] = defaultdict(list)
    for case in found.values():
        for stage, _, since, until in case.stays:
            if until is not None:
                seconds[stage].append((until - since).total_seconds())
    return {stage: (len(of), float(pd.Series(of).median())) for stage, of in seconds.items()}


def case_owners(found: dict[str, Case]) -> dict[tuple[str, str], int]:
    """Return how many cases first came to each stage in each resource's hands."""
    owners: Counter[tuple[str, str]] = Counter()
    for case in found.values():
        seen: set[str] = set()
        for stage, rep, *_ in case.stays:
            if stage in STAGES and stage not in seen:
                owners[stage, rep] += 1
            seen.add(stage)
    return dict(owners)
