"""How far a long command is: a bar on a terminal, a line every few seconds elsewhere."""

from types import TracebackType
from typing import Self

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from agents import clock
from agents.cli.context import err

_LINE_SECONDS = 5.0
_BAR_SECONDS = 0.1


class Counting:
    """Shows how many of something are done, and how fast. Cheap to call for each of them.

    `total` is what `done` counts up to, in any unit (bytes of a file); None: nobody knows.
    """

    def __init__(
        self, what: str, *, total: float | None = None, monotonic: clock.Clock = clock.monotonic
    ) -> None:
        self._what = what
        self._console = err()
        self._monotonic = monotonic
        self._started_at = self._shown_at = monotonic()
        self._count = 0
        columns = [TextColumn("{task.description}"), BarColumn(), TaskProgressColumn()]
        self._bar: Progress | None = None
        if self._console.is_terminal:
            self._bar = Progress(*columns, TimeElapsedColumn(), console=self._console)
            self._task = self._bar.add_task(what, total=total)

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def advance(self, count: int, done: float = 0) -> None:
        """Say that *count* are done by now, and how much of the total that is."""
        self._count = count
        now = self._monotonic()
        if now - self._shown_at < (_LINE_SECONDS if self._bar is None else _BAR_SECONDS):
            return
        self._shown_at = now
        if self._bar is None:
            self._console.print(self.text())
        else:
            self._bar.update(self._task, completed=done, description=self.text())

    def text(self) -> str:
        """Return the count and its rate in words."""
        seconds = max(self._monotonic() - self._started_at, 1e-9)
        return f"{self._count:,} {self._what}, {self._count / seconds:,.0f} a second"
