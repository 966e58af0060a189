"""Checkers of a simulated floor that share no code with it."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from schemas.events import Event

CALL_ORDER: dict[str | None, set[str]] = {
    None: {"offered", "dialled"},
    "offered": {"answered", "abandoned", "transferred"},
    "dialled": {"answered", "abandoned"},
    "answered": {"held", "ended", "transferred"},
    "held": {"resumed"},
    "resumed": {"held", "ended", "transferred"},
    "ended": {"wrapup_ended"},
    "transferred": {"wrapup_ended"},
    "abandoned": set(),
    "wrapup_ended": set(),
}
MEETING_ORDER: dict[str | None, set[str]] = {
    None: {"booked"},
    "booked": {"rescheduled", "held", "no_show", "cancelled"},
    "rescheduled": {"rescheduled", "held", "no_show", "cancelled"},
    "held": set(),
    "no_show": set(),
    "cancelled": set(),
}
DEAL_ORDER: dict[str | None, set[str]] = {
    None: {"created"},
    "created": {"stage_changed", "won", "lost", "deleted"},
    "stage_changed": {"stage_changed", "amount_changed", "won", "lost"},
    "amount_changed": {"stage_changed", "won", "lost"},
    "lost": {"reopened"},
    "reopened": {"stage_changed", "won", "lost"},
    "won": set(),
    "deleted": set(),
}


@dataclass
class FloorChecker:
    """Follows every call, rep, meeting and deal, and fails at the first impossible step."""

    calls: dict[tuple[str, int], str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    rep_states: dict[str, str] = field(default_factory=dict)
    rep_call: dict[str, tuple[str, int]] = field(default_factory=dict)
    call_rep: dict[tuple[str, int], str] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)
    expected: dict[str, str] = field(default_factory=dict)
    """What the calls of this instant say of the reps' states."""

    def check(self, events: Iterable[Event]) -> "FloorChecker":
        now = float("-inf")
        for event in events:
            assert event.at >= now
            if event.at > now:
                self._check_reps()
            now = event.at
            family, _, what = event.type.partition(".")
            self.counts[event.type] += 1
            if family == "call" and what != "completed":
                self._call(event, what)
            elif family == "rep":
                self._rep(event)
            elif family == "meeting":
                self._other(event, what, MEETING_ORDER)
            elif family == "deal":
                self._other(event, what, DEAL_ORDER)
        return self

    def _call(self, event: Event, what: str) -> None:
        data: Any = event.data
        leg = (event.subject, data.leg)
        before = self.calls.get(leg)
        assert what in CALL_ORDER[before], (leg, before, what)
        self.calls[leg] = what
        self.counts[f"{what} from {before}"] += 1
        if before is None and data.leg > 1:
            assert self.calls[event.subject, data.leg - 1] == "transferred"
        if what == "answered":
            assert data.rep not in self.rep_call, f"{data.rep} is on two calls at once"
            self.rep_call[data.rep], self.call_rep[leg] = leg, data.rep
            self.expected[data.rep] = "on_call"
        elif what in {"ended", "transferred"}:
            if leg in self.call_rep:
                self.expected[self.call_rep[leg]] = "after_call_work"
        elif what == "wrapup_ended":
            rep = self.call_rep.pop(leg)
            del self.rep_call[rep]
            self.expected[rep] = "free"

    def _rep(self, event: Event) -> None:
        data: Any = event.data
        before = self.rep_states.get(event.subject)
        assert data.state != before, f"{event.subject} is {data.state} already"
        if before in {None, "offline"}:
            assert data.state in {"available", "ringing"}
        assert (data.reason is not None) == (data.state == "paused")
        self.rep_states[event.subject] = data.state

    def _check_reps(self) -> None:
        for rep, state in self.expected.items():
            told = self.rep_states[rep]
            free = {"available", "ringing", "paused", "offline"}
            assert told in free if state == "free" else told == state, (rep, told, state)
        self.expected.clear()

    def _other(self, event: Event, what: str, order: dict[str | None, set[str]]) -> None:
        before = self.others.get(event.subject)
        assert what in order[before], (event.subject, before, what)
        self.others[event.subject] = what

    def in_state(self, *states: str) -> int:
        return sum(state in states for state in self.calls.values())


@dataclass
class Queueing:
    """Waits and busy time of one queue, read from its events alone."""

    offered_at: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    services: list[float] = field(default_factory=list)
    queue_seconds: float = 0.0
    """Integral of the number of waiting calls over time."""

    @classmethod
    def of(cls, events: Iterable[Event]) -> "Queueing":
        found = cls()
        offered: dict[str, float] = {}
        answered: dict[str, float] = {}
        waiting, now = 0, 0.0
        for event in events:
            found.queue_seconds += waiting * (event.at - now)
            now = event.at
            if event.type == "call.offered":
                waiting += 1
                offered[event.subject] = event.at
                found.offered_at.append(event.at)
            elif event.type == "call.answered":
                waiting -= 1
                answered[event.subject] = event.at
                found.waits.append(event.at - offered[event.subject])
            elif event.type == "call.ended":
                found.services.append(event.at - answered[event.subject])
        return found


def by_subject(events: Iterable[Event]) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        found[event.subject].append(event)
    return found
