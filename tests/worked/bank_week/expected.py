"""The week's figures straight from its file, with pandas. Shares no code with Ringside.

Only the names are Ringside's, so that the two can be laid side by side.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from tests.worked.bank_week import expected_quantiles

Number = float | int | None
Group = tuple[str, ...]
Figures = dict[Group, dict[str, Number]]

SHORT_SECONDS = 5


@dataclass(frozen=True)
class Week:
    """The calls that joined a queue, one a row, and how many never did.

    `contacts` are all calls, those that ended in the menu among them, of customers who were known.
    """

    calls: pd.DataFrame
    contacts: pd.DataFrame
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
    is_known = (raw["outcome"] != "PHANTOM") & (raw["customer"] != "")
    offered = _timed(offered, in_menu=pd.Series(data=False, index=offered.index))
    contacts = _timed(raw[is_known], in_menu=(hung_up & (raw["wait"] == 0))[is_known])
    return Week(
        calls=offered.rename(columns={"date": "day", "type": "queue"}),
        contacts=contacts.rename(columns={"date": "day", "type": "queue"}),
        in_menu=int((hung_up & (raw["wait"] == 0)).sum()),
        phantoms=int((raw["outcome"] == "PHANTOM").sum()),
    )


def _timed(rows: pd.DataFrame, in_menu: pd.Series[bool]) -> pd.DataFrame:
    """Add when a call came and ended, and in which half hours; instants are UTC.

    It came when it joined the queue, or without a wait when it left the menu. What never joined one
    came when it entered the menu.
    """
    rows = rows.assign(in_menu=in_menu)
    column = rows["queue_start"].where(rows["wait"] > 0, rows["vru_exit"])
    column = column.where(~in_menu, rows["vru_entry"])
    local = pd.to_datetime(rows["date"] + " " + column).dt.tz_localize("Asia/Jerusalem")
    rows["arrived_at"] = local.dt.tz_convert("UTC")
    seconds = rows["wait"] + rows["talk"].where(rows["outcome"] == "AGENT", 0)
    rows["ended_at"] = rows["arrived_at"] + pd.to_timedelta(seconds, unit="s")
    for name in ("arrived_at", "ended_at"):
        start = rows[name].dt.floor("30min")
        rows[f"half_hour_{name.removesuffix('_at')}"] = start.dt.strftime("%Y-%m-%d %H:%M")
    rows["half_hour"] = rows["half_hour_arrived"]
    ended = rows["ended_at"].dt.tz_convert("Asia/Jerusalem")
    rows["day_ended"] = ended.dt.strftime("%Y-%m-%d")
    return rows


def grouped(week: Week, by: tuple[str, ...], *, target_seconds: int) -> Figures:
    """Return the figures of each group; of the whole week, under (), if *by* is empty."""
    if not by:
        return {(): figures(week.calls, target_seconds)}
    groups = week.calls.groupby(list(by))
    return {tuple(map(str, key)): figures(calls, target_seconds) for key, calls in groups}


def exact_percentiles(
    week: Week, by: tuple[str, ...]
) -> dict[Group, dict[str, tuple[int, int, int]]]:
    """Return each group's percentiles as they really are, and the bounds of their buckets."""
    answered = week.calls[week.calls["answered"]]
    groups = answered.groupby(list(by)) if by else [((), answered)]
    return {
        tuple(map(str, key)): expected_quantiles.exact(calls["wait"], calls["talk"])
        for key, calls in groups
    }


def by_end(week: Week, by: tuple[str, ...], *, target_seconds: int) -> Figures:
    """Return what counts where calls ended: by the day or the half hour of their end."""
    renamed = {"day_ended": "day", "half_hour_ended": "half_hour"}
    calls = week.calls.drop(columns=["day", "half_hour"]).rename(columns=renamed)
    if not by:
        return {(): _by_end(calls, target_seconds)}
    groups = calls.groupby(list(by))
    return {tuple(map(str, key)): _by_end(found, target_seconds) for key, found in groups}


def _by_end(calls: pd.DataFrame, target_seconds: int) -> dict[str, Number]:
    answered, given_up = calls[calls["answered"]], calls[~calls["answered"]]
    a, b = len(answered), len(given_up)
    a_in = int((answered["wait"] <= target_seconds).sum())
    b_in = int((given_up["wait"] <= target_seconds).sum())
    short = int((given_up["wait"] <= SHORT_SECONDS).sum())
    return {
        "calls_answered_by_end": a,
        "calls_abandoned_by_end": b,
        "answered_wait_by_end_within_target": a_in,
        "abandoned_wait_by_end_within_target": b_in,
        "abandoned_wait_by_end_within_short_abandon": short,
        "service_level_answered_of_offered_by_end": _share(a_in, a + b),
        "service_level_answered_of_answered_by_end": _share(a_in, a),
        "service_level_handled_of_offered_by_end": _share(a_in + b_in, a + b),
        "service_level_answered_less_short_by_end": _share(a_in, a + b - short),
        "service_level_answered_less_early_by_end": _share(a_in, a + b - b_in),
        "abandonment_by_end": _share(b, a + b),
        "abandonment_less_short_by_end": _share(b - short, a + b - short),
    }


def per_rep(week: Week, by: tuple[str, ...], *, target_seconds: int) -> Figures:
    """Return the figures of reps, who can only be asked about calls they answered."""
    answered = week.calls[week.calls["answered"]]
    names = (
        *("calls_answered", "answered_wait_within_target", "call_wait_seconds"),
        *("call_talk_seconds", "service_level_answered_of_answered"),
        *("average_speed_of_answer_seconds", "average_talk_time_seconds"),
        *("calls_handled", "average_handle_time_seconds", *expected_quantiles.NAMES),
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
        "calls_handled": a,
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
        # Nobody waits any more, so at best and at worst it is what it is.
        "service_level_answered_of_offered_best": _share(a_in, a + b),
        "service_level_answered_of_offered_worst": _share(a_in, a + b),
        "abandonment": _share(b, a + b),
        "abandonment_less_short": _share(b - short, a + b - short),
        "average_speed_of_answer_seconds": _share(wait, a),
        "average_talk_time_seconds": _share(talk, a),
        # The file has no holds and no after-call work.
        "average_handle_time_seconds": _share(talk, a),
        **expected_quantiles.of(answered["wait"], answered["talk"]),
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
