"""How two described sets of things differ, as lines for a person."""

from collections.abc import Mapping


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Return a line for each name whose description differs: `+` new, `-` gone, `~` changed."""
    lines = []
    for name in sorted(before.keys() | after.keys()):
        was, now = before.get(name), after.get(name)
        if was is None:
            lines.append(f"+ {name}: {now}")
        elif now is None:
            lines.append(f"- {name}: was {was}")
        elif was != now:
            lines.append(f"~ {name}: {now} (was: {was})")
    return lines
