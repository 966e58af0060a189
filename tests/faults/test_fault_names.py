"""Row 13: a source that makes up a hundred thousand names."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from schemas import events as e
from schemas.events import Event
from tests.faults.plugin import Figures
from tests.faults.watching import memory_bytes
from tests.integration.pipeline import Pipeline

Now = Callable[[], float]


def _run(pipeline: Pipeline, at: float, count: int, figures: Figures) -> None:
    worker = pipeline.start_worker()
    before_bytes = memory_bytes(worker)
    pipeline.publish(
        Event(
            str(number),
            "/crm/wild",
            f"a{number}",
            "activity.logged",
            at,
            e.ActivityLogged(f"rep-{number}", f"kind-{number}"),
        )
        for number in range(count)
    )
    pipeline.wait_until_consumed(count, 300)
    samples = worker.samples()
    named = [one for one in samples if one.name == "ringside_source_unknown_names"]
    grown_bytes = memory_bytes(worker) - before_bytes
    figures(series=len(samples), names=count, memory_grew_mb=round(grown_bytes / 2**20, 1))
    assert len(samples) < 5000
    assert grown_bytes < 4000 * count + 100 * 2**20
    assert [(one.labels["source"], one.value) for one in named] == [("/crm/wild", 2 * count)]
    assert worker.total("ringside_activities_logged", window="1h") == count, "nothing is lost"
    assert worker.total("ringside_activities_logged", window="1h", kind="other") >= count - 200


@pytest.mark.fault(row=13)
def test_a_hundred_thousand_names_of_one_source_are_a_few_series_and_name_it(
    pipeline: Pipeline, now: Now, figures: Figures
) -> None:
    _run(pipeline, now() - 60, 100_000, figures)


@pytest.mark.fault(row=13, quick=True, short=True)
@pytest.mark.fails_without("bounding series", found="< 5000", quick=True)
def test_two_thousand_names_of_one_source_are_a_few_series_and_name_it(
    pipeline: Pipeline, now: Now, figures: Figures
) -> None:
    _run(pipeline, now() - 60, 2_000, figures)
