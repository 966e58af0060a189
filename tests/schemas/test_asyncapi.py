"""The published contract is the one that the codec keeps."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from schemas import asyncapi
from schemas.codec import Message, Rejected, decode
from schemas.customers import Tokeniser
from schemas.events import TYPES, Event
from schemas.topics import SOURCES, TOPIC_OF_TYPE

DOCS = Path(__file__).parent.parent.parent / "docs"
NOW_AT = datetime(2026, 9, 1, 10, tzinfo=UTC).timestamp()
DOCUMENT: dict[str, Any] = asyncapi.document()


def read(wire: dict[str, Any], type_: str | None = None) -> Event | Rejected:
    """Decode *wire* as on the topic and under the key of a good event of its type."""
    good = asyncapi.example(type_ or wire["type"])
    key = good["subject"].encode()
    message = Message(TOPIC_OF_TYPE[good["type"]], key, json.dumps(wire).encode())
    return decode(message, now=NOW_AT, tokeniser=Tokeniser(b"a key of sixteen"))


@pytest.mark.parametrize("name", ["asyncapi.json", "events.md"])
def test_the_committed_files_are_what_the_types_say(name: str, tmp_path: Path) -> None:
    asyncapi.write(tmp_path)
    written = (tmp_path / name).read_text("utf-8")
    committed = (DOCS / name).read_text("utf-8")
    assert committed == written, "run `python -m schemas.asyncapi` and commit what it wrote"


def test_every_example_on_the_page_is_an_event_that_is_accepted() -> None:
    page = (DOCS / "events.md").read_text("utf-8")
    blocks = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", page, re.DOTALL)]
    outcomes = [read(wire) for wire in blocks]
    assert [one for one in outcomes if isinstance(one, Rejected)] == []
    assert [one.type for one in outcomes if isinstance(one, Event)] == list(TYPES)


@pytest.mark.parametrize("type_", TYPES)
def test_an_example_shows_every_field(type_: str) -> None:
    event = read(asyncapi.example(type_))
    assert isinstance(event, Event)
    assert None not in msgspec.structs.astuple(event.data)


@pytest.mark.parametrize("type_", TYPES)
def test_the_schema_has_the_fields_of_the_type_and_no_others(type_: str) -> None:
    schema = DOCUMENT["components"]["schemas"][TYPES[type_].__name__]
    fields = msgspec.structs.fields(TYPES[type_])
    assert list(schema["properties"]) == [field.name for field in fields]
    assert schema["required"] == [field.name for field in fields if field.required]
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize("type_", TYPES)
def test_what_the_schema_demands_the_codec_demands(type_: str) -> None:
    envelope = DOCUMENT["components"]["messages"][type_]["payload"]
    for name in envelope["required"]:
        wire = asyncapi.example(type_)
        del wire[name]
        # The version of CloudEvents is asked for, as they do, and not insisted on.
        assert isinstance(read(wire, type_), Rejected) == (name != "specversion"), name
    data = DOCUMENT["components"]["schemas"][TYPES[type_].__name__]
    for name, field in data["properties"].items():
        for wrong in (*_out_of_bounds(field), {}):
            wire = asyncapi.example(type_)
            wire["data"][name] = wrong
            assert isinstance(read(wire), Rejected), (name, wrong)


def _out_of_bounds(field: dict[str, Any]) -> Iterator[Any]:
    field = field["anyOf"][0] if "anyOf" in field else field
    if "maximum" in field:
        yield from (field["maximum"] + 1, field["minimum"] - 1)
    if "maxLength" in field:
        yield from ("x" * (field["maxLength"] + 1), "")
    if "enum" in field:
        yield "something else"


def test_every_reference_leads_somewhere() -> None:
    for reference in re.findall(r'"\$ref": "([^"]+)"', json.dumps(DOCUMENT)):
        found = DOCUMENT
        root, *path = reference.split("/")
        assert root == "#"
        for part in path:
            found = found[part]


def test_every_source_topic_is_a_channel_with_its_types() -> None:
    addresses = {channel["address"] for channel in DOCUMENT["channels"].values()}
    assert addresses == {topic.name for topic in SOURCES}
    for channel in DOCUMENT["channels"].values():
        types = {type_ for type_, topic in TOPIC_OF_TYPE.items() if topic == channel["address"]}
        assert set(channel["messages"]) == types
    assert set(DOCUMENT["components"]["messages"]) == set(TYPES)


def test_names_are_ones_that_asyncapi_allows() -> None:
    for part in ("messages", "schemas"):
        assert all(re.fullmatch(r"[\w.\-]+", name) for name in DOCUMENT["components"][part])
