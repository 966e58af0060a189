"""What is left of an entity when its customer is forgotten. What was counted stays counted."""

from collections.abc import Mapping, MutableMapping
from typing import Any

import msgspec

from streams.activity_state import Said
from streams.corrections import Correction
from streams.deal_state import Created
from streams.meeting_state import Booking
from streams.packed import Packed
from streams.snapshot import Entity


def without(entities: Mapping[str, Entity], token: str) -> dict[str, Entity | None]:
    """Return the entities that change when a customer's token goes; None: the whole entity does.

    Looks at all of them: to be forgotten is asked for rarely, and an index would hold the token.
    """
    changed: dict[str, Entity | None] = {}
    looked_at = entities.naming(token) if isinstance(entities, Packed) else entities
    for key, entity in looked_at.items():
        if key == token:
            changed[key] = None
        elif _may_name(entity, token):
            new = _without(entity, token, None)
            if new is not entity:
                changed[key] = new
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


def _may_name(entity: Entity, token: str) -> bool:
    """Whether it is worth looking: few entities have more than one place for a customer."""
    if getattr(entity, "customer", None) == token:
        return True
    told: Any = getattr(entity, "told", None)
    if told is not None and told.booking is not None and told.booking.customer == token:
        return True
    others: tuple[Created, ...] = getattr(entity, "other_creations", ())
    if any(one.customer == token for one in others):
        return True
    return getattr(entity, "corrected", None) is not None


def _without(value: Any, token: str, nothing: str | None) -> Any:  # noqa: ANN401 - any part of it
    """Return a part of an entity without the token; the same object if it is not in it."""
    if isinstance(value, str):
        return nothing if value == token else value
    nothing = "" if isinstance(value, Booking | Created | Said) else None
    if isinstance(value, Correction):
        data = None if value.data is None else value.data.replace(f'"{token}"', "null")
        return value if data == value.data else msgspec.structs.replace(value, data=data)
    if isinstance(value, msgspec.Struct):
        parts = {name: getattr(value, name) for name in value.__struct_fields__}
        found = {name: _without(part, token, nothing) for name, part in parts.items()}
        changed = {name: part for name, part in found.items() if part is not parts[name]}
        return msgspec.structs.replace(value, **changed) if changed else value
    if not isinstance(value, tuple):
        return value
    items = [_without(part, token, nothing) for part in value]
    if all(new is old for new, old in zip(items, value, strict=True)):
        return value
    return type(value)(*items) if isinstance(value, Said) else tuple(items)
