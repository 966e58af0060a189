"""What `roster show` and `pipelines show` print can be applied again; what is empty is left out."""

from pathlib import Path

import msgspec
import pytest

from agents import yamlfile
from schemas.pipelines import Pipelines
from schemas.roster import Roster

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
FILES = [
    ("roster", Roster, "roster.yaml"),
    ("roster", Roster, "simulated-roster.yaml"),
    ("pipelines", Pipelines, "pipelines.yaml"),
]


@pytest.mark.parametrize(("what", "type_", "file"), FILES)
def test_what_is_shown_is_what_was_applied(
    what: str, type_: type[msgspec.Struct], file: str
) -> None:
    applied = yamlfile.parse((EXAMPLES / file).read_text("utf-8"), type_, name=file, what=what)
    shown = yamlfile.dump(applied)
    assert yamlfile.parse(shown, type_, name="shown", what=what) == applied


def test_what_is_empty_unless_said_is_not_shown() -> None:
    text = "pipelines:\n- {id: sales, stages: [{id: new}]}\n"
    shown = yamlfile.dump(yamlfile.parse(text, Pipelines, name="x", what="pipelines"))
    assert shown == "pipelines:\n- id: sales\n  zone: UTC\n  stages:\n  - id: new\n"
