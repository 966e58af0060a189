"""Pipelines: which stage a name stands for, version by version, and what a file may not say."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from schemas.pipelines import Pipeline, Pipelines
from streams.pipeline_rules import difference, validate
from streams.pipelines import EMPTY, END_POSITION, PipelineIndex, Version

MAY, JULY = (datetime(2026, month, 1, tzinfo=UTC).timestamp() for month in (5, 7))


def pipelines(*entries: dict[str, Any]) -> Pipelines:
    return msgspec.convert({"pipelines": entries}, Pipelines)


def entry(*stages: str | dict[str, Any], **rest: Any) -> dict[str, Any]:  # noqa: ANN401 - as in YAML
    told = [{"id": stage} if isinstance(stage, str) else stage for stage in stages]
    return {"id": "sales", "stages": told, **rest}


def index(*entries: dict[str, Any]) -> PipelineIndex:
    found = pipelines(*entries)
    assert validate(found) == []
    return PipelineIndex(found)


def places(version: Version) -> dict[str, tuple[float, str]]:
    return {stage: (step.position, step.next) for stage, step in version.steps.items()}


def test_stages_stand_in_their_order_and_the_last_one_leads_to_won() -> None:
    version = index(entry("new", "offer")).version("sales", JULY)
    assert places(version) == {"new": (1, "offer"), "offer": (2, "won")}
    assert version.position("won") == version.position("lost") == END_POSITION
    assert version.position("unknown") is None


def test_a_name_stands_for_its_stage_and_an_end() -> None:
    stages = ({"id": "new", "names": ["Lead", "New"]}, "offer")
    found = index(entry(*stages, names=["default"], won=["Closed won"], lost=["Closed lost"]))
    names = ("new", "Lead", "New", "Closed won", "Closed lost", "nonsense")
    resolved = [found.version("default", JULY).resolve(name) for name in names]
    assert resolved == ["new", "new", "new", "won", "lost", "unknown"]


def test_a_pipeline_that_no_file_has_is_unknown_and_so_are_its_stages() -> None:
    version = EMPTY.version("sales", JULY)
    assert (version.pipeline, version.resolve("new"), version.zone) == ("unknown", "unknown", "UTC")


def test_a_stage_that_is_put_in_later_stands_between_its_neighbours_before_that() -> None:
    found = index(
        entry("new", "offer", zone="Asia/Seoul"),
        entry("new", "demo", "trial", "offer", zone="Asia/Seoul", **{"from": "2026-07-01"}),
    )
    before, after = found.version("sales", MAY), found.version("sales", JULY)
    assert places(before) == {
        "new": (1, "offer"),
        "offer": (2, "won"),
        "demo": (1.5, "offer"),
        "trial": (1.75, "offer"),
    }
    assert before.stages == ("new", "offer")
    assert places(after)["demo"] == (2, "trial")
    # The first of July begins in Seoul at 15:00 UTC on the day before.
    assert after.start_at == before.end_at == JULY - 9 * 3600


def test_a_stage_that_is_taken_out_can_still_be_followed() -> None:
    found = index(entry("new", "demo", "offer"), entry("new", "offer", **{"from": "2026-07-01"}))
    assert places(found.version("sales", JULY))["demo"] == (1.5, "offer")


def test_a_stage_renamed_keeps_its_id_and_the_old_name_may_go_to_another() -> None:
    found = index(
        entry({"id": "demo", "names": ["Trial"]}),
        entry({"id": "demo", "names": ["Demo"]}, {"id": "pilot", "names": ["Trial"]})
        | {"from": "2026-07-01"},
    )
    before, after = found.version("sales", MAY), found.version("sales", JULY)
    assert (before.resolve("Trial"), before.resolve("Demo")) == ("demo", "demo")
    assert (after.resolve("Trial"), after.resolve("Demo")) == ("pilot", "demo")


@pytest.mark.parametrize(
    ("entries", "complaint"),
    [
        ([entry("new", "new")], "'new' stands for more than one stage"),
        ([entry({"id": "a", "names": ["x"]}, "b", won=["x"])], "'x' stands for more than one"),
        ([entry("won")], "a stage cannot be called won"),
        ([entry("unknown")], "a stage cannot be called unknown"),
        ([entry("a", zone="Mars/Base")], "there is no time zone 'Mars/Base'"),
        ([entry("a\n")], "has a control character"),
        ([entry("a", **{"from": "2026-07-01"})], "leave `from` out of its first entry"),
        ([entry("a"), entry("b")], "two entries with the same `from`"),
        ([entry("a"), entry("b", **{"from": "2026-02-30"})], "no such day"),
        ([entry("a", names=["s"]), entry("b", names=["s"]) | {"id": "t"}], "claimed by pipelines"),
    ],
)
def test_what_is_wrong_is_said(entries: list[dict[str, Any]], complaint: str) -> None:
    (said,) = validate(pipelines(*entries))
    assert complaint in said


def test_a_difference_is_told_in_words() -> None:
    old = pipelines(entry("new", "offer"), entry("a") | {"id": "gone"})
    new = pipelines(
        entry("new", {"id": "demo", "names": ["Demo"]}, "offer"), entry("b") | {"id": "c"}
    )
    assert difference(old, new) == [
        "+ pipeline c: b; zone UTC",
        "- pipeline gone: was a; zone UTC",
        "~ pipeline sales: new > demo (names Demo) > offer; zone UTC (was: new > offer; zone UTC)",
    ]
    assert difference(new, new) == []


def test_a_pipeline_without_a_stage_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"id": "sales", "stages": []}, Pipeline)
