"""What a customer's partition is told of calls, one note a message, and a fold that is told it."""

from schemas.notes import CallNote, Note, Notes
from schemas.topics import CUSTOMERS
from streams.fold import Fold
from tests.streams.lives import T0, apply, new_fold

H, D = 3600.0, 86_400.0
CUSTOMER = "ct1_" + "0" * 32
OTHER = "ct1_" + "1" * 32
LATENESS = 3600.0


def noted(
    call: str,
    arrived_at: float,
    outcome: str | None = None,
    *,
    offset: int = 1,
    direction: str = "inbound",
    queue: str = "loans",
    rep: str = "",
    over_at: float | None = None,
    customer: str = CUSTOMER,
) -> Notes:
    says = CallNote("pbx", direction, T0 + arrived_at, queue, rep, outcome, over_at)  # type: ignore[arg-type]
    at = T0 + arrived_at
    return Notes("ringside.calls", 0, (Note(customer, 1, offset, at, call, says),))


def answered(call: str, at: float, rep: str = "linh", **more: str) -> Notes:
    return noted(call, at, "answered", rep=rep, **more)  # type: ignore[arg-type]


def missed(call: str, at: float, waited: float = 60) -> Notes:
    return noted(call, at, "abandoned", over_at=T0 + at + waited)


def called(call: str, at: float, *, reached: bool = False) -> Notes:
    return noted(call, at, "answered" if reached else None, direction="outbound", rep="linh")


def folded(*events: Notes, until: float = 0.0) -> Fold:
    """A fold that has taken these in, and whose event time has come to `until`."""
    fold = apply(new_fold(CUSTOMERS.name, LATENESS), events)
    newest = fold.watermark.newest_at or T0
    fold.idle(T0 + until + LATENESS - newest, now=T0 + until + LATENESS)
    return fold
