"""What the week's customers did, with pandas: calls that came after another, and missed ones.

A contact is a call of a customer who was known. The file has 4,625 rows of unknown ones, and no
outbound calls: nobody was called back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from tests.worked.bank_week.expected import Figures, Number, Week

DAY = pd.Timedelta("24h")
WEEK = pd.Timedelta("7D")
NAMES = (
    *("contacts", "contacts_preceded_24h", "contacts_preceded_7d"),
    *("contacts_followed_24h", "contacts_followed_7d"),
    *("contacts_missed", "missed_called_back", "missed_reached"),
)
RATIOS = ("repeat_contact_rate_24h", "repeat_contact_rate_7d")


def grouped(week: Week, by: tuple[str, ...]) -> Figures:
    """Return the figures of each group, those in the menu left out; of all under ()."""
    flagged = _flagged(week.contacts)
    if not by:
        return {(): _figures(flagged)}
    in_queue = flagged[~flagged["in_menu"]]
    return {tuple(map(str, key)): _figures(rows) for key, rows in in_queue.groupby(list(by))}


def _flagged(contacts: pd.DataFrame) -> pd.DataFrame:
    """Mark each contact that came within a day, or a week, after another, or before one."""
    rows = contacts.sort_values(["customer", "arrived_at", "call"]).copy()
    arrived = rows.groupby("customer")["arrived_at"]
    since, until = rows["arrived_at"] - arrived.shift(1), arrived.shift(-1) - rows["arrived_at"]
    for name, window in (("24h", DAY), ("7d", WEEK)):
        rows[f"preceded_{name}"] = since <= window  # NaT is not <= anything
        rows[f"followed_{name}"] = until <= window
    rows["missed"] = (rows["outcome"] == "HANG") & ~rows["in_menu"]
    return rows


def _figures(rows: pd.DataFrame) -> dict[str, Number]:
    count = len(rows)
    day, week = int(rows["preceded_24h"].sum()), int(rows["preceded_7d"].sum())
    return {
        "contacts": count,
        "contacts_preceded_24h": day,
        "contacts_preceded_7d": week,
        "contacts_followed_24h": int(rows["followed_24h"].sum()),
        "contacts_followed_7d": int(rows["followed_7d"].sum()),
        "contacts_missed": int(rows["missed"].sum()),
        "missed_called_back": 0,
        "missed_reached": 0,
        "repeat_contact_rate_24h": day / count,
        "repeat_contact_rate_7d": week / count,
    }
