"""YAML files that become structs: read with errors that say where, and written again."""

from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

from agents.errors import InputError, RosterError

T = TypeVar("T")

_EMPTY_BY_DEFAULT = {"from", "title", "stalled_after_days", "names", "won", "lost", "holidays"}


class _Loader(yaml.SafeLoader):
    """YAML in which only null is not text: an id may be 007, 1e3 or no, a date stays as written."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag == "tag:yaml.org,2002:null"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_text(file: Path) -> str:
    """Return what is in *file*; raises InputError if it cannot be read."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(f"{file} cannot be read: {why}") from None


def load(text: str, loader: type[yaml.BaseLoader | yaml.SafeLoader], *, name: str) -> Any:  # noqa: ANN401 - whatever YAML can hold
    """Return what *loader* makes of *text*; *name* goes into errors.

    Raises:
        InputError: it is not YAML; says where.
    """
    try:
        return loader(text).get_single_data()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f" line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
        raise InputError(f"{name}{place}: this is not YAML: {error.problem}") from None
    except (yaml.YAMLError, RecursionError) as error:
        raise InputError(f"{name}: this is not YAML: {error}".splitlines()[0]) from None


def parse(text: str, type_: type[T], *, name: str, what: str) -> T:
    """Return *text* as a *type_*, types checked but not rules; *name* and *what* go into errors.

    Raises:
        InputError: it is not YAML.
        RosterError: it is empty, or is not *what* it should be.
    """
    # A loader of our own: `yaml.safe_load` cannot be told to leave text alone.
    tree = load(text, _Loader, name=name)
    if tree is None:
        raise RosterError(f"{name} is empty; see docs/examples/{what}.yaml for what goes in it")
    try:
        return msgspec.convert(tree, type_, strict=False)
    except msgspec.ValidationError as error:
        raise RosterError(
            f"{name} is not a valid {what} file: {_words(str(error), tree)}"
        ) from None


def dump(value: msgspec.Struct) -> str:
    """Return *value* as YAML that `parse` takes."""
    tree = msgspec.to_builtins(value)
    return yaml.safe_dump(_plain(tree), sort_keys=False, allow_unicode=True, width=100)


def _plain(tree: Any) -> Any:  # noqa: ANN401 - whatever YAML can hold
    """Return *tree* with lists for tuples and without what goes without saying."""
    if isinstance(tree, dict):
        return {
            key: _plain(value)
            for key, value in tree.items()
            if value or key not in _EMPTY_BY_DEFAULT
        }
    return [_plain(value) for value in tree] if isinstance(tree, (list, tuple)) else tree


def _words(error: str, tree: Any) -> str:  # noqa: ANN401 - whatever YAML can hold
    """Return msgspec's error with the place first, and the id of the entry it is in."""
    what, _, path = error.partition(" - at `")
    place = path.rstrip("`").removeprefix("$.") or "the file"
    kind, _, rest = place.partition("[")
    number = rest.partition("]")[0]
    name = ""
    if number.isdecimal() and isinstance(tree, dict):
        entry = tree[kind][int(number)]
        name = f" ({entry['id']})" if isinstance(entry, dict) and "id" in entry else ""
    return f"{place}{name}: {what[:1].lower()}{what[1:]}"
