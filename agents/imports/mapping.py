"""The mapping file: what the columns of an export mean. See docs/examples/import-deals.yaml."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec
import yaml
from msgspec import Meta

from agents import yamlfile
from agents.errors import InputError
from schemas.events import Currency, Name
from streams.zones import is_zone

Column = Annotated[str, Meta(min_length=1, max_length=256)]


class Columns(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which column of the file holds what; what the file does not have is left out."""

    deal: Column
    rep: Column
    stage: Column
    """What the CRM calls it; `stages` says which stage, or which end, that is."""
    created_at: Column | None = None
    ended_at: Column | None = None
    amount: Column | None = None
    currency: Column | None = None
    pipeline: Column | None = None
    customer: Column | None = None
    segment: Column | None = None
    reason: Column | None = None
    changed_at: Column | None = None
    """In a file with a row for each change of a deal: when it came to the stage."""


class Meaning(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one value of the stage column means: a stage, an end, or the stage it ended in."""

    stage: Name | None = None
    outcome: Literal["won", "lost"] | None = None


class Mapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mapping file. Times without an offset are in `zone`; a date without a time is midnight."""

    source: Annotated[str, Meta(min_length=1, max_length=256)]
    """The CloudEvents source of what is sent."""
    columns: Columns
    stages: dict[str, Name | Meaning]
    """Each value of the stage column. A value that is not here is refused, so none is guessed."""
    pipeline: Name | None = None
    currency: Currency | None = None
    zone: str = "UTC"
    dates: str | None = None
    """As in Python's strptime, e.g. `%m/%d/%Y`; left out, they are ISO 8601."""
    delimiter: Annotated[str, Meta(min_length=1, max_length=1)] = ","
    encoding: str = "utf-8-sig"
    decimal_mark: Literal[".", ","] = "."
    entered: dict[Name, Column] = {}
    """Stages with a column of their own that says when the deal came there."""
    created_at_missing: Literal["refuse", "export"] = "refuse"
    """What to do with an open deal of unknown age: refuse it, or count it from the export on."""

    @property
    def tz(self) -> ZoneInfo:
        """The zone of dates and times that do not say."""
        return ZoneInfo(self.zone)

    @property
    def used(self) -> tuple[str, ...]:
        """Every column that the file must have."""
        columns = (getattr(self.columns, name) for name in self.columns.__struct_fields__)
        return (*(column for column in columns if column is not None), *self.entered.values())

    def meaning(self, value: str) -> Meaning | None:
        """Return what a value of the stage column means; None if the mapping does not say."""
        found = self.stages.get(value)
        return Meaning(found) if isinstance(found, str) else found


def read(file: Path) -> Mapping:
    """Return the mapping in *file*, checked.

    Raises:
        InputError: it cannot be read, or is not a valid mapping; says where.
    """
    # BaseLoader, because everything is text: a stage may be called no, or 007.
    tree = yamlfile.load(yamlfile.read_text(file), yaml.BaseLoader, name=str(file))
    try:
        mapping = msgspec.convert(tree, Mapping, strict=False)
    except msgspec.ValidationError as error:
        raise InputError(f"{file} is not a valid mapping of columns: {error}") from None
    complaints = [*_complaints(mapping), *_of_columns(mapping)]
    if complaints:
        lines = "\n".join(f"  {complaint}" for complaint in complaints)
        raise InputError(f"{file} cannot be used, because\n{lines}")
    return mapping


def _complaints(mapping: Mapping) -> Iterator[str]:
    """Yield what is wrong with a mapping that types cannot say."""
    if not is_zone(mapping.zone):
        yield f"zone: there is no time zone {mapping.zone}; use an IANA name as Asia/Seoul"
    for value, meaning in mapping.stages.items():
        if isinstance(meaning, Meaning) and meaning.stage is None and meaning.outcome is None:
            yield f"stages: {value} needs a stage, an outcome, or both"


def _of_columns(mapping: Mapping) -> Iterator[str]:
    columns = mapping.columns
    if (mapping.pipeline is None) == (columns.pipeline is None):
        yield "say either pipeline, of all deals, or columns.pipeline"
    if columns.amount and not (mapping.currency or columns.currency):
        yield "columns.amount needs currency, of all deals, or columns.currency"
    if columns.changed_at is None and columns.created_at is None:
        yield "say columns.created_at, or columns.changed_at if each row is a change of a deal"
    if columns.changed_at and (columns.created_at or columns.ended_at or mapping.entered):
        yield "columns.changed_at says all: leave out created_at, ended_at and entered"
