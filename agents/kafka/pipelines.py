"""Pipelines on the roster's compacted topic: one message per pipeline, holding its dated history.

They share the topic, so that a worker has to follow one thing, and the database one version of it;
they have a file of their own, since who keeps the pipelines is seldom who keeps the roster.
"""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from agents import log, yamlfile
from agents.errors import RosterError
from schemas.pipelines import Pipeline, Pipelines
from streams.pipeline_rules import validate
from streams.roster import since_at

_log = log.get(__name__)
_PREFIX = "pipeline/"
_history = msgspec.json.Decoder(tuple[Pipeline, ...])


def read_file(file: Path) -> Pipelines:
    """Return the pipelines in *file*, checked.

    Raises:
        InputError: it cannot be read, or is no YAML.
        RosterError: it holds no pipelines, or breaks a rule; names all that is wrong.
    """
    text = yamlfile.read_text(file)
    pipelines = yamlfile.parse(text, Pipelines, name=str(file), what="pipelines")
    complaints = validate(pipelines)
    if complaints:
        lines = "\n".join(f"  {complaint}" for complaint in complaints)
        raise RosterError(f"{file} is not right, because\n{lines}")
    return pipelines


def is_key(key: str) -> bool:
    """Whether a message of the roster's topic is about a pipeline."""
    return key.startswith(_PREFIX)


def to_values(pipelines: Pipelines) -> dict[str, bytes]:
    """Return key and value of each pipeline's message. Equal pipelines give equal bytes."""
    histories: dict[str, list[Pipeline]] = {}
    for entry in sorted(pipelines.pipelines, key=lambda entry: entry.since or ""):
        histories.setdefault(f"{_PREFIX}{entry.id}", []).append(entry)
    return {key: msgspec.json.encode(history) for key, history in histories.items()}


def to_pipelines(values: Mapping[str, bytes]) -> Pipelines:
    """Return what such messages hold; what cannot be read is logged and left out."""
    entries: list[Pipeline] = []
    for key, value in values.items():
        if not is_key(key):
            continue
        try:
            history = _history.decode(value)
            for entry in history:
                since_at(entry.since, "UTC")
        except (msgspec.MsgspecError, ValueError):
            _log.warning("unreadable pipeline left out", key=key)
            continue
        entries += [entry for entry in history if key == f"{_PREFIX}{entry.id}"]
    return Pipelines(pipelines=tuple(entries))
