"""Every generated file, and how the ones on disk differ from it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dashboards.alerts import alert_rules
from dashboards.boards import boards
from dashboards.page import page
from dashboards.rules import recording_rules
from dashboards.views import views_sql
from schemas.alerting import Rules

ROOT = Path(__file__).resolve().parents[1]
"""The folder that holds `dashboards/`, `agents/` and `docs/`."""

BOARDS_FOLDER = "dashboards/generated/boards"


def files() -> dict[str, str]:
    """Return the text of every generated file by its path under ROOT. The same every time."""
    return {
        **{f"{BOARDS_FOLDER}/{name}.json": text for name, text in boards().items()},
        "dashboards/generated/rules/recording.yml": recording_rules(),
        "dashboards/generated/rules/alerts.yml": alert_rules(Rules()),
        "agents/sql/views.sql": views_sql(),
        "docs/KPIS.md": page(),
    }


@dataclass(frozen=True, slots=True)
class Difference:
    """A file that is not as it should be."""

    path: str
    what: str
    """`missing`, `changed`, or `left over` (no longer generated)."""


def differences(root: Path) -> list[Difference]:
    """Return how the files under *root* differ from what would be generated now."""
    wanted = files()
    found = []
    for path, text in wanted.items():
        file = root / path
        if not file.is_file():
            found.append(Difference(path, "missing"))
        elif file.read_text("utf-8") != text:
            found.append(Difference(path, "changed"))
    return [*found, *(Difference(path, "left over") for path in _left_over(root, set(wanted)))]


def write(root: Path) -> list[Difference]:
    """Bring the files under *root* up to date; return what was not.

    Raises:
        OSError: a file or folder cannot be written.
    """
    wanted = files()
    stale = differences(root)
    for each in stale:
        file = root / each.path
        if each.what == "left over":
            file.unlink()
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(wanted[each.path], "utf-8")
    return stale


def _left_over(root: Path, wanted: set[str]) -> Iterator[str]:
    """Find boards that are no longer made: Grafana would go on showing them."""
    for file in sorted((root / BOARDS_FOLDER).glob("*.json")):
        path = f"{BOARDS_FOLDER}/{file.name}"
        if path not in wanted:
            yield path
