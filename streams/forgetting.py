"""What is left of an entity when its customer is forgotten. What was counted stays counted."""

from collections.abc import Mapping, MutableMapping

import msgspec

from streams.snapshot import Entity


def without(entities: Mapping[str, Entity], token: str) -> dict[str, Entity | None]:
    """Return the entities that change when a customer's token goes; None: the whole entity does.

    Looks at all of them: to be forgotten is asked for rarely, and an index would hold the token.
    """
    changed: dict[str, Entity | None] = {}
    for key, entity in entities.items():
        if key == token:
            changed[key] = None
        elif getattr(entity, "customer", None) == token:
            changed[key] = msgspec.structs.replace(entity, customer=None)
    return changed


def erase(
    token: str,
    entities: MutableMapping[str, Entity],
    live: MutableMapping[str, Entity],
    changed: MutableMapping[str, Entity | None],
) -> bool:
    """Forget a customer in a fold's state; return whether there was anything to forget."""
    found = without(entities, token)
    changed.update(found)
    for key, entity in found.items():
        if entity is None:
            del entities[key]
            live.pop(key, None)
            continue
        entities[key] = entity
        if key in live:
            live[key] = entity
    return bool(found)
