"""The table key of one leg of a call."""


def call_key(call_id: str, leg: int) -> str:
    """Return the key of a leg: the call's id, and `#` with the leg unless it is a plain first one.

    A `#` may be part of the call's own id. Such an id has its leg behind it always, so that call
    `7#2` is never taken for the second leg of call `7`.
    """
    return call_id if leg == 1 and "#" not in call_id else f"{call_id}#{leg}"


def call_id_and_leg(key: str) -> tuple[str, int]:
    """Return what `call_key` put together."""
    call_id, mark, leg = key.rpartition("#")
    return (call_id, int(leg)) if mark else (key, 1)
