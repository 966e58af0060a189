"""What operations are told of, as data: limits per team and per queue, and how a drop is found.

The rules that Prometheus evaluates (dashboards/alerts.py) and the replay that measures them
(benchmarks/alerts) are both made from this.
"""

from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta

Share = Annotated[float, Meta(gt=0, lt=1)]
Seconds = Annotated[float, Meta(gt=0, le=7 * 86_400)]


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A live window holds less than `share` of what is expected of it now.

    `is_sure`: and less than the lower bound, so that it is no chance either.
    """

    window: str
    share: float
    is_sure: bool = True


_SHORTER = 0.1
"""A short window must have fallen further: it is there to tell that the drop still lasts."""


class Drop(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """When a team's activity counts as dropped."""

    share: Share = 0.75
    """Under this share of what is expected."""
    for_seconds: Annotated[float, Meta(ge=0, le=3600)] = 120
    """It must last so long before anybody is told."""
    keep_seconds: Annotated[float, Meta(ge=0, le=3600)] = 600
    """It must be over for so long before it counts as over: a drop comes and goes at its edges."""

    @property
    def shortfalls(self) -> tuple[tuple[Shortfall, ...], ...]:
        """Any of these, of which all must hold.

        The first finds a drop of a busy team within minutes. The second finds that of a team of
        which so little is expected in a quarter of an hour that nothing might be chance.
        """
        return (
            (Shortfall("5m", self.share - _SHORTER), Shortfall("15m", self.share)),
            (Shortfall("15m", self.share, is_sure=False), Shortfall("1h", self.share)),
        )
