"""What is told to an older token of a customer is told to the newest, and taken back from the old.

When the key is exchanged a customer has a new token, and its state is another's: in another
partition, as a rule. So whoever has the state of an older token hands it over, leg by leg, in notes
like any others. They are absolute, so it may be done again and again, in any order, and a replay
reads them where they stand.
"""

from collections.abc import Callable, Iterator, Mapping

from schemas.notes import Note
from streams.customers import Customer
from streams.snapshot import Entity

Newest = Callable[[str], str]
"""Returns the newest token of a customer."""


def handed_over(customers: Mapping[str, Entity | None], newest: Newest) -> Iterator[Note]:
    """Yield what the successors of these customers must know, and that it is theirs now."""
    for token, customer in customers.items():
        if not isinstance(customer, Customer) or (successor := newest(token)) == token:
            continue
        at = customer.last_at
        for leg in customer.legs:
            if leg.says is not None:
                yield Note(successor, leg.epoch, leg.offset, at, leg.key, leg.says)
                yield Note(token, leg.epoch, leg.offset, at, leg.key)
            else:
                # It was handed over at this offset, and holds there; or taken back by its call
                # later, which came to the old token alone, and holds there, too.
                yield Note(successor, leg.epoch, max(0, leg.offset - 1), at, leg.key)


def to_hand_over(customers: Mapping[str, Entity], newest: Newest) -> list[str]:
    """Return the tokens that have a successor."""
    return [token for token in customers if newest(token) != token]
