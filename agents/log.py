"""Structured logs to stderr: one line per fact, JSON for machines, colour for people.

No personal data: log entity ids of sources, offsets and counts, never a customer or a message.
"""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog
from structlog.typing import Processor, WrappedLogger

from agents import clock
from agents.clock import Clock
from agents.errors import RingsideError

_SHARED: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    structlog.stdlib.PositionalArgumentsFormatter(),
)

SPARE_SECONDS = 30.0

_NOISY = {
    # Each of these writes a line per partition or per connection at INFO.
    "aiokafka": logging.WARNING,
    "faust": logging.WARNING,
    "mode": logging.WARNING,
    "asyncio": logging.WARNING,
    "alembic": logging.WARNING,
    # Warns of each try; whoever waits for a server says so in a sentence.
    "stamina": logging.ERROR,
    # Warns of every broker that is still starting.
    "librdkafka": logging.ERROR,
}


class Sparing(logging.Filter):
    """Lets a client of Kafka complain of one thing once in a while, not a hundred times a second.

    An absent broker is told by agents/kafka/watch.py; the clients tell each try to reach it.
    """

    def __init__(self, monotonic: Clock = clock.monotonic) -> None:
        super().__init__()
        self._monotonic = monotonic
        self._told_at: dict[tuple[str, str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether to tell it."""
        if not record.name.startswith(("aiokafka", "librdkafka")):
            return True
        # librdkafka's texts are all alike; the first of the arguments says what one is about.
        about = str(record.args[0]) if isinstance(record.args, tuple) and record.args else ""
        key = record.name, str(record.msg), about
        now = self._monotonic()
        if now - self._told_at.get(key, float("-inf")) < SPARE_SECONDS:
            return False
        self._told_at[key] = now
        return True


class _Stderr(logging.StreamHandler[TextIO]):
    """Writes to what stderr is by then: who takes its place for a while may close it afterwards."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stderr


def configure(log_format: str, level: str, *, stream: TextIO | None = None) -> None:
    """Send structlog's and stdlib's records to *stream* (stderr). May be called again.

    `log_format` is `console`, `json`, or `auto`: console on a terminal, else JSON.
    """
    out = stream or sys.stderr
    console = log_format == "console" or (log_format == "auto" and out.isatty())
    handler = _Stderr() if stream is None else logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _without_traceback,
                *_renderers(console=console, colours=out.isatty()),
            ],
        )
    )
    root = logging.getLogger()
    handler.addFilter(Sparing())
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name, quiet in _NOISY.items():
        logging.getLogger(name).setLevel(
            logging.DEBUG if root.level <= logging.DEBUG else max(quiet, root.level)
        )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,  # so that a second configure() is obeyed everywhere
    )


def _without_traceback(
    _logger: WrappedLogger, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Leave out the traceback of what an operator can put right; Faust logs one for everything."""
    found = event.get("exc_info")
    error = found[1] if isinstance(found, tuple) else found
    if isinstance(error, RingsideError):
        del event["exc_info"]
    return event


def _renderers(*, console: bool, colours: bool) -> list[Processor]:
    """Return what turns an event into a line."""
    if console:
        # Plain tracebacks: rich's show local variables, which may hold customers' numbers.
        return [
            structlog.dev.ConsoleRenderer(
                colors=colours, exception_formatter=structlog.dev.plain_traceback
            )
        ]
    return [
        structlog.processors.format_exc_info,
        structlog.processors.EventRenamer("event"),
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]


def get(name: str, **context: Any) -> structlog.stdlib.BoundLogger:  # noqa: ANN401 - any value can be logged
    """Return the logger of a module, with *context* in each of its lines."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger.bind(**context) if context else logger
