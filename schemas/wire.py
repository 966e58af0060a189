"""The envelopes of events on the wire, and reading them in both of CloudEvents' modes."""

import re
from typing import Annotated, Any, Union

import msgspec
from msgspec import Meta

from schemas.erasures import ErasureWire
from schemas.events import TYPES, Fact, Instant, Name, StageEntry
from schemas.messages import Headers, Reason, Rejected

_Source = Annotated[str, Meta(min_length=1, max_length=256)]
_Sequence = Annotated[str, Meta(max_length=64)] | Annotated[int, Meta(ge=0, le=2**63 - 1)]


def _wire_type(type_: str, data: type[Fact]) -> type[msgspec.Struct]:
    """Return the structured-mode envelope of one event type.

    Extension attributes are allowed, as CloudEvents demands. Of them `sequence` and `causationid`
    are looked at.
    """
    return msgspec.defstruct(
        "".join(part.title() for part in type_.replace("_", ".").split(".")),
        [
            *(("id", Name), ("source", _Source), ("subject", Name), ("time", Instant)),
            ("data", data),
            ("sequence", _Sequence | None, None),
            ("causationid", Name | None, None),
        ],
        tag_field="type",
        tag=type_,
        frozen=True,
        gc=False,
    )


WIRE_TYPES = {type_: _wire_type(type_, data) for type_, data in TYPES.items()}
structured = msgspec.json.Decoder(Union[(*WIRE_TYPES.values(), ErasureWire)])
_binary: dict[str, msgspec.json.Decoder[Fact]] = {
    type_: msgspec.json.Decoder(data) for type_, data in TYPES.items()
}
_instant = msgspec.json.Decoder(Instant)
_encode = msgspec.json.Encoder().encode
_SEQUENCE_DIGITS = 20


_KNOWN_FIELDS = {field for wire in WIRE_TYPES.values() for field in wire.__struct_fields__} | {
    "type",
    *StageEntry.__struct_fields__,
    *(field for data in TYPES.values() for field in data.__struct_fields__),
}


def canonical_sequence(sequence: str | int) -> str:
    """Return a CloudEvents `sequence` as a text that sorts as it should: 9 before 10.

    A number is padded with zeros to twenty digits; any other text is returned unchanged.
    """
    text = str(sequence)
    return text.zfill(_SEQUENCE_DIGITS) if text.isascii() and text.isdecimal() else text


def parse(value: bytes, headers: Headers) -> Any:  # noqa: ANN401 - one of WIRE_TYPES, or Rejected
    """Parse either mode. Raises msgspec's errors."""
    attributes = {name: text for name, text in headers if name.startswith("ce_") and text}
    if "ce_type" not in attributes:
        return structured.decode(value)
    return _parse_binary(value, attributes)


def _parse_binary(value: bytes, attributes: dict[str, bytes]) -> Any:  # noqa: ANN401 - as parse
    """Parse binary mode: build the envelope from headers. Raises msgspec's errors."""
    text = {name[3:]: raw.decode() for name, raw in attributes.items()}
    type_ = text["type"]
    decoder = _binary.get(type_)
    if decoder is None:
        return Rejected(Reason.UNKNOWN_TYPE, "$.type")
    try:
        data = decoder.decode(value)
    except msgspec.ValidationError as error:
        return refused(str(error), "$.data")
    try:
        time = _instant.decode(_encode(text.get("time", "")))
    except msgspec.ValidationError:
        return Rejected(Reason.INVALID, "$.time")
    envelope = msgspec.convert(text, _WIRE_ATTRIBUTES)
    return WIRE_TYPES[type_](
        id=envelope.id,
        source=envelope.source,
        subject=envelope.subject,
        time=time,
        data=data,
        sequence=envelope.sequence,
        causationid=envelope.causationid,
    )


class _WIRE_ATTRIBUTES(msgspec.Struct, frozen=True):  # noqa: N801 - private, reads as a constant
    id: Name
    source: _Source
    subject: Name
    sequence: Annotated[str, Meta(max_length=64)] | None = None
    causationid: Name | None = None


_POSITION = re.compile(r"\[(\d{1,3}|\.\.\.)\]")


def refused(error: str, root: str = "$") -> Rejected:
    """Name the place that msgspec's error names, and nothing of the value."""
    # msgspec quotes unknown fields and tags before the path, which comes last: a field may be
    # called "+84901234567", or even "x - at `$.84901234567". Only names of our own are repeated.
    path = error.rpartition(" - at `")[2].removesuffix("`") if error.endswith("`") else "$"
    first, *names = _POSITION.sub("", path).split(".")
    where = path if first == "$" and _KNOWN_FIELDS.issuperset(names) else "$"
    unknown = where == "$.type" and "nvalid value" in error
    return Rejected(Reason.UNKNOWN_TYPE if unknown else Reason.INVALID, root + where[1:])
