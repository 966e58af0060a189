"""Pipelines: through which stages a deal goes, in their order, and where it ends.

Each entry is a version of a pipeline, dated like the roster's: `from` is the first instant at which
it holds (inclusive; left out: always), and it holds until the next entry of the same id.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from schemas.events import Name
from schemas.roster import Entry

WON = "won"
LOST = "lost"
ENDS = (WON, LOST)
"""Ids of the ends, which no stage may have."""

_MAX_STAGES = 64


class Stage(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One stage. Its `id` never changes; what events call it (`names`) may, from time to time."""

    id: Name
    title: Name | None = None
    """What people call it; left out: its id."""
    names: tuple[Name, ...] = ()
    """What events call it, beside its id."""
    stalled_after_days: Annotated[float, Meta(gt=0, le=3650)] | None = None
    """A deal that is in it longer is stalled; left out: longer than nine of ten were before."""


class Pipeline(Entry, frozen=True, kw_only=True):
    """One version of a pipeline: its stages in the order in which a deal should pass them."""

    title: Name | None = None
    names: tuple[Name, ...] = ()
    """What events call the pipeline, beside its id."""
    zone: Name = "UTC"
    """IANA time zone in which the days of its deals are cut."""
    stages: Annotated[tuple[Stage, ...], Meta(min_length=1, max_length=_MAX_STAGES)]
    won: tuple[Name, ...] = ()
    """Stages of the source that mean: won. `deal.won` means it anyway."""
    lost: tuple[Name, ...] = ()


class Pipelines(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All pipelines, as in the file that `ringside pipelines apply` reads."""

    pipelines: tuple[Pipeline, ...] = ()
