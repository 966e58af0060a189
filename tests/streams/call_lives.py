"""Calls as a PBX tells of them, most of them plain; some twice, wrongly, late, or corrected."""

from datetime import UTC, datetime
from random import Random
from typing import Any, cast

import msgspec

from schemas import events as e
from schemas.codec import Reason, Rejected
from schemas.erasures import Erasure
from schemas.events import Event, Fact
from tests.streams.lives import QUEUES, REP_IDS, SOURCES, T0, TYPE_OF, call_events

CUSTOMERS = (None, "ct1_" + "1" * 32, "ct1_" + "2" * 32)
Told = list[tuple[float, Fact]]


def some_lives(random: Random, lateness_seconds: float) -> list[Any]:
    """Messages of a minute to more than a day, out of order; most within the lateness."""
    seconds = random.choice([60.0, 60.0, 1800.0, 30 * 3600.0])
    events = [
        one
        for index in range(random.randint(1, 50))
        for one in _one_call(random, _id(random, index), seconds)
    ]
    if random.random() < 0.5:  # wild ones, under other names
        events += [
            msgspec.structs.replace(one, subject=f"w{one.subject}")
            for one in call_events(random, seconds)
        ]
    events += random.choices(events, k=len(events) // random.choice([5, 30]))
    jitter = random.choice([0.0, 0.0, 0.5, 1.2]) * lateness_seconds
    events.sort(key=lambda one: one.at + random.uniform(0, jitter))
    messages: list[Any] = [*events]
    for strange in (Rejected(Reason.NOT_JSON), Erasure("ct1_" + "1" * 32, "shop")):
        if random.random() < 0.2:
            messages.insert(random.randrange(len(messages) + 1), strange)
    return messages


def _id(random: Random, index: int) -> str:
    return f"c{index}#2" if random.random() < 0.05 else f"c{index}"


def _one_call(random: Random, call: str, seconds: float) -> list[Event]:
    unit = random.choice([1 / 60, 1, 8, 1000])
    at = T0 + random.randrange(int(seconds * unit)) / unit
    told = random.choice(KINDS)(random, at)
    if random.random() < 0.15:
        told.pop(random.randrange(len(told)))
    if told and random.random() < 0.15:  # the same again, at another time
        told_at, data = random.choice(told)
        told.append((told_at + random.choice([-1, 0, 30]), data))
    if random.random() < 0.05:  # a record beside the pieces
        told += _recorded(random, at)
    if random.random() < 0.1:  # clocks that differ
        told = [(one + random.choice([0, 0, -15, 15]), data) for one, data in told]
    source = random.choice(SOURCES)
    events = [_event(f"{call}/{index}", source, call, one) for index, one in enumerate(told)]
    if events and random.random() < 0.1:  # another source says something
        index = random.randrange(len(events))
        events[index] = msgspec.structs.replace(events[index], source=random.choice(SOURCES))
    if events and random.random() < 0.1:
        events.append(_correction(random, random.choice(events)))
    return events


def _event(id_: str, source: str, call: str, told: tuple[float, Fact]) -> Event:
    at, data = told
    return Event(id_, source, call, TYPE_OF[type(data)], at, cast("e.AnyFact", data))


def _correction(random: Random, wrong: Event) -> Event:
    if random.random() < 0.4:
        statement = random.choice([None, wrong.type])
        fact = e.CallRetracted(cast("Any", statement), wrong.data.leg)  # type: ignore[union-attr]
        type_ = "call.retracted"
        return Event(f"{wrong.id}!", wrong.source, wrong.subject, type_, wrong.at + 60, fact)
    at = wrong.at + random.choice([-5, 7])
    return msgspec.structs.replace(wrong, id=f"{wrong.id}!", at=at, causation_id=wrong.id)


def _lasting(random: Random) -> float:
    """A time in seconds: some are none at all, some on a bucket's bound, some too long."""
    if random.random() < 0.1:
        return random.choice([random.randrange(900), 1000.125, 16_000])
    return random.choice([0, 1, 2, 20, random.uniform(0, 20)])


def _inbound(random: Random, at: float, leg: int = 1) -> Told:
    told: Told = [(at, e.CallOffered(random.choice(QUEUES), random.choice(CUSTOMERS), leg))]
    at += _lasting(random)
    if random.random() < 0.25:
        return [*told, (at, e.CallAbandoned(leg))]
    return [*told, *_conversation(random, at, leg)]


def _conversation(random: Random, at: float, leg: int, rep: str = "") -> Told:
    told: Told = [(at, e.CallAnswered(rep or random.choice(REP_IDS), leg))]
    for _ in range(random.choice([0, 0, 0, 1, 2])):
        at += _lasting(random)
        told.append((at, e.CallHeld(leg)))
        at += _lasting(random)
        told.append((at, e.CallResumed(leg)))
    at += _lasting(random)
    return [*told, (at, e.CallEnded(leg)), (at + _lasting(random), e.CallWrapupEnded(leg))]


def _outbound(random: Random, at: float) -> Told:
    rep = random.choice(REP_IDS)
    queue = random.choice([None, *QUEUES])
    told: Told = [(at, e.CallDialled(rep, queue, random.choice(CUSTOMERS)))]
    at += _lasting(random)
    if random.random() < 0.4:
        told.append((at, e.CallConnected()))
        at += random.choice([0, 1, 2, 2.5, 30])
    if random.random() < 0.4:
        return [*told, (at, random.choice([e.CallAbandoned(), e.CallEnded()]))]
    return [*told, *_conversation(random, at, 1, rep if random.random() < 0.8 else "")]


def _transferred(random: Random, at: float) -> Told:
    told = _inbound(random, at)
    index = random.randrange(1, len(told))
    moved_at = told[index][0]
    told[index] = (moved_at, e.CallTransferred(random.choice(["blind", "attended"]), QUEUES[0]))
    return [*told, *(_inbound(random, moved_at, 2) if random.random() < 0.7 else [])]


def _recorded(random: Random, at: float) -> Told:
    wait, talk, hold, wrapup = (random.choice([0, _lasting(random)]) for _ in range(4))
    record = e.CallCompleted(
        datetime.fromtimestamp(at, UTC),
        random.choice(["answered", "answered", "abandoned", "flowed_out", "menu"]),
        random.choice([None, *QUEUES]),
        random.choice(["inbound", "inbound", "outbound"]),
        random.choice([None, *REP_IDS]),
        random.choice(CUSTOMERS),
        *(wait, talk, hold, wrapup),
    )
    return [(at + wait + talk + hold, record)]


KINDS = (*(_inbound,) * 3, *(_outbound,) * 3, _recorded, _transferred)
