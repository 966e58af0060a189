"""Which names get series of their own: those of the roster, and no more than so many others.

A source may send any text as a queue or a kind. What is shown by name is bounded, whatever it
sends; what is counted is not: PostgreSQL has every name.
"""

from typing import TYPE_CHECKING

from streams.roster import UNKNOWN, RosterIndex

if TYPE_CHECKING:
    from streams.located import Place

OTHER = "other"
MAX_STRANGERS = 200
"""Names of each label that the roster does not know and that are shown as they are: the first."""


class Names:
    """Admits names; whoever was admitted stays, so that a series does not come and go."""

    def __init__(self, most: int = MAX_STRANGERS) -> None:
        self._most = most
        self._queues: set[str] = set()
        self._kinds: set[str] = set()

    def shown(self, place: "Place", at: float, roster: RosterIndex) -> "Place":
        """Return *place* as it is to be shown."""
        queue, kind = place.queue, place.kind
        if queue and roster.queue(queue, at).site == UNKNOWN:
            queue = self.queue(queue)
        if kind:
            kind = self._admitted(self._kinds, kind)
        if queue is place.queue and kind is place.kind:
            return place
        return place._replace(queue=queue, kind=kind)

    def queue(self, name: str) -> str:
        """Return how a queue that the roster does not know is to be shown."""
        return self._admitted(self._queues, name)

    def _admitted(self, admitted: set[str], name: str) -> str:
        if name in admitted:
            return name
        if len(admitted) >= self._most:
            return OTHER
        admitted.add(name)
        return name
