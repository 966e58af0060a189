"""Random events of every type, made from the types themselves."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import msgspec
from hypothesis import strategies as st
from msgspec.inspect import Field, FloatType, IntType, LiteralType, StrType, UnionType, type_info

from schemas.events import TYPES, AnyFact, DealImported, Event, Fact, PbxCounters, StageEntry
from schemas.topics import TOPIC_OF_TYPE

NOW_AT = datetime(2026, 9, 1, 10, tzinfo=UTC).timestamp()

_printable = st.characters(codec="utf-8", exclude_categories=("C", "Z"))
names = st.text(_printable, min_size=1, max_size=128)
# Whole milliseconds: what sources send. Finer than a microsecond cannot be told in JSON.
instants = st.integers(0, 86_400_000).map(lambda ms: NOW_AT - 86_400 + ms / 1000)


def _datetime(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


_OF_TYPE: Mapping[type, Callable[[Any], st.SearchStrategy[Any]]] = {
    StrType: lambda info: names if info.pattern is None else st.sampled_from(["USD", "KRW"]),
    FloatType: lambda info: st.floats(info.ge, info.le),
    IntType: lambda info: st.integers(info.ge, info.le),
    LiteralType: lambda info: st.sampled_from(info.values),
}


def _values(field: Field, at: float) -> st.SearchStrategy[Any]:
    info = field.type
    if isinstance(info, UnionType):  # optional
        info = next(one for one in info.types if one != type_info(None))
    if isinstance(info, msgspec.inspect.DateTimeType):
        values: st.SearchStrategy[Any] = st.integers(0, 86_400).map(
            lambda seconds: _datetime(at) - timedelta(seconds=seconds)
        )
    else:
        values = _OF_TYPE[type(info)](info)
    return values if field.required else st.one_of(st.just(field.default), values)


@st.composite
def _imported(draw: st.DrawFn, at: float) -> DealImported:
    """A history in order: some instants before *at*, sorted."""
    count = draw(st.integers(0, 3))
    before = st.integers(0, 400 * 86_400)
    instants = [
        _datetime(at - seconds)
        for seconds in sorted(
            draw(st.lists(before, min_size=count + 3, max_size=count + 3)), reverse=True
        )
    ]
    created_at, *moved_at, ended_at, as_of = instants
    outcome = draw(st.sampled_from((None, "won", "lost")))
    amount = draw(st.none() | st.integers(0, 10**15))
    return DealImported(
        as_of=as_of,
        created_at=created_at,
        rep=draw(names),
        pipeline=draw(names),
        stage=draw(names),
        moves=tuple(StageEntry(moved, draw(names)) for moved in moved_at),
        outcome=outcome,
        ended_at=ended_at if outcome else None,
        reason=draw(st.none() | names) if outcome == "lost" else None,
        amount_minor=amount,
        currency=None if amount is None else "USD",
        customer=draw(st.none() | names),
        segment=draw(st.none() | names),
    )


def facts(data: type[Fact], at: float) -> st.SearchStrategy[Fact]:
    if data is DealImported:
        return _imported(at)
    info = type_info(data)
    assert isinstance(info, msgspec.inspect.StructType)
    fields = {field.name: _values(field, at) for field in info.fields}
    if data is PbxCounters:  # an interval begins before it ends; the fields' own are of a day
        fields["from_at"] = st.integers(86_401, 200_000).map(lambda ago: _datetime(at - ago))
    return st.builds(data, **fields)


@st.composite
def events(draw: st.DrawFn, types: tuple[str, ...] = tuple(TYPES)) -> Event:
    type_ = draw(st.sampled_from(types))
    at = draw(instants)
    data = cast("AnyFact", draw(facts(TYPES[type_], at)))
    cause = draw(names if type_.endswith("retracted") else st.none() | names)
    return Event(draw(names), draw(names), draw(names), type_, at, data, causation_id=cause)


def topic_of(event: Event) -> str:
    return TOPIC_OF_TYPE[event.type]
