"""One leg of a call, and the two ways in which a PBX writes down what happens to it."""

from dataclasses import dataclass
from typing import Literal, Protocol

from schemas import events as e
from streams.simulation.crew import Rep
from streams.simulation.engine import Engine
from streams.simulation.parts import Handling
from streams.simulation.plan import instant

Stage = Literal["waiting", "ringing", "talking", "over"]


@dataclass(slots=True, eq=False)
class Call:
    """One leg. A transfer makes a new one with the same id, customer and source."""

    id: str
    source: str
    customer: str
    queue: str
    handling: Handling
    pen: "Pen"
    leg: int = 1
    stage: Stage = "waiting"
    offered_at: float = 0.0
    answered_at: float = 0.0
    rep: Rep | None = None
    hold_seconds: float = 0.0
    wrapup_seconds: float = 0.0


class Pen(Protocol):
    """Writes down the life of a call."""

    def offered(self, call: Call) -> None:
        """It joined its queue."""

    def answered(self, call: Call, rep: str) -> None:
        """A rep took it."""

    def held(self, call: Call) -> None:
        """The customer was put on hold."""

    def resumed(self, call: Call) -> None:
        """The customer was taken off hold."""

    def transferred(self, call: Call, kind: e.TransferKind, to_queue: str) -> None:
        """It went on to another queue."""

    def abandoned(self, call: Call) -> None:
        """The customer hung up before an answer."""

    def ended(self, call: Call) -> None:
        """The conversation is over; `wrapup_seconds` is known already."""

    def wrapup_ended(self, call: Call) -> None:
        """The after-call work is done."""


class EventPen:
    """A PBX that tells of everything when it happens."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def offered(self, call: Call) -> None:
        """It joined its queue."""
        data = e.CallOffered(queue=call.queue, customer=call.customer, leg=call.leg)
        self._engine.emit(call.source, call.id, "call.offered", data)

    def dialled(self, call: Call, rep: str) -> None:
        """A rep dialled it."""
        data = e.CallDialled(rep=rep, queue=call.queue, customer=call.customer, leg=call.leg)
        self._engine.emit(call.source, call.id, "call.dialled", data)

    def connected(self, call: Call) -> None:
        """The customer answered the dialler."""
        data = e.CallConnected(leg=call.leg)
        self._engine.emit(call.source, call.id, "call.connected", data)

    def answered(self, call: Call, rep: str) -> None:
        """A rep took it, or the customer answered."""
        data = e.CallAnswered(rep=rep, leg=call.leg)
        self._engine.emit(call.source, call.id, "call.answered", data)

    def held(self, call: Call) -> None:
        """The customer was put on hold."""
        self._engine.emit(call.source, call.id, "call.held", e.CallHeld(leg=call.leg))

    def resumed(self, call: Call) -> None:
        """The customer was taken off hold."""
        self._engine.emit(call.source, call.id, "call.resumed", e.CallResumed(leg=call.leg))

    def transferred(self, call: Call, kind: e.TransferKind, to_queue: str) -> None:
        """It went on to another queue."""
        data = e.CallTransferred(kind=kind, to_queue=to_queue, leg=call.leg)
        self._engine.emit(call.source, call.id, "call.transferred", data)

    def abandoned(self, call: Call) -> None:
        """The customer hung up, or did not answer."""
        self._engine.emit(call.source, call.id, "call.abandoned", e.CallAbandoned(leg=call.leg))

    def ended(self, call: Call) -> None:
        """The conversation is over."""
        self._engine.emit(call.source, call.id, "call.ended", e.CallEnded(leg=call.leg))

    def wrapup_ended(self, call: Call) -> None:
        """The after-call work is done."""
        data = e.CallWrapupEnded(leg=call.leg)
        self._engine.emit(call.source, call.id, "call.wrapup_ended", data)


class RecordPen:
    """A PBX that writes one record at the end of a call, and nothing before."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def offered(self, call: Call) -> None:
        """Nothing is written yet."""

    def answered(self, call: Call, rep: str) -> None:
        """Nothing is written yet."""

    def held(self, call: Call) -> None:
        """Nothing is written yet."""

    def resumed(self, call: Call) -> None:
        """Nothing is written yet."""

    def transferred(self, call: Call, kind: e.TransferKind, to_queue: str) -> None:
        """Nothing is written: a plan with transfers to or from such a PBX is refused."""

    def wrapup_ended(self, call: Call) -> None:
        """It stands in the record already."""

    def abandoned(self, call: Call) -> None:
        """Write the record of a call that nobody answered."""
        wait = self._engine.now - call.offered_at
        self._complete(
            call,
            e.CallCompleted(
                offered_at=instant(call.offered_at),
                outcome="abandoned",
                queue=call.queue,
                customer=call.customer,
                wait_seconds=round(wait, 3),
                leg=call.leg,
            ),
        )

    def ended(self, call: Call) -> None:
        """Write the record of an answered call."""
        talk = self._engine.now - call.answered_at - call.hold_seconds
        self._complete(
            call,
            e.CallCompleted(
                offered_at=instant(call.offered_at),
                outcome="answered",
                queue=call.queue,
                rep=call.rep.id if call.rep else None,
                customer=call.customer,
                wait_seconds=round(call.answered_at - call.offered_at, 3),
                talk_seconds=max(0.0, round(talk, 3)),
                hold_seconds=round(call.hold_seconds, 3),
                wrapup_seconds=round(call.wrapup_seconds, 3),
                leg=call.leg,
            ),
        )

    def _complete(self, call: Call, data: e.CallCompleted) -> None:
        self._engine.emit(call.source, call.id, "call.completed", data)


def write_menu(engine: Engine, source: str, customer: str) -> None:
    """Write the record of a call that never left the voice menu."""
    data = e.CallCompleted(offered_at=instant(engine.now), outcome="menu", customer=customer)
    engine.emit(source, engine.new_id("c"), "call.completed", data)
