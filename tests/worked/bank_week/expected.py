"""The week's figures straight from its file, with pandas. Shares no code with Ringside.

Only the names are Ringside's, so that the two can be laid side by side.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

Number = float | int | None
Group = tuple[str, ...]
Figures = dict[Group, dict[str, Number]]

SHORT_SECONDS = 5


@dataclass(frozen=True)
class Week:
    """The calls that joined a queue, one a row, and how many never did."""

    calls: pd.DataFrame
    in_menu: int
    phantoms: int


def load(file: Path) -> Week:
    """Read the file; keep what was offered to a rep: answered, or waiting until given up."""
    raw = pd.read_csv(file, dtype=str, keep_default_na=False)
    raw["wait"] = raw["queue_seconds"].astype(int)
    raw["talk"] = raw["service_seconds"].astype(int)
    raw["rep"] = raw["agent"].where(raw["agent"] != "", "agent-nameless")
    raw["call"] = raw["date"].str.cat([raw["vru_line"], raw["call_id"]], sep="/")
    answered = raw["outcome"] == "AGENT"
    hung_up = raw["outcome"] == "HANG"
    offered = raw[answered | (hung_up & (raw["wait"] > 0))].copy()
    offered["answered"] = offered["outcome"] == "AGENT"
    return Week(
        calls=offered.rename(columns={"date": "day", "type": "queue"}),
        in_menu=int((hung_up & (raw["wait"] == 0)).sum()),
        phantoms=int((raw["outcome"] == "PHANTOM").sum()),
    )


def grouped(week: Week, by: tuple[str, ...], *, target_seconds: int) -> Figures:
    """Return the figures of each group; of the whole week, under (), if *by* is empty."""
    if not by:
        return {(): figures(week.calls, target_seconds)}
    groups = week.calls.groupby(list(by))
    return {tuple(map(str, key)): figures(calls, target_seconds) for key, calls in groups}


def per_rep(week: Week, by: tuple[str, ...], *, target_seconds: int) -> Figures:
    """Return the figures of reps, who can only be asked about calls they answered."""
    answered = week.calls[week.calls["answered"]]
    names = (
        *("calls_answered", "answered_wait_within_target", "call_wait_seconds"),
        *("call_talk_seconds", "service_level_answered_of_answered"),
        *("average_speed_of_answer_seconds", "average_talk_time_seconds"),
    )
    groups = answered.groupby(list(by))
    all_figures = {tuple(map(str, key)): figures(calls, target_seconds) for key, calls in groups}
    return {group: {name: found[name] for name in names} for group, found in all_figures.items()}


def figures(calls: pd.DataFrame, target_seconds: int) -> dict[str, Number]:
    """Return every figure of some calls. What has an empty denominator is None."""
    answered, given_up = calls[calls["answered"]], calls[~calls["answered"]]
    a, b = len(answered), len(given_up)
    a_in = int((answered["wait"] <= target_seconds).sum())
    b_in = int((given_up["wait"] <= target_seconds).sum())
    short = int((given_up["wait"] <= SHORT_SECONDS).sum())
    wait, talk = int(answered["wait"].sum()), int(answered["talk"].sum())
    return {
        "calls_offered": a + b,
        "calls_answered": a,
        "calls_abandoned": b,
        "answered_wait_within_target": a_in,
        "abandoned_wait_within_target": b_in,
        "abandoned_wait_within_short_abandon": short,
        "call_wait_seconds": wait,
        "call_talk_seconds": talk,
        "service_level_answered_of_answered": _share(a_in, a),
        "service_level_handled_of_offered": _share(a_in + b_in, a + b),
        "service_level_answered_of_offered": _share(a_in, a + b),
        "service_level_answered_less_short": _share(a_in, a + b - short),
        "service_level_answered_less_early": _share(a_in, a + b - b_in),
        "abandonment": _share(b, a + b),
        "average_speed_of_answer_seconds": _share(wait, a),
        "average_talk_time_seconds": _share(talk, a),
        "longest_wait_seconds": int(calls["wait"].max()),
    }


def calls(week: Week) -> dict[str, tuple[str, str, str, int, int | None]]:
    """Return each call by its id: queue, outcome, rep, wait, talk."""
    return {
        row.call: (
            row.queue,
            "answered" if row.answered else "abandoned",
            row.rep if row.answered else "",
            row.wait,
            row.talk if row.answered else None,
        )
        for row in week.calls.itertuples()
    }


def _share(top: int, bottom: int) -> float | None:
    return top / bottom if bottom > 0 else None
