"""Which time is simulated, and how fast: what the command line says, made definite."""

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from agents.errors import InputError

DAY_SECONDS = 86_400.0
HOUR_SECONDS = 3600.0
_UNIT_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "h": HOUR_SECONDS, "d": DAY_SECONDS}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)([smhd]?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What was asked for; None is "not said"."""

    start_at: float | None = None
    duration_seconds: float | None = None
    backfill_seconds: float = 0.0
    speed: float | None = None
    rate: float | None = None
    to_file: bool = False

    def check(self, *, now: float) -> None:
        """Raise InputError if the wishes contradict each other or cannot be granted."""
        if self.rate is not None and self.speed is not None:
            raise InputError("--rate and --speed contradict each other; give one of them")
        if self.start_at is not None and self.start_at > now and not self.to_file:
            raise InputError(
                "--start is in the future, and a worker refuses events from there; give an "
                "earlier one, or write to a file with --output"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """What is simulated: [start_at, end_at); what is before `paced_at` goes out at once."""

    start_at: float
    paced_at: float
    end_at: float | None
    speed: float
    """Simulated seconds per second; infinite: no waiting."""
    rate: float | None
    """Events a second, whatever their times; then `speed` does not apply."""
    may_be_ahead: bool
    """Whether an event may go out before its time has come: into a file only."""

    @classmethod
    def of(cls, wanted: Wanted, *, now: float) -> "Period":
        """Fill in what was not said.

        Live (speed 1) begins now. Anything else simulates the past and ends at the clock: a period
        of the given length, else of a day (a file: an hour).
        """
        is_paced = wanted.rate is not None or wanted.speed is not None or not wanted.to_file
        speed = wanted.speed or (1.0 if is_paced else math.inf)
        duration = wanted.duration_seconds
        if duration is None and wanted.to_file and not is_paced:
            duration = HOUR_SECONDS
        is_live = speed == 1 and wanted.rate is None
        begin_at = wanted.start_at
        if begin_at is None:
            begin_at = now if is_live else now - (duration or DAY_SECONDS)
        return cls(
            start_at=begin_at - wanted.backfill_seconds,
            paced_at=begin_at,
            end_at=None if duration is None else begin_at + duration,
            speed=speed,
            rate=wanted.rate,
            may_be_ahead=wanted.to_file and not is_paced,
        )


@dataclass(slots=True)
class Pace:
    """Says how long to wait before each event. `began_at` is when the first could go out."""

    period: Period
    began_at: float
    _sent: int = 0

    def due_at(self, at: float) -> float:
        """Return when an event of the time *at* may go out; asked once for each event."""
        period = self.period
        if period.may_be_ahead or at < period.paced_at:
            return self.began_at
        if period.rate is not None:
            due = self.began_at + self._sent / period.rate
            self._sent += 1
        else:
            due = self.began_at + (at - period.paced_at) / period.speed
        # Never before its time has come: once caught up with the clock, it goes on live.
        return max(due, at)


def parse_duration(text: str) -> float:
    """Return the seconds of `90`, `90s`, `20m`, `8h` or `2d`.

    Raises:
        InputError: it is none of these, or nothing.
    """
    match = _DURATION.fullmatch(text.strip())
    seconds = float(match[1]) * _UNIT_SECONDS[match[2]] if match else 0.0
    if seconds <= 0:
        raise InputError(f"{text!r} is not a duration; write it like 90s, 20m, 8h or 2d")
    return seconds


def parse_instant(text: str) -> float:
    """Return the seconds since 1970 of an ISO 8601 instant; without an offset it is UTC.

    Raises:
        InputError: it is no such thing.
    """
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(
            f"{text!r} is not an instant; write it like 2026-03-02T08:30:00+09:00"
        ) from None
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp()
