"""Faults by their row in docs/guarantees.md: which run, with which seed, what they gave.

`make faults` runs all of them, but for the short forms of longer ones. Elsewhere only what is
marked `quick` runs: these short forms, and what is short itself.
"""

from __future__ import annotations

import os
import random
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.faults.proofs import proof_of

_HERE = Path(__file__).parent
_SEED = pytest.StashKey[int]()

Figures = Callable[..., None]
"""Notes figures of a test by name, for the table at the end: `figures(kills=10)`."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--faults", action="store_true", help="run every fault, not only the quick ones"
    )
    parser.addoption(
        "--seed",
        type=int,
        help="of the faults' random moments; default: RINGSIDE_FAULTS_SEED, or fresh",
    )
    parser.addoption("--soak-minutes", default="3", help="how long the soak lasts, by the clock")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "fault(row, quick=False, short=False): a fault, by its row; quick: also within `make test`;"
        " short: the short form of a longer one, so only there",
    )
    given = config.getoption("--seed")
    if given is None and (beside := getattr(config, "workerinput", None)):
        given = beside["faults_seed"]
    if given is None:
        # The place where the run begins; nothing else here looks at the environment.
        given = os.environ.get("RINGSIDE_FAULTS_SEED") or secrets.randbelow(10**6)  # noqa: TID251
    config.stash[_SEED] = int(given)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:  # noqa: ANN401 - pytest-xdist has no types
    """Give the one seed to each of the processes that share the tests."""
    node.workerinput["faults_seed"] = node.config.stash[_SEED]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not quick, and put the rows in their order."""
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker(pytest.mark.integration)
    is_all = config.getoption("--faults")
    out = [item for item in items if (_is_short(item) if is_all else _is_long(item))]
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in out]
    if is_all:
        items.sort(key=lambda item: row_of(item) or 0)


def row_of(item: pytest.Item) -> int | None:
    """Return the row of a fault, None of any other test."""
    marker = item.get_closest_marker("fault")
    return None if marker is None else int(marker.kwargs["row"])


def _is_long(item: pytest.Item) -> bool:
    # A parameter may be marked by itself.
    proof = proof_of(item)
    markers = item.iter_markers("fault") if proof is None else [proof]
    return any(not marker.kwargs.get("quick", False) for marker in markers)


def _is_short(item: pytest.Item) -> bool:
    markers = item.iter_markers("fault")
    return proof_of(item) is None and any(one.kwargs.get("short", False) for one in markers)


@pytest.fixture(scope="session")
def seed(pytestconfig: pytest.Config) -> int:
    """The seed of the run."""
    return pytestconfig.stash[_SEED]


@pytest.fixture
def chance(seed: int, request: pytest.FixtureRequest) -> random.Random:
    """Random numbers of this test's own, the same again with the same seed."""
    return random.Random(f"{seed} {request.node.name}")  # noqa: S311 - a repeatable test


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Figures:
    """Notes figures for the table at the end."""

    def note(**found: object) -> None:
        request.node.user_properties.extend(found.items())

    return note


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> object:
    report: pytest.TestReport = yield
    report.fault_row = row_of(item)
    return report


def pytest_report_header(config: pytest.Config) -> str:
    return f"faults: --seed {config.stash[_SEED]}"


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print a line for each fault: row, result, seconds, what it says, figures; then the sum."""
    lines = sorted(
        _line(result, report)
        for result in ("passed", "failed", "error", "skipped")
        for report in terminalreporter.stats.get(result, [])
        if getattr(report, "fault_row", None) and (report.when == "call" or result != "passed")
    )
    if not lines:
        return
    terminalreporter.section(f"faults, seed {config.stash[_SEED]}")
    for _, line in lines:
        terminalreporter.write_line(line)
    terminalreporter.write_line(_sum(terminalreporter, [row for row, _ in lines]))


def _sum(terminalreporter: pytest.TerminalReporter, rows: list[int]) -> str:
    """Return how many rows and tests there were, what did not pass, and how long it took."""
    reports = [report for some in terminalreporter.stats.values() for report in some]
    of_faults = [report for report in reports if getattr(report, "fault_row", None)]
    minutes = sum(report.duration for report in of_faults) / 60
    failed = sorted({one.fault_row for one in of_faults if one.outcome == "failed"})
    skipped = sorted({one.fault_row for one in of_faults if one.outcome == "skipped"})
    told = [f"{len(set(rows))} rows, {len(rows)} tests, {minutes:.1f} minutes with their servers"]
    told += [f"failed in rows {failed}"] if failed else []
    told += [f"left out in rows {skipped}"] if skipped else []
    return "; ".join(told)


def _line(result: str, report: pytest.TestReport) -> tuple[int, str]:
    row: int = report.fault_row
    name = report.nodeid.rpartition("::")[2].removeprefix("test_").replace("_", " ")
    figures = ", ".join(f"{key.replace('_', ' ')} {told}" for key, told in report.user_properties)
    said = f"{name}: {figures}" if figures else name
    return row, f"row {row:>2}  {result:<7} {report.duration:>6.1f} s  {said}"
