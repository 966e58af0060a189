"""Pipelines as columns of their tables, and the names that events have and no pipeline knows."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from agents.postgres.connection import Connection
from agents.postgres.scripts import script
from schemas.pipelines import Pipelines
from streams.pipelines import PipelineIndex, Version

Columns = list[list[Any]]


class UnknownStage(NamedTuple):
    """A pipeline (`name` "") or a stage that no file has, and when a deal was said to be in it."""

    pipeline: str
    name: str
    deals: int
    since: datetime
    until: datetime


async def unknown_stages(connection: Connection, *, since_at: float) -> list[UnknownStage]:
    """Return at most 1,000, the commonest first, of deals of which something was heard since."""
    since = datetime.fromtimestamp(since_at, UTC)
    rows = await connection.fetch(script("unknown_stages.sql"), since)
    return [UnknownStage(*row) for row in rows]


def pipeline_columns(pipelines: Pipelines) -> dict[str, Columns]:
    """Return the columns of each table of pipelines. Pure."""
    index = PipelineIndex(pipelines)
    names = index.names()
    titles, stage_titles = _titles(pipelines)
    versions = [version for line in index.versions.values() for version in line.values]
    steps = [(version, step) for version in versions for step in version.steps.values()]
    named = [(version, *pair) for version in versions for pair in version.stage_of.items()]
    return {
        "pipeline_name": [list(names), list(names.values())],
        "pipeline_version": [
            *_version_columns(versions),
            [titles[version.pipeline] for version in versions],
            [version.zone for version in versions],
        ],
        "pipeline_stage": [
            *_version_columns([version for version, _ in steps]),
            [step.stage for _, step in steps],
            [stage_titles[version.pipeline, step.stage] for version, step in steps],
            [step.position for _, step in steps],
            [step.stage in version.stages for version, step in steps],
            [step.next for _, step in steps],
            [step.next_position for _, step in steps],
            [step.stalled_after_days for _, step in steps],
        ],
        "pipeline_stage_name": [
            *_version_columns([version for version, _, _ in named]),
            [name for _, name, _ in named],
            [stage for _, _, stage in named],
        ],
    }


def _titles(pipelines: Pipelines) -> tuple[dict[str, str], dict[tuple[str, str], str]]:
    """Return what people call pipelines and stages: as the newest version has it."""
    entries = sorted(pipelines.pipelines, key=lambda entry: entry.since or "")
    of_pipelines = {entry.id: entry.title or entry.id for entry in entries}
    of_stages = {
        (entry.id, stage.id): stage.title or stage.id for entry in entries for stage in entry.stages
    }
    return of_pipelines, of_stages


def _version_columns(versions: Sequence[Version]) -> Columns:
    return [
        [version.pipeline for version in versions],
        [version.start_at for version in versions],
        [version.end_at for version in versions],
    ]
