"""The leak: the step at which a pipeline loses most, in deals and in money."""

from collections.abc import Mapping
from typing import NamedTuple

from schemas import funnel as f
from streams.funnel import Cells
from streams.funnel_windows import Spot


class Leak(NamedTuple):
    """A stage, and what of the deals that entered it in the window was lost before the next."""

    stage: str
    entered: int
    lost: int
    lost_minor: int
    """What they are worth, in minor units of the one currency."""


def leaks(spots: Mapping[Spot, Cells], pipeline: str, currency: str | None = None) -> list[Leak]:
    """Return every step of a pipeline, the greatest loss first: in money if a currency is given.

    Without one, deals of all currencies are counted, and their worth, which cannot be added up, is
    left at zero.
    """
    found: dict[str, Leak] = {}
    for spot, cells in spots.items():
        if spot.pipeline != pipeline or not spot.stage or currency not in (None, spot.currency):
            continue
        before = found.get(spot.stage, Leak(spot.stage, 0, 0, 0))
        found[spot.stage] = Leak(
            spot.stage,
            before.entered + int(cells.get(f.ENTERED.name, 0)),
            before.lost + int(cells.get(f.LOST.name, 0)),
            before.lost_minor + (int(cells.get(f.LOST_MINOR.name, 0)) if currency else 0),
        )
    steps = [leak for leak in found.values() if leak.entered]
    return sorted(
        steps, key=lambda one: (-one.lost_minor if currency else -one.lost, -one.lost, one.stage)
    )


def greatest(steps: list[Leak]) -> Leak | None:
    """Return where most is lost; None if nothing is."""
    return steps[0] if steps and steps[0].lost else None
